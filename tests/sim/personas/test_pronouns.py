"""Pronouns: a personality in the third person agrees with the profile; whatever is not certain stays."""

import pytest

from interalign.agents import Persona
from interalign.sim.personas import agree

SHE = (
    "She answers with a story.",
    "Her jokes are dry, and praise makes her blush.",
    "She never tries twice; the last word is hers.",
)
HE = (
    "He answers with a story.",
    "His jokes are dry, and praise makes him blush.",
    "He never tries twice; the last word is his.",
)
THEY = (
    "They answer with a story.",
    "Their jokes are dry, and praise makes them blush.",
    "They never try twice; the last word is theirs.",
)


def traits(given: tuple[str, ...], pronouns: str) -> tuple[str, ...]:
    return agree(Persona(id="p", facts=("I row.",), traits=given, attributes={"pronouns": pronouns})).traits


@pytest.mark.parametrize(
    ("given", "pronouns", "wanted"),
    [(SHE, "he", HE), (HE, "she", SHE), (SHE, "they", THEY), (HE, "they", THEY), (SHE, "she", SHE), (SHE, "xe", SHE)],
)
def test_the_profile_decides(given: tuple[str, ...], pronouns: str, wanted: tuple[str, ...]) -> None:
    assert traits(given, pronouns) == wanted


@pytest.mark.parametrize(
    "given",
    [
        ("I laugh when she teases me.",),
        ("She hates it when he is late.",),
        ("They write in capitals.",),
        ("Writes short lines.",),
    ],
)
def test_what_is_not_certain_stays(given: tuple[str, ...]) -> None:
    assert traits(given, "he") == given


def test_without_pronouns_nothing_changes() -> None:
    persona = Persona(id="p", facts=("I row.",), traits=SHE)
    assert agree(persona) is persona
