"""html: conversation trees as one self-contained page: no request to anywhere, and nothing a model wrote is markup or code.

The trees travel as JSON inside the page, with every `<`, `>` and `&` escaped; the scripts show texts through text nodes
alone; the Content-Security-Policy allows exactly these scripts and this style, by their hashes, and no text as markup.
The first line of the JSON is an index for the list, every further line one tree, so that a page of thousands opens at
once: a tree is parsed when somebody looks at it.
"""

import hashlib
import json
import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

from interalign.agents import Verdict
from interalign.graphs.tree import ConversationTree

__all__ = ["render_html"]

SCRIPTS = ("elements", "trees", "words", "list", "talk", "persona", "map", "copy", "app")
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def render_html(
    trees: Iterable[ConversationTree],
    title: str = "Conversation trees",
    failures: Iterable[Mapping[str, Any]] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """The page as text.

    `failures` are records of conversations that failed: id, persona, error, reason. `links` lead to other pages, by what is
    to be read there: addresses relative to this page.
    """
    index, lines = [], []
    for tree in trees:
        index.append(_entry(tree))
        lines.append(_json(tree.to_dict()))
    head = {
        "summary": _summary(index),
        "judges": list(dict.fromkeys(one["judge"] for entry in index for one in entry["judged"])),
        "index": index,
        "failures": [_failure(record) for record in failures],
    }
    data = _json(head).removesuffix("}") + ',"trees":[\n' + "".join(f"{line},\n" for line in lines).removesuffix(",\n")
    return _page(title.encode(errors="replace").decode(), f"{data}\n]}}", links or {})


def _page(title: str, data: str, links: Mapping[str, str]) -> str:
    style = _shipped("style.css")
    # A block of its own keeps the names of the scripts apart from those of the browser.
    script = '"use strict";\n{\n' + "".join(_shipped(f"{name}.js") for name in SCRIPTS) + "}\n"
    parts = {
        "title": escape(title),
        "links": " ".join(f'<a href="{escape(to)}">{escape(text)}</a>' for text, to in links.items()),
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
        "data": data,
    }
    page = _shipped("page.html").split("@")
    # Every second piece is the name of a placeholder: one pass, so that nothing filled in is searched again.
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(page))


def _entry(tree: ConversationTree) -> dict[str, Any]:
    """What the list shows of a tree."""
    return {
        "id": tree.id,
        "persona": tree.persona.id,
        "turns": max((node.turn for node in tree), default=0),
        "messages": len(tree),
        "stop": tree.stop,
        "judged": _judged(tree),
    }


def _judged(tree: ConversationTree) -> list[dict[str, Any]]:
    """For each judge: decided comparisons, ties, unscored ones, and the mean margin of those that were scored."""
    by: dict[str, list[Verdict]] = {}
    for found in tree.verdicts.values():
        for judge, verdict in {verdict.judge: verdict for verdict in reversed(found)}.items():
            by.setdefault(judge, []).append(verdict)
    return [{"judge": judge, **_tally(verdicts)} for judge, verdicts in by.items()]


def _tally(verdicts: list[Verdict]) -> dict[str, Any]:
    margins = [
        verdict.margin for verdict in verdicts if verdict.outcome != "unscored" and math.isfinite(verdict.margin)
    ]
    return {
        "pairs": sum(verdict.decided for verdict in verdicts),
        "ties": sum(verdict.outcome == "tie" for verdict in verdicts),
        "unscored": sum(verdict.outcome == "unscored" for verdict in verdicts),
        "margin": round(sum(margins) / len(margins), 6) if margins else None,
    }


def _summary(index: list[dict[str, Any]]) -> str:
    pairs = sum(entry["judged"][0]["pairs"] for entry in index if entry["judged"])
    messages = sum(entry["messages"] for entry in index)
    return f"{len(index)} conversations, {messages} messages, {pairs} preference pairs"


def _failure(record: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(record.get(key) or "") for key in ("id", "persona", "error", "reason")}


def _json(value: Any) -> str:
    """JSON on one line that any parser reads and no HTML parser sees anything in."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return _json(_finite(value))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _finite(value: Any) -> Any:
    """Infinity and NaN, which JSON does not have, become null."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shipped(name: str) -> str:
    return files("interalign.graphs.drawing").joinpath("viewer", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
