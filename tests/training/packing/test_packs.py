"""Which rows are read together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_rows import encoded, grow_rows, histories

from interalign.training.packing import Encoded, encode_rows, pack_rows, tree_size


@pytest.fixture(scope="module")
def walks(tiny_tokenizer: Any) -> list[Encoded]:
    """Five walks of six pairs each."""
    return encode_rows(grow_rows(0, turns=6, conversations=5), tiny_tokenizer)


@given(histories, st.integers(1, 40), st.none() | st.integers(1, 5))
def test_each_row_is_in_one_pack(drawn: Any, budget: int, limit: int | None) -> None:
    rows = [encoded(*row) for row in drawn]
    packs = pack_rows(rows, budget, limit)
    assert sorted(number for pack in packs for number in pack) == list(range(len(rows)))
    most = max(budget, *(tree_size([row]) for row in rows))
    assert all(tree_size([rows[number] for number in pack]) <= most for pack in packs)


def test_whole_trees_are_joined_while_they_fit(walks: list[Encoded]) -> None:
    sizes = [tree_size(walks[start : start + 6]) for start in range(0, 30, 6)]
    packs = pack_rows(walks, budget=2 * max(sizes))
    assert len(packs) < 5
    for pack in packs:
        assert len(pack) % 6 == 0
        assert len({walks[number].group for number in pack}) == len(pack) / 6


def test_a_tree_over_the_budget_is_cut_along_its_branches(walks: list[Encoded]) -> None:
    tree = walks[:6]
    budget = tree_size(tree) * 2 // 3
    packs = pack_rows(tree, budget)
    assert len(packs) > 1
    assert [number for pack in packs for number in pack] == list(range(6))


def test_a_budget_below_a_row_costs_no_more_memory_than_the_row(walks: list[Encoded]) -> None:
    longest = max(tree_size([row]) for row in walks[:6])
    packs = pack_rows(walks[:6], budget=1)
    assert 1 < len(packs) < 6
    assert all(tree_size([walks[number] for number in pack]) <= longest for pack in packs)


def test_many_small_trees_fill_a_step(walks: list[Encoded]) -> None:
    assert {len(pack) for pack in pack_rows(walks, budget=100_000, limit=12)} == {12, 6}


def test_a_large_tree_is_shared_out_among_small_steps(walks: list[Encoded]) -> None:
    assert [len(pack) for pack in pack_rows(walks[:6], budget=100_000, limit=3)] == [3, 3]
    assert [len(pack) for pack in pack_rows(walks[:6], budget=100_000, limit=5)] == [6]


def test_conversations_are_shuffled_by_the_seed(walks: list[Encoded]) -> None:
    first, again, other = (pack_rows(walks, 100_000, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_no_rows_make_no_packs() -> None:
    assert pack_rows([], 100) == []
