"""notebook: a tree as a piece of static HTML for Jupyter and its like: the continued branch, candidates beside each other.

Nothing in it runs and nothing is loaded. Notebooks take foreign HTML as it is, so every text is escaped, and cut where it
is long; `render_html` makes the page to browse in.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

from interalign.graphs.tree import ConversationTree, Label, Node

__all__ = ["notebook_html", "notebook_table", "notebook_trees"]

_TURNS = 20
_CHARACTERS = 600
_SIGNS: dict[Label | None, str] = {
    "chosen": "✓ preferred",
    "rejected": "✗ rejected",
    "tie": "= tie",
    "unscored": "? unscored",
    None: "not judged",
}
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BOX = "border:1px solid #8888;border-radius:8px;padding:6px 10px;white-space:pre-wrap;overflow-wrap:anywhere"


def notebook_html(tree: ConversationTree) -> str:
    """The tree as HTML to be shown inside a page of somebody else's."""
    users = [node for node in tree.main_path() if node.role == "user"]
    pairs = sum(1 for _ in tree.pairs())
    parts = [
        '<div style="max-width:60em;text-align:start">',
        f'<p><b dir="auto">{_text(tree.id)}</b> · <span dir="auto">{_text(tree.persona.id)}</span> · {len(users)} turns, '
        f"{len(tree)} messages, {pairs} pairs</p>",
        _persona(tree),
        *(_turn(tree, user) for user in users[:_TURNS]),
    ]
    if len(users) > _TURNS:
        parts.append(f"<p>… and {len(users) - _TURNS} more turns</p>")
    return "\n".join([*parts, "</div>"])


def notebook_trees(trees: Iterable[ConversationTree]) -> str:
    """Several trees, each to be unfolded."""
    parts = (
        f'<details><summary dir="auto">{_text(tree.id)} · {_text(tree.persona.id)}</summary>{notebook_html(tree)}</details>'
        for tree in trees
    )
    return "\n".join(parts)


def notebook_table(title: str, rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """A table of figures under a title; every cell is text."""

    def row(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} dir="auto">{_text(str(cell))}</{tag}>' for cell in cells) + "</tr>"

    head = f"<thead>{row(header, 'th')}</thead>" if header else ""
    body = "".join(row(cells, "td") for cells in rows)
    return f'<table><caption dir="auto">{_text(title)}</caption>{head}<tbody>{body}</tbody></table>'


def _persona(tree: ConversationTree) -> str:
    items = "".join(f'<li dir="auto">{_text(item)}</li>' for item in tree.persona.items)
    later = ""
    if tree.flip is not None:
        changed = "".join(f'<li dir="auto">{_text(trait)}</li>' for trait in tree.flip.persona.traits)
        later = f"<p>from turn {tree.flip.turn} on</p><ul>{changed}</ul>"
    return f"<details><summary>persona</summary><ul>{items}</ul>{later}</details>"


def _turn(tree: ConversationTree, user: Node) -> str:
    said = f'<div dir="auto" style="{_BOX};background:#88aaff22"><b>{user.turn}</b> {_text(user.text)}</div>'
    replies = "".join(_reply(tree, reply) for reply in tree.children(user.id))
    return (
        f'<div style="margin:10px 0 2px">{said}</div><div style="display:flex;gap:8px;flex-wrap:wrap">{replies}</div>'
    )


def _reply(tree: ConversationTree, reply: Node) -> str:
    words = [_SIGNS[tree.label(reply.id)], reply.agent, reply.model, "→ continued" if reply.continued else ""]
    about = " · ".join(_text(word) for word in words if word)
    line = "border-width:2px;border-color:#5588dd" if reply.continued else ""
    return (
        f'<div style="flex:1 1 14em;{_BOX};{line}"><small dir="auto">{about}</small>\n'
        f'<div dir="auto">{_text(reply.text)}</div></div>'
    )


def _text(text: str) -> str:
    short = text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} … ({len(text)} characters)"
    return escape(_TURNING.sub("\ufffd", short))
