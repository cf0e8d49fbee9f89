"""machine: the dialogue machine itself as a diagram: Mermaid text, SVG or PNG. What is drawn is what is compiled.

Nodes stand in layers from left to right, an edge that goes back (the next turn) runs below them; dashed edges are taken under
a condition. `players` names who plays at a node.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import networkx as nx

from interalign.graphs.machine import Dialogue

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["machine_image", "machine_mermaid"]

_NAMES = {"__start__": "start", "__end__": "end"}
_INK, _PAPER, _OURS, _OWN = "#24303f", "#ffffff", "#dbe7f6", "#fdebc8"
_SHIPPED = frozenset(("user", "plain", "induce", "hinted", "branch", "judge", "settle"))
_LETTER, _LINE, _PADDING, _GAP, _ROW, _MARGIN, _BELOW = 0.088, 0.2, 0.12, 0.55, 0.3, 0.4, 0.5
"""Inches: a letter's width, a line's height, inside a box, between layers, between rows, around, and for the way back."""


def machine_mermaid(dialogue: Dialogue, players: Mapping[str, str] | None = None) -> str:
    """The machine as a Mermaid flowchart, to be pasted into Markdown."""
    graph = _graph(dialogue)
    short = {name: f"n{place}" for place, name in enumerate(graph)}
    lines = ["flowchart LR"]
    for name in graph:
        label = _label(name, players or {}).replace("\n", "<br>")
        shape = f'(["{label}"])' if name in _NAMES else f'["{label}"]'
        lines.append(f"    {short[name]}{shape}{'' if name in _SHIPPED or name in _NAMES else ':::own'}")
    for one, other, conditional in graph.edges(data="conditional"):
        lines.append(f"    {short[one]} {'-.->' if conditional else '-->'} {short[other]}")
    lines.append(f"    classDef own fill:{_OWN},stroke:{_INK},color:{_INK}")
    return "\n".join(lines) + "\n"


def machine_image(
    dialogue: Dialogue, format: Literal["svg", "png"] = "svg", players: Mapping[str, str] | None = None
) -> bytes:
    """The machine as a picture, the same bytes each time. Nodes that are not shipped are tinted."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    graph = _graph(dialogue)
    boxes = _boxes(graph, {name: _label(name, players or {}) for name in graph})
    right, top = (max(getattr(box, side) for box in boxes.values()) + _MARGIN for side in ("right", "top"))
    with mpl.rc_context({"svg.hashsalt": "interalign", "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=(right, top + _BELOW), facecolor=_PAPER)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0.0, right), ylim=(-_BELOW, top))
        axes.set_axis_off()
        for name, box in boxes.items():
            _draw_node(axes, name, box)
        for one, other, conditional in graph.edges(data="conditional"):
            _draw_edge(axes, _way(boxes[one], boxes[other]), conditional)
        picture = BytesIO()
        figure.savefig(picture, format=format, dpi=150, metadata={"Date" if format == "svg" else "Software": None})
    return picture.getvalue()


@dataclass(frozen=True, slots=True)
class _Box:
    """A node on paper, in inches."""

    x: float
    y: float
    width: float
    height: float
    label: str

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def bottom(self) -> float:
        return self.y - self.height / 2

    @property
    def top(self) -> float:
        return self.y + self.height / 2


def _graph(dialogue: Dialogue) -> "nx.DiGraph[str]":
    drawn = dialogue.get_graph()
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(drawn.nodes)
    graph.add_edges_from((edge.source, edge.target, {"conditional": edge.conditional}) for edge in drawn.edges)
    return graph


def _label(name: str, players: Mapping[str, str]) -> str:
    """A node's name, and who plays there, as plain words: names from a config are no markup."""
    lines = [_NAMES.get(name, name), *filter(None, players.get(name, "").splitlines())]
    return "\n".join("".join(c if c.isalnum() or c in " -_.,:+/" else " " for c in line) for line in lines)


def _layers(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """The nodes by their longest way from the start; edges that close a circle are left out."""
    forward = graph.copy()
    while True:
        try:
            circle = nx.find_cycle(forward, "__start__")
        except nx.NetworkXNoCycle:
            return [sorted(layer) for layer in nx.topological_generations(forward)]
        far = max(circle, key=lambda edge: nx.shortest_path_length(graph, "__start__", edge[0]))
        forward.remove_edge(*far[:2])


def _boxes(graph: "nx.DiGraph[str]", labels: Mapping[str, str]) -> dict[str, _Box]:
    layers = _layers(graph)
    rows = max(len(layer) for layer in layers)
    heights = {name: _LINE * len(labels[name].splitlines()) + 2 * _PADDING for name in graph}
    tallest = max(heights.values())
    boxes: dict[str, _Box] = {}
    left = _MARGIN
    for layer in layers:
        width = max(_LETTER * len(line) for name in layer for line in labels[name].splitlines()) + 2 * _PADDING
        for row, name in enumerate(layer):
            y = tallest / 2 + (tallest + _ROW) * ((rows - 1) / 2 + (len(layer) - 1) / 2 - row)
            boxes[name] = _Box(left + width / 2, y, width, heights[name], labels[name])
        left += width + _GAP
    return boxes


def _draw_node(axes: "Axes", name: str, box: _Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    end = name in _NAMES
    fill = _PAPER if end else _OURS if name in _SHIPPED else _OWN
    style = f"round,pad=0,rounding_size={box.height / 2 if end else 0.08}"
    axes.add_patch(
        FancyBboxPatch((box.left, box.bottom), box.width, box.height, boxstyle=style, facecolor=fill, edgecolor=_INK)
    )
    axes.text(box.x, box.y, box.label, ha="center", va="center", fontsize=10, color=_INK, linespacing=1.4)


def _draw_edge(axes: "Axes", points: Sequence[tuple[float, float]], conditional: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    arrow = FancyArrowPatch(
        path=Path(points),
        arrowstyle="-|>,head_width=3,head_length=6",
        color=_INK,
        linestyle="--" if conditional else "-",
        shrinkA=0,
        shrinkB=0,
    )
    axes.add_patch(arrow)


def _way(one: _Box, other: _Box) -> list[tuple[float, float]]:
    """Where an edge runs: back below all boxes; on by its own row until the last gap, so that it crosses no box between."""
    if other.x <= one.x:
        below = -_BELOW / 2
        return [(one.x, one.bottom), (one.x, below), (other.x, below), (other.x, other.bottom)]
    turn = max(one.right, other.left - _GAP)
    return [(one.right, one.y), (turn, one.y), (other.left, other.y)]
