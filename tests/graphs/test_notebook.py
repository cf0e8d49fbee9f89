"""What a notebook shows of a tree: static, escaped, and short."""

from html.parser import HTMLParser

import growing
import pytest

from interalign.agents import Persona
from interalign.graphs import ConversationTree
from interalign.graphs.drawing import notebook_table, notebook_trees
from tests.conftest import HOSTILE


class Tags(HTMLParser):
    """The tags and attributes of a page, and whether all of them are closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_notebook_shows_the_branch_and_its_candidates() -> None:
    tree = growing.grown(growing.scripted(judge_accuracy=1.0))
    page = tree._repr_html_()
    assert page.count("✓ preferred") == page.count("✗ rejected") == 4
    assert page.count("→ continued") == 3


@pytest.mark.parametrize(
    "text", [HOSTILE, "<img src=x onerror=alert(1)>", "' onclick='alert(1)", "</div></div>", "&lt;b&gt;"]
)
def test_nothing_in_a_text_is_markup(text: str) -> None:
    tree = ConversationTree(text, Persona(id=text, facts=(text,), traits=(text,)))
    tree.add(None, "user", text)
    tree.add("0", "assistant", text, agent=text, model=text)
    tags = Tags(tree._repr_html_())
    assert tags.open == []
    assert tags.names == {"div", "p", "b", "span", "details", "summary", "ul", "li", "small"}
    assert tags.attributes == {"style", "dir"}


def test_long_texts_and_long_conversations_are_cut() -> None:
    tree = growing.grown(turns=30)
    tree.graph.nodes["0"]["text"] = "word " * 100_000
    page = tree._repr_html_()
    assert len(page) < 60_000
    assert "(500000 characters)" in page
    assert "and 10 more turns" in page


def test_an_empty_tree_is_shown() -> None:
    assert "0 turns, 0 messages, 0 pairs" in ConversationTree("c", growing.PERSONA)._repr_html_()


def test_a_table_shows_cells_as_text() -> None:
    page = notebook_table("<b>title</b>", [("<script>", 3), ("none", "\u202e")], header=("name", "figure"))
    assert Tags(page).names == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page


def test_several_trees_are_folded() -> None:
    page = notebook_trees([growing.grown(turns=1), growing.grown(turns=1)])
    assert page.count("<details><summary dir") == 2
    assert not Tags(page).open
