"""html: conversation trees as one self-contained page: no request to anywhere, and nothing a model wrote is markup or code.

The trees travel as JSON inside the page, with every `<`, `>` and `&` escaped; the script shows texts through textContent
alone; the Content-Security-Policy allows exactly this script and this style, by their hashes.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from interalign.graphs.tree import ConversationTree

__all__ = ["render_html"]

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render_html(trees: Iterable[ConversationTree], title: str = "Conversation trees") -> str:
    """The page as text."""
    records = [tree.to_dict() for tree in trees]
    pairs = sum(verdict["by"][0]["outcome"] in ("a", "b") for tree in records for verdict in tree["graph"]["verdicts"])
    messages = sum(len(tree["nodes"]) for tree in records)
    summary = f"{len(records)} conversations, {messages} messages, {pairs} preference pairs"
    data = json.dumps({"summary": summary, "trees": records}, ensure_ascii=False, separators=(",", ":"))
    style, script = _shipped("viewer.css"), _shipped("viewer.js")
    parts = {
        "title": escape(title),
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
        "data": data.translate(_ESCAPED),
    }
    page = _shipped("viewer.html").split("@")
    # Every second piece is the name of a placeholder: one pass, so that nothing filled in is searched again.
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(page))


def _shipped(name: str) -> str:
    return files("interalign.graphs.drawing").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
