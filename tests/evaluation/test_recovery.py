"""How soon a model is back after its user's preferences have changed."""

import math

import pytest

from interalign.evaluation.recovery import recovery_turns

nan = math.nan


@pytest.mark.parametrize(
    ("levels", "flip_at", "turns", "note"),
    [
        ((3, 3, 3, 1, 2, 3), 4, 2, ""),
        ((3, 3, 3, 2.75, 3, 3), 4, 0, ""),
        ((3, 3, 3, 2.7, 2.8, 3), 4, 1, ""),
        ((3, 3, 3, 1, 1, 2), 4, None, "not within 3 turns"),
        ((2, 4, 1, 3), 3, 1, ""),
        ((3, nan, 1, 3), 3, None, "a turn has no score"),
        ((3, 3, nan, 3), 3, None, "a turn has no score"),
    ],
)
def test_turns_are_counted_from_the_change(
    levels: tuple[float, ...], flip_at: int, turns: int | None, note: str
) -> None:
    found = recovery_turns(levels, flip_at)
    assert (found.turns, found.note) == (turns, note)


def test_the_levels_before_and_at_the_lowest_are_given() -> None:
    found = recovery_turns((2, 4, 1, 1.5), 3)
    assert (found.before, found.lowest) == (3.0, 1.0)


def test_a_change_needs_turns_on_both_sides() -> None:
    with pytest.raises(ValueError, match="needs levels before and after it"):
        recovery_turns((1, 2), 3)
