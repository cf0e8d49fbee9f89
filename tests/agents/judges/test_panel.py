"""The panel: what its members' verdicts and scores come to under each rule."""

from typing import Any, get_args

import pytest
from judging import ABOUT, GENERIC, Saying, compared, scored

from interalign.agents import EmbeddingJudge, PanelJudge, Verdict
from interalign.agents.judges.panel import Rule
from interalign.agents.judges.verdict import Outcome
from interalign.errors import ConfigError


def always(*outcomes: Outcome) -> list[Any]:
    """Members that prefer the reply about the persona ("a"), the other one ("b"), or neither."""
    turned: dict[Outcome, Outcome] = {"a": "b", "b": "a"}

    def prefers(outcome: Outcome) -> Any:
        return lambda a, b: outcome if a == ABOUT else turned.get(outcome, outcome)

    return [Saying(f"j{place}", prefers(outcome)) for place, outcome in enumerate(outcomes)]


def scoring(*scores: tuple[float | None, float | None]) -> list[Any]:
    """Members that give these scores to the reply about the persona, and to any other."""

    def scores_of(pair: tuple[float | None, float | None]) -> Any:
        return lambda reply: pair[0] if reply == ABOUT else pair[1]

    return [Saying(f"j{place}", scores=scores_of(pair)) for place, pair in enumerate(scores)]


@pytest.mark.parametrize(
    ("members", "outcome", "margin"),
    [
        (("a", "a", "b"), "a", 1 / 3),
        (("a", "a", "a"), "a", 1.0),
        (("b", "b", "tie"), "b", 2 / 3),
        (("a", "b"), "tie", 0.0),
        (("a", "b", "tie"), "tie", 0.0),
        (("tie", "tie", "a"), "tie", 0.0),
        (("a", "a", "unscored"), "a", 1.0),
        (("a", "unscored"), "unscored", 0.0),
        (("unscored", "unscored", "a"), "unscored", 0.0),
    ],
)
def test_the_majority_decides(members: tuple[Outcome, ...], outcome: str, margin: float) -> None:
    verdict = compared(PanelJudge(always(*members)))
    assert (verdict.outcome, verdict.margin) == (outcome, round(margin, 6))
    assert bool(verdict.reason) == (outcome in ("tie", "unscored"))


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        (("a", "a", "a"), "a"),
        (("a", "a", "b"), "tie"),
        (("a", "tie"), "tie"),
        (("tie", "tie"), "tie"),
        (("a", "unscored"), "unscored"),
    ],
)
def test_all_must_agree_where_the_rule_is_unanimous(members: tuple[Outcome, ...], outcome: str) -> None:
    assert compared(PanelJudge(always(*members), "unanimous")).outcome == outcome


@pytest.mark.parametrize(
    ("scores", "outcome", "margin"),
    [
        (((5, 1), (2, 3), (2, 3)), "a", 2 / 3),
        (((3, 3), (2, 2)), "tie", 0.0),
        (((1, 4), (None, 2)), "unscored", 0.0),
        (((1, 4), (2, 2), (None, 5)), "b", 1.5),
    ],
)
def test_the_mean_of_the_scores_decides(scores: Any, outcome: str, margin: float) -> None:
    verdict = compared(PanelJudge(scoring(*scores), "mean"))
    assert (verdict.outcome, verdict.margin) == (outcome, round(margin, 6))


def test_small_differences_of_means_are_ties() -> None:
    verdict = compared(PanelJudge(scoring((3, 2.5), (3, 3)), "mean", margin=0.5))
    assert (verdict.outcome, verdict.scores) == ("tie", (3.0, 2.75))


def test_every_member_stays_on_the_record() -> None:
    panel = PanelJudge([EmbeddingJudge(), *always("b", "unscored")])
    verdict = compared(panel)
    assert [(member.judge, member.outcome) for member in verdict.members] == [
        ("embedding", "a"),
        ("j0", "b"),
        ("j1", "unscored"),
    ]
    assert verdict.members[0].scores is not None
    assert (verdict.spent.calls, verdict.spent.prompt) == (2, 20)
    assert Verdict.model_validate_json(verdict.model_dump_json(exclude_defaults=True)) == verdict


@pytest.mark.parametrize("rule", get_args(Rule))
def test_swapping_the_replies_mirrors_a_panel(rule: Rule) -> None:
    members = [EmbeddingJudge(), *always("a", "tie")] if rule != "mean" else scoring((4, 2), (1, 2), (5, None))
    one, other = compared(PanelJudge(members, rule)), compared(PanelJudge(members, rule), GENERIC, ABOUT)
    assert one == other.mirrored()


@pytest.mark.parametrize(
    ("rule", "scores", "value"),
    [
        ("mean", (1, 2, 5), 8 / 3),
        ("majority", (1, 2, 5), 2),
        ("majority", (None, 2, 5), 3.5),
        ("majority", (None, None, 5), None),
        ("unanimous", (4, 4.2, 3.8), 4),
        ("unanimous", (4, 4, 3), None),
        ("unanimous", (4, 4, None), None),
    ],
)
def test_a_panel_scores(rule: Rule, scores: tuple[float | None, ...], value: float | None) -> None:
    found = scored(PanelJudge(scoring(*((score, None) for score in scores)), rule))
    assert found.value == (None if value is None else round(value, 6))
    assert bool(found.reason) == (value is None)
    assert len(found.members) == 3


class OnlyCompares(EmbeddingJudge):
    score = property()  # type: ignore[assignment]


def test_members_must_be_able_to_do_what_the_rule_needs() -> None:
    with pytest.raises(ConfigError, match="rule = 'mean' cannot score single replies"):
        PanelJudge([OnlyCompares(name="x"), EmbeddingJudge()], "mean")


@pytest.mark.parametrize("members", [[], [EmbeddingJudge()], [EmbeddingJudge(), EmbeddingJudge()]])
def test_a_panel_needs_several_judges_with_names(members: list[Any]) -> None:
    with pytest.raises(ConfigError, match="two or more judges with names of their own"):
        PanelJudge(members)
