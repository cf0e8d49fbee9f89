"""Branching policies: drawn from the seed alone, and as many branches as they say."""

from collections import Counter
from random import Random

import growing
import pytest

from interalign.agents import EmbeddingJudge
from interalign.errors import ConfigError
from interalign.graphs import Beam, BestFirst, ConversationTree, Full, Guided, Walk
from interalign.graphs.policies import Leaf


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


# -- led by verdicts -----------------------------------------------------------------------------------

LEAVES = [
    Leaf("0.0", 1, 0.9), Leaf("0.1.0.0", 2, 0.2), Leaf("0.1.0.1", 2, None), Leaf("0.2.0.0", 2, 0.5), Leaf("0.2.0.1", 2, 0.5),
]  # fmt: skip


def guided(policy: Guided, **options: object) -> ConversationTree:
    return growing.grown(policy=policy, cast=growing.cast(judge=EmbeddingJudge(margin=0)), **options)


def users(tree: ConversationTree) -> list[str]:
    return sorted(id for id in tree.graph if tree[id].role == "user")


def test_a_beam_keeps_the_best_of_the_newest_turn_and_what_has_no_value_last() -> None:
    assert [Beam(width).choose(LEAVES, turn=2) for width in (1, 2)] == [["0.2.0.0"], ["0.2.0.0", "0.2.0.1"]]
    assert Beam(9).choose(LEAVES, turn=2)[-2:] == ["0.1.0.0", "0.1.0.1"]


def test_best_first_goes_back_to_an_older_turn_where_that_is_better() -> None:
    assert BestFirst().choose(LEAVES, turn=2) == ["0.0"]
    assert BestFirst().choose([], turn=2) == []


@pytest.mark.parametrize("policy", [Beam(2), Beam(3), BestFirst(7), BestFirst(40)])
def test_a_guided_tree_has_as_many_branches_as_it_says(policy: Guided) -> None:
    assert len(users(guided(policy, turns=4))) == policy.branches(4, 2)


def test_a_guided_tree_answers_the_better_replies() -> None:
    tree = guided(BestFirst(6), turns=9)
    first = tree.verdict("0.0", "0.1")
    assert first is not None
    assert users(tree)[1] == {"a": "0.0.0", "b": "0.1.0"}[first.outcome]


def test_a_guided_tree_does_not_depend_on_timing() -> None:
    slow = growing.scripted(latency=0.002)
    assert guided(Beam(2), engine=slow).to_json() == guided(Beam(2)).to_json()


def test_wins_count_where_the_judge_gives_no_scores() -> None:
    tree = growing.grown(policy=BestFirst(8), turns=4)
    assert len(users(tree)) == 8


def test_a_policy_led_by_verdicts_needs_a_judge() -> None:
    with pytest.raises(ConfigError, match="Beam is led by verdicts: the cast needs a judge"):
        growing.grown(policy=Beam(2), cast=growing.cast(judge=None))


@pytest.mark.parametrize(("policy", "field"), [(Beam, "width"), (BestFirst, "messages")])
def test_a_policy_of_nothing_is_refused(policy: type, field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field} >= 1, not 0"):
        policy(0)
