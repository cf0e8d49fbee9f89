"""Who the cases are, and who stands in for whom."""

from pathlib import Path

import pytest
from evaluating import config_of

from interalign.agents import Persona, heldout_personas
from interalign.errors import ConfigError
from interalign.evaluation.cases import Case, cases_of, fingerprint, flips_of, swapped
from interalign.evaluation.config import EvaluateSection


def people(*halves: str) -> list[Case]:
    """Cases by letters: profile and personality."""
    made = [Persona(id=f"{a}+{b}", facts=(f"I have {a}.",), traits=(f"I say {b}.",)) for a, b in halves]
    return [Case(str(place), persona) for place, persona in enumerate(made)]


def test_the_hundred_cases_are_the_held_out_personas() -> None:
    cases = cases_of(EvaluateSection())
    assert sorted(case.persona.id for case in cases) == sorted(persona.id for persona in heldout_personas())
    assert len({case.info.profile for case in cases}) == 20


def test_fewer_cases_are_the_beginning_and_spread_over_the_profiles() -> None:
    few, many = cases_of(EvaluateSection(cases=20)), cases_of(EvaluateSection(cases=60, seed=5))
    assert many[:20] == few
    assert len({case.info.profile for case in few}) == 20


@pytest.mark.parametrize("count", [2, 3, 6, 19, 21, 100])
def test_under_swap_everybody_gets_somebody_else_altogether(count: int) -> None:
    cases = cases_of(EvaluateSection(cases=count))
    partner = swapped(cases)
    assert len({persona.id for persona in partner.values()}) == count
    for case in cases:
        assert partner[case.id].facts != case.persona.facts
        assert partner[case.id].traits != case.persona.traits


def test_where_turning_the_circle_does_not_do_a_matching_does() -> None:
    """Always the same one: a matching over sets of texts would change with Python's hash seed."""
    found = swapped(people("cz", "az", "cy", "by", "bx"))
    assert [persona.id for persona in found.values()] == ["b+y", "c+y", "b+x", "c+z", "a+z"]


@pytest.mark.parametrize("halves", [("ax",), ("ax", "ay"), ("ax", "bx"), ("ax", "ay", "bx")])
def test_cases_that_cannot_be_swapped_are_an_error(halves: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"raise evaluate\.cases, or leave the control out"):
        swapped(people(*halves))


def test_personas_of_ones_own_are_cases_and_too_few_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "p", "facts": ["I keep hens."], "traits": ["I talk a lot."]}\n')
    section = EvaluateSection(personas=str(path), cases=1)
    assert [case.info.profile for case in cases_of(section)] == ["p"]
    assert fingerprint(section) != fingerprint(EvaluateSection())
    with pytest.raises(ConfigError, match=r"cases = 2, but '.*own.jsonl' has 1 personas; set evaluate.cases = 1"):
        cases_of(section.model_copy(update={"cases": 2}))


def test_a_flip_is_to_another_personality_of_the_held_out_ones() -> None:
    section = EvaluateSection(cases=10, flip_at=3)
    held_out = {persona.traits for persona in heldout_personas()}
    cases = cases_of(section)
    for case, flip in zip(cases, flips_of(cases, section).values(), strict=True):
        assert flip is not None
        assert flip.turn == 3
        assert flip.persona.facts == case.persona.facts
        assert flip.persona.traits in held_out - {case.persona.traits}


def test_without_flip_at_nobody_flips() -> None:
    cases = cases_of(config_of().evaluate)
    assert set(flips_of(cases, config_of().evaluate).values()) == {None}
