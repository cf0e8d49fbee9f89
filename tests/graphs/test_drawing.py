"""Drawings: the page runs nothing but its own script, and the terminal gets nothing but text."""

import hashlib
import json
import re
from base64 import b64encode
from io import StringIO
from typing import Any

import growing
import pytest
from rich.console import Console, RenderableType

from interalign.agents import Persona, Verdict
from interalign.graphs import ConversationTree
from interalign.graphs.drawing import draw_tree, list_trees, render_html
from tests.conftest import HOSTILE

LINK = "See https://example.org and http://example.org."


def tree_of(*texts: str, id: str = "c1", persona: str = "p1", agent: str = "plain") -> ConversationTree:
    """A user message and its replies; the second reply is the preferred one."""
    people = Persona(id=persona, facts=("I row.",), traits=("I sing.",))
    tree = ConversationTree(id, people)
    tree.add(None, "user", texts[0])
    for place, text in enumerate(texts[1:]):
        tree.add("0", "assistant", text, place=place, agent=agent)
    if len(texts) == 3:
        tree.add_verdict("0.0", "0.1", Verdict(judge="j", outcome="b", reason=texts[1]))
    return tree


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def outside_data(page: str) -> str:
    return re.sub(r'(<script type="application/json" id="data">).*?(</script>)', r"\1\2", page, flags=re.DOTALL)


def shown(drawing: RenderableType, width: int = 120, **options: Any) -> str:
    file = StringIO()
    Console(file=file, width=width, **options).print(drawing)
    return file.getvalue()


def test_the_page_asks_nothing_of_any_server() -> None:
    page = outside_data(render_html([tree_of(LINK, LINK, LINK), growing.grown()]))
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b|\bsrc\s*=|@import|url\(", page, re.IGNORECASE)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import)\s*\(", page)


def test_the_page_holds_the_trees_as_they_are() -> None:
    trees = [growing.grown(id="one"), tree_of(HOSTILE, LINK, "\u2028 & <!-- ]]>", id="two")]
    data = data_of(render_html(trees))
    assert data["trees"] == json.loads(json.dumps([tree.to_dict() for tree in trees]))
    assert data["summary"].startswith("2 conversations, 15 messages, ")
    assert ConversationTree.from_dict(data["trees"][1]).to_json() == trees[1].to_json()


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        "<!--<script>alert(1)",
        "@script@ @data@",
    ],
    ids=lambda text: ascii(text[:16]),
)
def test_hostile_text_anywhere_reaches_the_page_escaped_alone(text: str) -> None:
    page = render_html([tree_of(text, text, text, id=text, persona=text, agent=text)], title=text)
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script") == 2
    assert "<!--" not in page
    assert data_of(page)["trees"][0]["nodes"][0]["text"] == text


def test_the_script_never_makes_markup_of_text() -> None:
    page = outside_data(render_html([]))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser", page
    )


def test_the_security_policy_allows_the_inline_script_and_style_by_their_hashes_alone() -> None:
    page = render_html([tree_of("Hello.", HOSTILE)])
    inline = (re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script"))
    style, script = ("sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode() for [text] in inline)
    assert f"content=\"default-src 'none'; style-src '{style}'; script-src '{script}'\"" in page
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script")


def test_the_page_uses_no_inline_handler_or_style_that_its_policy_would_block() -> None:
    page = outside_data(render_html([]))
    body = page[page.index("<body>") : page.rindex("<script>")]
    assert not re.search(r"\s(on\w+|style)\s*=", body)


def test_a_page_of_no_tree_is_a_page() -> None:
    data = data_of(render_html([]))
    assert data["summary"] == "0 conversations, 0 messages, 0 preference pairs"
    assert data["trees"] == data["index"] == data["failures"] == []


def test_the_terminal_shows_both_candidates_and_how_they_were_judged() -> None:
    text = shown(draw_tree(tree_of("Hello.", "One way.", "Another way.")))
    assert "turn 1 · user" in text
    [line] = [line for line in text.splitlines() if "One way." in line]
    assert "Another way." in line
    assert text.index("✗ rejected") < text.index("✓ preferred")


def test_the_terminal_follows_the_branch_that_was_continued() -> None:
    tree = growing.grown()
    text = shown(draw_tree(tree), width=300)
    assert text.count("→ continued") == 3
    for user, replies in tree.siblings():
        assert all(node.text in text for node in (user, *replies))


@pytest.mark.parametrize("text", ["[bold]loud[/bold]", "[/]", "[link=https://x.org]x[/link]", ":smile:", "[red"])
def test_the_terminal_reads_no_markup_in_texts(text: str) -> None:
    drawn = shown(draw_tree(tree_of(text, text, text, agent=text, id=text, persona=text)), force_terminal=False)
    assert drawn.count(text) == 7


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "a\rb", "\x00", "\u202eabc"])
def test_control_characters_in_messages_do_not_reach_the_terminal(text: str) -> None:
    drawn = shown(draw_tree(tree_of(text, text, text)), force_terminal=False)
    assert not {"\x1b", "\x07", "\x9b", "\r", "\x00", "\u202e"} & set(drawn)
    assert "\ufffd" in drawn


AGENT = "agent"


@pytest.mark.parametrize("part", ["id", "persona", AGENT])
def test_control_characters_in_ids_and_names_do_not_reach_the_terminal(part: str) -> None:
    names: dict[str, Any] = {part: "\x1b[2Jgone"}
    assert "\x1b" not in shown(draw_tree(tree_of("Hello.", "Hi.", **names)), force_terminal=False)


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour\u00a0!",
        "\u6771\u4eac\u3000\u5927\u962a",
        "👩\u200d🌾",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ],
    ids=["no-break space", "wide space", "joined emoji", "Persian"],
)
def test_spaces_and_joiners_of_all_languages_are_shown(text: str) -> None:
    assert "\ufffd" not in shown(draw_tree(tree_of(text, text)))


def test_the_list_has_a_line_for_each_tree() -> None:
    lines = shown(list_trees([growing.grown(growing.scripted(judge_accuracy=1.0)), tree_of("Hello.", id="c2")]))
    assert [line.split() for line in lines.splitlines()[1:]] == [
        ["c0", "p1", "4", "12", "4"],
        ["c2", "p1", "1", "1", "0"],
    ]


def test_the_list_reads_no_markup_in_ids() -> None:
    assert "[bold]x[/bold]" in shown(list_trees([tree_of("Hello.", id="[bold]x[/bold]")]))


def test_control_characters_in_ids_do_not_reach_the_terminal_from_the_list() -> None:
    assert "\x1b" not in shown(list_trees([tree_of("Hello.", id="\x1b[31mred")]), force_terminal=False)


@pytest.mark.parametrize("texts", [("Hello.",), ("Hello.", "Hi."), ("", "", "")])
def test_trees_without_verdicts_replies_or_words_are_drawn(texts: tuple[str, ...]) -> None:
    assert "turn 1" in shown(draw_tree(tree_of(*texts)), width=40)
    assert shown(draw_tree(ConversationTree("empty", growing.PERSONA))).strip() == "empty   p1"
