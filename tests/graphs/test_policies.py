"""Branching policies: drawn from the seed alone, and as many branches as they say."""

from collections import Counter
from random import Random

import growing
import pytest

from interalign.errors import ConfigError
from interalign.graphs import Full, Walk


def test_equal_seeds_continue_equal_candidates() -> None:
    for policy in (Walk(), Full(2, 3)):
        draws = [[policy.continued(turn, 3, Random(7)) for turn in range(1, 5)] for _ in range(2)]
        assert draws[0] == draws[1]


def test_a_walk_continues_each_candidate_about_equally_often() -> None:
    draw = Random(0)
    counts = Counter(Walk().continued(1, 3, draw)[0] for _ in range(3000))
    assert set(counts) == {0, 1, 2}
    assert min(counts.values()) > 900


def test_a_walk_has_one_user_message_a_turn() -> None:
    assert [Walk().branches(turns, 5) for turns in (1, 4, 10)] == [1, 4, 10]


def test_a_full_tree_draws_distinct_candidates_in_their_order_and_one_below_its_depth() -> None:
    policy = Full(width=3, depth=2)
    for seed in range(50):
        for turn, width in ((1, 3), (2, 3), (3, 1), (9, 1)):
            drawn = list(policy.continued(turn, 5, Random(seed)))
            assert len(set(drawn)) == width
            assert drawn == sorted(drawn)
            assert set(drawn) <= set(range(5))


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("depth", [0, 1, 2, 5])
@pytest.mark.parametrize("turns", [1, 2, 4])
def test_a_full_tree_has_as_many_branches_as_it_says(width: int, depth: int, turns: int) -> None:
    policy, leaves, users = Full(width, depth), 1, 0
    for turn in range(1, turns + 1):
        users += leaves
        leaves *= len(policy.continued(turn, 3, Random(turn)))
    assert policy.branches(turns, 3) == users


@pytest.mark.parametrize(("width", "depth"), [(0, 1), (-1, 3), (2, -1)])
def test_a_tree_without_width_or_of_negative_depth_is_refused(width: int, depth: int) -> None:
    with pytest.raises(ConfigError, match=f"width >= 1 and depth >= 0, not width {width}, depth {depth}"):
        Full(width, depth)


def test_a_width_above_the_number_of_candidates_is_refused_with_the_fix() -> None:
    with pytest.raises(ConfigError, match="width 3 is more than the 2 responders of the cast; add responders"):
        Full(width=3).continued(1, 2, Random(0))
    with pytest.raises(ConfigError, match="width 3 is more than the 2 responders"):
        growing.grown(policy=Full(width=3))
