"""The merged layout: every token once, and each attending to its own path and nothing else."""

import pytest
from hypothesis import given
from tree_rows import encoded, grow_rows, histories

from interalign.training.packing import Encoded, ancestors, encode_rows, lay_out, tree_size


def prefixes(rows: list[Encoded]) -> set[tuple[int, ...]]:
    paths = [path.tolist() for row in rows for path in row.paths]
    return {tuple(path[:length]) for path in paths for length in range(1, len(path) + 1)}


@given(histories)
def test_each_token_attends_to_its_path_and_nothing_else(drawn: list[tuple[list[int], tuple[list[int], ...]]]) -> None:
    rows = [encoded(*row) for row in drawn]
    layout = lay_out(rows)
    seen = [tuple(layout.ids[row].tolist()) for row in ancestors(layout.end)]
    assert set(seen) == prefixes(rows)
    assert len(seen) == len(set(seen)) == tree_size(rows)
    assert [len(path) - 1 for path in seen] == layout.depth.tolist()
    assert all(seen[parent] == path[:-1] for parent, path in zip(layout.parent, seen, strict=True) if parent >= 0)


@given(histories)
def test_each_reply_is_scored_token_by_token(drawn: list[tuple[list[int], tuple[list[int], ...]]]) -> None:
    rows = [encoded(*row) for row in drawn]
    layout = lay_out(rows)
    said: list[list[int]] = [[] for _ in range(2 * len(rows))]
    for reply, slot in zip(layout.reply, layout.slot, strict=True):
        said[reply].append(int(layout.ids[layout.scored[slot]]))
    assert said == [reply for place in (0, 1) for _, both in drawn for reply in [both[place]]]
    assert len(set(layout.scored.tolist())) == len(layout.scored)
    assert (layout.parent[layout.scored] >= 0).all()


def test_descendants_follow_their_ancestor_without_a_gap() -> None:
    layout = lay_out([encoded([1, 2], ([3, 4], [5])), encoded([1, 2, 3, 4, 6], ([7], [8]))])
    assert layout.ids.tolist() == [1, 2, 3, 4, 6, 7, 8, 5]
    assert layout.end.tolist() == [7, 7, 6, 6, 6, 5, 6, 7]
    assert layout.depth.tolist() == [0, 1, 2, 3, 4, 5, 5, 2]


def test_a_walk_holds_every_message_once(tiny_tokenizer: object) -> None:
    rows = grow_rows(0, turns=6)
    messages = {id(message): message for row in rows for message in [*row["prompt"], *row["chosen"], *row["rejected"]]}
    once = sum(len(tiny_tokenizer.apply_chat_template([m], return_dict=False)) for m in messages.values())  # type: ignore[attr-defined]
    found = encode_rows(rows, tiny_tokenizer)
    assert tree_size(found) <= once < sum(len(path) for row in found for path in row.paths) / 3


@pytest.mark.parametrize("width", [2, 4])
def test_equal_rows_are_laid_out_once_and_counted_twice(tiny_tokenizer: object, width: int) -> None:
    (row, *_) = encode_rows(grow_rows(1, turns=1, width=width), tiny_tokenizer)
    one, two = lay_out([row]), lay_out([row, row])
    assert one.ids.tolist() == two.ids.tolist()
    assert 2 * len(one.reply) == len(two.reply)
