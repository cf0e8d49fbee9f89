"""layout: the paths of many rows merged into trees and written in one line, every shared token once.

Tokens stand in depth-first order, so that a token's descendants follow it without a gap: `end[k]` is the place of the last one,
and a token at q has the one at k on its path exactly if k <= q <= end[k]. Two whole numbers a token say all of the attention.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interalign.training.packing.encoding import Encoded, Tokens, common_prefix

__all__ = ["Layout", "ancestors", "lay_out", "sort_key"]

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """N tokens in depth-first order, of which M are scored; E = memberships of scored tokens in replies."""

    ids: Tokens
    """N: the tokens."""
    depth: Places
    """N: how many tokens stand above each on its path; the position that the model is told."""
    parent: Places
    """N: the place of the token before it on its path; -1 at a root."""
    end: Places
    """N: the place of the last token below it; its own if there is none."""
    scored: Places
    """M: the places of tokens that belong to a reply, each once."""
    reply: Places
    """E: which reply a membership belongs to. All rows' first replies come first, then all second ones."""
    slot: Places
    """E: and which scored token it counts."""
    rows: int
    replies: int


def ancestors(end: Places) -> npt.NDArray[np.bool_]:
    """N x N: whether the token of the row attends to that of the column: itself and those above it on its path."""
    place = np.arange(len(end))
    return (place[None, :] <= place[:, None]) & (place[:, None] <= end[None, :])


def sort_key(path: Tokens) -> bytes:
    """Bytes whose order is that of the tokens one by one: paths in this order are a walk through their tree."""
    return path.astype(">i4").tobytes()


def lay_out(rows: Sequence[Encoded]) -> Layout:
    """Merge the paths of the rows. Rows without anything in common stand in trees of their own."""
    paths = [(path, row.history) for place in range(len(rows[0].paths)) for row in rows for path in [row.paths[place]]]
    order = sorted(range(len(paths)), key=lambda index: sort_key(paths[index][0]))
    places: list[Places] = [np.empty(0, np.int64)] * len(paths)
    ids: list[Tokens] = []
    parents: list[Places] = []
    depths: list[Places] = []
    count, before, above = 0, np.empty(0, np.int32), np.empty(0, np.int64)
    for index in order:
        path = paths[index][0]
        shared = common_prefix(before, path)
        new = np.arange(count, count + len(path) - shared)
        here = np.concatenate([above[:shared], new])
        ids.append(path[shared:])
        depths.append(np.arange(shared, len(path)))
        parents.append(np.concatenate([[-1], here])[shared : len(path)])
        places[index] = here
        count, before, above = count + len(new), path, here
    end = np.empty(count, np.int64)
    for index in order:  # later paths reach further, so that the last one to come through a token sets it
        end[places[index]] = places[index][-1]
    targets = [here[history:] for here, (_, history) in zip(places, paths, strict=True)]
    scored, slot = np.unique(np.concatenate(targets), return_inverse=True)
    return Layout(
        ids=np.concatenate(ids),
        depth=np.concatenate(depths),
        parent=np.concatenate(parents),
        end=end,
        scored=scored,
        reply=np.repeat(np.arange(len(paths)), [len(target) for target in targets]),
        slot=slot,
        rows=len(rows),
        replies=len(paths),
    )
