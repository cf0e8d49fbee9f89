"""Which pairs a turn's verdicts make."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interalign.agents import Verdict
from interalign.errors import ConfigError
from interalign.graphs import select_pairs, standings
from tests.graphs.test_tree import planted


def verdicts(text: str, **margins: float) -> dict[tuple[str, str], Verdict]:
    """'x>y y~z x?z': x beats y, y and z tie, x and z are unscored; margins by the letters of the two."""
    found: dict[tuple[str, str], Verdict] = {}
    for word in text.split():
        outcome: Any = {">": "a", "<": "b", "~": "tie", "?": "unscored"}[word[1]]
        margin = margins.get(word[0] + word[2], 1.0) if outcome in ("a", "b") else 0.0
        found[word[0], word[2]] = Verdict(judge="j", outcome=outcome, margin=margin)
    return found


@pytest.mark.parametrize(
    ("said", "pairs"),
    [
        ("x>y", [("x", "y")]),
        ("x<y", [("y", "x")]),
        ("x~y", []),
        ("x?y", []),
        ("x>y x>z y>z", [("x", "z")]),
        ("x>y x<z y<z", [("z", "y")]),
        ("x>y x<z y>z", []),  # each beats another: all stand equal
        ("x>y x~z y~z", [("x", "y")]),
        ("x~y x>z y>z", [("x", "z")]),  # the first of two equally good ones
        ("x~y x?z y>z", [("y", "z")]),  # y has more wins
        ("x>y x?z y>z", []),  # the best and the worst were never compared
        ("x>y x~z y>z", []),  # ... or are a tie
        ("", []),
    ],
)
def test_the_best_and_the_worst_make_a_pair_if_a_verdict_says_so(said: str, pairs: list[tuple[str, str]]) -> None:
    assert select_pairs(verdicts(said), "best-worst") == pairs


def test_margins_decide_between_replies_with_equal_wins() -> None:
    circle = verdicts("x>y x<z y>z", xy=0.9, xz=0.1, yz=0.2)
    assert standings(circle) == {"x": (1.0, 0.8), "y": (1.0, -0.7), "z": (1.0, -0.1)}
    assert select_pairs(circle, "best-worst") == [("x", "y")]


@pytest.mark.parametrize(("margin", "pairs"), [(0.0, 3), (0.1, 3), (0.2, 2), (0.9, 1), (1.1, 0)])
def test_a_margin_keeps_the_clear_ones(margin: float, pairs: int) -> None:
    assert len(select_pairs(verdicts("x>y x<z y>z", xy=0.9, xz=0.1, yz=0.2), "all", margin)) == pairs


def test_a_margin_holds_for_the_best_and_the_worst_too() -> None:
    three = verdicts("x>y x>z y>z", xz=0.3)
    assert select_pairs(three, "best-worst", 0.3) == [("x", "z")]
    assert select_pairs(three, "best-worst", 0.4) == []


@pytest.mark.parametrize("margin", [-0.1, float("nan")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ConfigError, match="cannot be asked to differ by less than 0"):
        select_pairs({}, "all", margin)


OUTCOMES = st.lists(st.sampled_from([">", "<", "~", "?"]), min_size=1, max_size=6)


@given(OUTCOMES)
def test_both_rules_agree_on_two_replies_and_best_worst_is_always_among_all(outcomes: list[str]) -> None:
    names = [f"{a}{b}" for a, b in combinations("wxyz", 2)]
    found = verdicts(" ".join(f"{name[0]}{outcome}{name[1]}" for name, outcome in zip(names, outcomes, strict=False)))
    best, every = select_pairs(found, "best-worst"), select_pairs(found, "all")
    assert len(best) <= 1
    assert set(best) <= set(every)
    assert len(outcomes) > 1 or best == every


@given(OUTCOMES)
def test_swapping_all_replies_changes_no_pair(outcomes: list[str]) -> None:
    names = [f"{a}{b}" for a, b in combinations("wxyz", 2)]
    found = verdicts(" ".join(f"{name[0]}{outcome}{name[1]}" for name, outcome in zip(names, outcomes, strict=False)))
    mirrored = {(b, a): verdict.mirrored() for (a, b), verdict in found.items()}
    assert select_pairs(mirrored) == select_pairs(found)
    assert standings(mirrored) == standings(found)


def test_a_tree_gives_the_best_and_the_worst_of_each_turn() -> None:
    tree = planted(3)
    for (a, b), verdict in verdicts("0>1 0>2 1>2").items():
        tree.add_verdict(f"0.{a}", f"0.{b}", verdict)
    assert [(pair.chosen.id, pair.rejected.id) for pair in tree.pairs(rule="best-worst")] == [("0.0", "0.2")]
    assert len(list(tree.pairs(margin=0.5))) == 3
    assert list(tree.pairs(margin=1.5)) == []
