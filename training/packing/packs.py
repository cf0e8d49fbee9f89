"""packs: which rows go through the model together: whole trees where they fit, sub-trees at a token budget where not.

A sub-tree holds the full history of each of its replies, and both replies of a pair: so a pair's loss is the same wherever the
tree is cut, and what cutting costs is that tokens above the cut are computed once more.
"""

import random
from collections.abc import Hashable, Sequence
from itertools import pairwise

from interalign.training.packing.encoding import Encoded, common_prefix
from interalign.training.packing.layout import sort_key

__all__ = ["pack_rows", "tree_size"]


def tree_size(rows: Sequence[Encoded]) -> int:
    """How many tokens the rows take in one layout."""
    paths = sorted((path for row in rows for path in row.paths), key=sort_key)
    return sum(
        len(path) - common_prefix(before, path) for before, path in zip([paths[0][:0], *paths], paths, strict=False)
    )


def pack_rows(rows: Sequence[Encoded], budget: int, limit: int | None = None, seed: int = 0) -> list[list[int]]:
    """Row numbers by pack, each row in one: about `limit` rows and at most `budget` tokens each.

    Where a row alone takes more, its tree's packs may take as much as it does. Conversations are shuffled by `seed`.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.group, []).append(number)
    trees = [sorted(numbers, key=lambda number: _history(rows[number])) for numbers in groups.values()]
    random.Random(seed).shuffle(trees)
    pieces = [piece for tree in trees for part in _split(tree, limit) for piece in _cut(rows, part, budget)]
    return _join(rows, pieces, budget, limit)


def _history(row: Encoded) -> bytes:
    return sort_key(row.paths[0][: row.history])


def _split(tree: list[int], limit: int | None) -> list[list[int]]:
    """A tree of far more rows than a step should have, in equal parts that follow its branches."""
    parts = max(1, round(len(tree) / limit)) if limit else 1
    bounds = [len(tree) * part // parts for part in range(parts + 1)]
    return [tree[start:end] for start, end in pairwise(bounds)]


def _cut(rows: Sequence[Encoded], tree: list[int], budget: int) -> list[list[int]]:
    """Sub-trees within the budget, filled along the branches."""
    budget = max(budget, *(tree_size([rows[number]]) for number in tree))
    pieces: list[list[int]] = [[]]
    for number in tree:
        if pieces[-1] and tree_size([rows[other] for other in (*pieces[-1], number)]) > budget:
            pieces.append([])
        pieces[-1].append(number)
    return pieces


def _join(rows: Sequence[Encoded], pieces: list[list[int]], budget: int, limit: int | None) -> list[list[int]]:
    """Small pieces together while they fit."""
    packs: list[list[int]] = []
    size = 0
    for piece in pieces:
        own = tree_size([rows[number] for number in piece])
        if packs and size + own <= budget and (limit is None or len(packs[-1]) + len(piece) <= limit):
            packs[-1].extend(piece)
            size += own
        else:
            packs.append(list(piece))
            size = own
    return packs
