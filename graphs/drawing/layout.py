"""layout: where the messages of a tree stand on a map: a column for each depth, rows so that branches never cross.

Subtrees are set as close to each other as their outlines allow, from the leaves up; a message stands level with the child
that the conversation went on from, so that the continued branch runs straight.
"""

from dataclasses import dataclass

from interalign.graphs.tree import ConversationTree, Node

__all__ = ["rows"]


@dataclass(slots=True)
class _Shape:
    """A subtree around its root at row 0: the outermost rows at each depth, and the rows of the root's children."""

    top: list[float]
    bottom: list[float]
    offsets: list[float]


def rows(tree: ConversationTree) -> dict[str, float]:
    """The row of each message, from 0; messages of one depth are at least 1 apart."""
    ids = [node.id for node in sorted(tree, key=lambda node: node.id.count("."))]
    children = {id: tree.children(id) for id in ids}
    shapes: dict[str, _Shape] = {}
    for id in reversed(ids):
        shapes[id] = _around(children[id], [shapes[child.id] for child in children[id]])
    found = {ids[0]: 0.0} if ids else {}
    for id in ids:
        for child, offset in zip(children[id], shapes[id].offsets, strict=True):
            found[child.id] = found[id] + offset
    least = min(found.values(), default=0.0)
    return {id: row - least for id, row in found.items()}


def _around(children: list[Node], shapes: list[_Shape]) -> _Shape:
    """The shape of a message over the shapes of its children, set below each other as closely as they fit."""
    top: list[float] = []
    bottom: list[float] = []
    offsets: list[float] = []
    for shape in shapes:
        gaps = [low - high + 1 for low, high in zip(bottom, shape.top, strict=False)]
        offset = max(gaps, default=0.0)
        top += [edge + offset for edge in shape.top[len(top) :]]
        bottom[: len(shape.bottom)] = [edge + offset for edge in shape.bottom]
        offsets.append(offset)
    level = [offset for child, offset in zip(children, offsets, strict=True) if child.continued] or offsets or [0.0]
    anchor = (level[0] + level[-1]) / 2
    return _Shape(
        [0.0, *(edge - anchor for edge in top)],
        [0.0, *(edge - anchor for edge in bottom)],
        [offset - anchor for offset in offsets],
    )
