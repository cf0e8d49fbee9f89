"""svg: the map of one tree as a figure: turns from left to right, wide lines where the conversation went on.

Shape and sign of a reply say how it was judged. Its colour says the same, or its score where the judge gives scores. The
picture is written by hand, so that it needs no library; a PNG of it is made by resvg, which is one small package.
"""

import re
from collections.abc import Iterator
from html import escape

from interalign.errors import MissingError
from interalign.graphs.drawing.layout import rows
from interalign.graphs.tree import ConversationTree, Node

__all__ = ["render_png", "render_svg"]

_STEP, _ROW = 38, 21
_LEFT, _TOP, _BOTTOM = 34, 84, 62
_WIDEST_PNG = 12_000
_INK, _SOFT, _LINE, _USER = "#1c1f24", "#565d67", "#b8b2a5", "#2557a0"
_STYLES = {  # fill, line, dashes, the sign in a box from -4 to 4, the word
    "chosen": ("#d9f0e1", "#17653a", "", "M-3.2 .3L-1 2.8L3.4 -2.8", "preferred"),
    "rejected": ("#fbe3e0", "#a12f26", "3 2", "M-2.6 -2.6L2.6 2.6M-2.6 2.6L2.6 -2.6", "rejected"),
    "tie": ("#f6edc8", "#6b5710", "", "M-3 -1.4H3M-3 1.6H3", "tie"),
    "unscored": ("#efe5f8", "#6a4a86", "1 2", "M-2 -1.6A2 2 0 1 1 .5 .2Q0 .6 0 1.4M0 3.4V3.5", "unscored"),
    "": ("#ffffff", "#565d67", "", "", "not judged"),
}
_LOW, _HIGH = (236, 241, 249), (24, 79, 149)
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_svg(tree: ConversationTree) -> str:
    """The map as the text of an SVG file."""
    places = {id: (float(_LEFT + id.count(".") * _STEP), _TOP + row * _ROW) for id, row in rows(tree).items()}
    scores = _scores(tree)
    width = max([460, *(x + _LEFT for x, _ in places.values())])
    height = max([_TOP, *(y for _, y in places.values())]) + _BOTTOM + (26 if scores else 0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" '
            'role="img" font-family="Helvetica, Arial, DejaVu Sans, sans-serif">',
            f"<title>{_text(f'Conversation {tree.id}, {tree.persona.id}', 200)}</title>",
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            *_heading(tree, width),
            *_turns(tree, height - (26 if scores else 0)),
            *_edges(tree, places),
            *_nodes(tree, places, scores),
            f'<g transform="translate({_LEFT} {height - 24:g})" font-size="11" fill="{_SOFT}">',
            *_legend(tree, bool(scores)),
            *_scale(scores),
            "</g>",
            "</svg>\n",
        ]
    )


def render_png(tree: ConversationTree, zoom: float = 2.0) -> bytes:
    """The map as PNG, `zoom` pixels to a point; very wide or high ones are made smaller.

    Raises:
        MissingError: the extra `plot` is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingError("a PNG needs the extra 'plot'; pip install 'interalign[plot]', or write an SVG") from None
    svg = render_svg(tree)
    sizes = re.match(r'<svg [^>]*width="(\d+)" height="([\d.]+)"', svg)
    assert sizes is not None
    largest = max(float(size) for size in sizes.groups())
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=min(zoom, _WIDEST_PNG / largest)))


def _heading(tree: ConversationTree, width: float) -> Iterator[str]:
    judges = dict.fromkeys(verdict.judge for found in tree.verdicts.values() for verdict in found)
    turns = max((node.turn for node in tree), default=0)
    facts = f"{turns} turns, {len(tree)} messages, {sum(1 for _ in tree.pairs())} pairs"
    facts += f", judged by {next(iter(judges))}" if judges else ""
    room = int(width / 7)
    left = _LEFT - 8
    persona = _text(tree.persona.id, max(8, room - 4 - len(tree.id)))
    yield f'<text x="{left}" y="26" font-size="15" font-weight="bold" fill="{_INK}">{_text(tree.id, room // 2)}'
    yield f'<tspan dx="10" font-weight="normal" font-size="12" fill="{_SOFT}">{persona}</tspan></text>'
    yield f'<text x="{left}" y="44" font-size="12" fill="{_SOFT}">{_text(facts, room)}</text>'


def _turns(tree: ConversationTree, height: float) -> Iterator[str]:
    """A band and a number for each turn."""
    for turn in range(1, 1 + max((node.turn for node in tree), default=0)):
        left = _LEFT + (turn - 1) * 2 * _STEP - _STEP / 2
        if turn % 2:
            yield f'<rect x="{left:g}" y="54" width="{2 * _STEP}" height="{height - 96:g}" rx="6" fill="#f5f3ee"/>'
        name = f"turn {turn}" if turn == 1 else str(turn)
        yield f'<text x="{left + _STEP:g}" y="67" font-size="11" text-anchor="middle" fill="{_SOFT}">{name}</text>'


def _edges(tree: ConversationTree, places: dict[str, tuple[float, float]]) -> Iterator[str]:
    """Thin lines first, so that the continued branch lies over them."""
    found = [(node.role == "user" or node.continued, tree.parent(node.id), node.id) for node in tree]
    for onward, above, id in sorted(found, key=lambda edge: edge[0]):
        if above is None:
            continue
        (x1, y1), (x2, y2) = places[above], places[id]
        middle = (x1 + x2) / 2
        colour, width = (_USER, 3.2) if onward else (_LINE, 1.2)
        path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _nodes(tree: ConversationTree, places: dict[str, tuple[float, float]], scores: dict[str, float]) -> Iterator[str]:
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    for node in tree:
        x, y = places[node.id]
        label = tree.label(node.id) or ""
        share = (scores[node.id] - low) / ((high - low) or 1) if node.id in scores else None
        shape = _square() if node.role == "user" else _circle(label, share)
        yield f'<g transform="translate({x:g} {y:g})"><title>{_name(node, label)}</title>{shape}</g>'


def _scores(tree: ConversationTree) -> dict[str, float]:
    """Each reply's mean score over its comparisons, where the judge gives scores."""
    found: dict[str, list[float]] = {}
    for (a, b), verdicts in tree.verdicts.items():
        if verdicts[0].scores is not None:
            for id, score in zip((a, b), verdicts[0].scores, strict=True):
                found.setdefault(id, []).append(score)
    return {id: sum(values) / len(values) for id, values in found.items()}


def _square() -> str:
    return f'<rect x="-5" y="-5" width="10" height="10" rx="2.5" fill="#e6edf7" stroke="{_USER}" stroke-width="1.5"/>'


def _circle(label: str, share: float | None = None) -> str:
    """A reply: its line and sign say how it was judged, its colour too, or how high it scored."""
    fill, line, dashes, sign, _ = _STYLES[label]
    ink = line
    if share is not None:
        fill = _shade(share)
        ink = "#ffffff" if share > 0.45 else line
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    circle = f'<circle r="8" fill="{fill}" stroke="{line}" stroke-width="1.6"{dashed}/>'
    strokes = f'fill="none" stroke="{ink}" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"'
    return f'{circle}<path d="{sign}" {strokes}/>' if sign else circle


def _shade(share: float) -> str:
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in zip(_LOW, _HIGH, strict=True))


def _legend(tree: ConversationTree, scored: bool) -> Iterator[str]:
    """What occurs in this map, and its name."""
    labels = {tree.label(node.id) or "" for node in tree if node.role == "assistant"}
    parts = [("user", _square())] if len(tree) else []
    parts += [(_STYLES[label][4], _circle(label, 0.0 if scored else None)) for label in _STYLES if label in labels]
    at = 0
    for name, shape in parts:
        yield f'<g transform="translate({at} 0)">{shape}<text x="13" y="4">{name}</text></g>'
        at += 30 + round(6.2 * len(name))
    if any(node.continued for node in tree):
        yield f'<g transform="translate({at} 0)"><path d="M-4 0H14" stroke="{_USER}" stroke-width="3.2"/>'
        yield '<text x="20" y="4">continued</text></g>'


def _scale(scores: dict[str, float]) -> Iterator[str]:
    """The colours of the scores, on a line of its own."""
    if scores:
        low, high = min(scores.values()), max(scores.values())
        yield f'<g transform="translate(-8 -26)"><text y="9">score {low:.3g}</text>'
        for place in range(24):
            yield f'<rect x="{72 + place * 4}" width="4.2" height="10" fill="{_shade(place / 23)}"/>'
        yield f'<text x="176" y="9">{high:.3g}</text></g>'


def _name(node: Node, label: str) -> str:
    who = "the user" if node.role == "user" else f"{node.agent or 'reply'}, {_STYLES[label][4]}"
    return _text(f"turn {node.turn}, {who}: {node.text}", 160)


def _text(text: str, room: int) -> str:
    """Text for XML: cut to `room` characters, without what XML cannot hold or what turns the direction of text."""
    short = text if len(text) <= room else f"{text[: room - 1]}…"
    return escape(_ILLEGAL.sub("\ufffd", short))
