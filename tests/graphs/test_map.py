"""Maps of trees: where messages stand, and pictures that any reader of SVG takes."""

import sys
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import growing
import pytest

from interalign.agents import Persona, Verdict
from interalign.errors import MissingError
from interalign.graphs import ConversationTree, Full
from interalign.graphs.drawing import render_png, render_svg
from interalign.graphs.drawing.layout import rows

PERSON = Persona(id="p", facts=("f",), traits=("t",))
NAME = "{http://www.w3.org/2000/svg}"


def bushy(width: int = 2, depth: int = 3) -> ConversationTree:
    return growing.grown(policy=Full(width, depth), turns=5)


def picture(tree: ConversationTree) -> ElementTree.Element:
    return ElementTree.fromstring(render_svg(tree))


def titles(tree: ConversationTree) -> list[str]:
    """What the messages say when somebody points at them."""
    return [
        group[0].text or ""
        for group in picture(tree).findall(f"{NAME}g")
        if len(group) and group[0].tag == f"{NAME}title"
    ]


@pytest.mark.parametrize("tree", [growing.grown(), bushy(), bushy(1, 0)], ids=["walk", "full", "narrow"])
def test_no_two_messages_of_one_depth_share_a_place_and_branches_never_cross(tree: ConversationTree) -> None:
    found = rows(tree)
    assert min(found.values()) == 0
    for depth in {id.count(".") for id in found}:
        level = sorted(
            (id for id in found if id.count(".") == depth), key=lambda id: [int(part) for part in id.split(".")]
        )
        assert all(found[b] - found[a] >= 1 for a, b in pairwise(level))


def test_the_continued_branch_of_a_walk_runs_straight() -> None:
    tree = growing.grown(turns=9)
    found = rows(tree)
    assert len({found[node.id] for node in tree.main_path()}) == 1
    assert max(found.values()) <= 2


def test_a_parent_of_several_continued_branches_stands_in_their_middle() -> None:
    tree = bushy()
    found = rows(tree)
    assert found["0"] == (found["0.0"] + found["0.1"]) / 2


def test_every_message_is_on_the_map_with_its_outcome() -> None:
    tree = bushy()
    found = titles(tree)
    assert len(found) == len(tree)
    assert found[0].startswith("turn 1, the user: ")
    labels = [tree.label(node.id) for node in tree if node.role == "assistant"]
    assert sum(", preferred: " in title for title in found) == labels.count("chosen")


def test_continued_lines_are_wider() -> None:
    tree = growing.grown()
    widths = [path.get("stroke-width") for path in picture(tree).findall(f"{NAME}path")]
    onward = sum(node.continued or (node.role == "user" and node.id != "0") for node in tree)
    assert (widths.count("3.2"), widths.count("1.2")) == (onward, len(tree) - 1 - onward)


@pytest.mark.parametrize("outcome", ["a", "tie", "unscored"])
def test_the_legend_names_what_occurs(outcome: Any) -> None:
    tree = ConversationTree("c", PERSON)
    tree.add(None, "user", "Hello.")
    for place in range(2):
        tree.add("0", "assistant", "Hi.", place=place)
    tree.add_verdict("0.0", "0.1", Verdict(judge="j", outcome=outcome))
    text = " ".join(picture(tree).itertext())
    words = {"a": ["preferred", "rejected"], "tie": ["tie"], "unscored": ["unscored"]}[outcome]
    assert [
        word for word in ("preferred", "rejected", "tie", "unscored", "not judged") if f" {word} " in f"{text} "
    ] == words


def test_scores_are_shades_with_a_scale() -> None:
    tree = ConversationTree("c", PERSON)
    tree.add(None, "user", "Hello.")
    for place in range(3):
        tree.add("0", "assistant", "Hi.", place=place)
    tree.add_verdict("0.0", "0.1", Verdict(judge="j", outcome="b", scores=(0.25, 0.75)))
    svg = render_svg(tree)
    assert "score 0.25" in svg
    fills = [circle.get("fill") for circle in picture(tree).findall(f"./{NAME}g/{NAME}circle")]
    assert fills[:3] == ["#ecf1f9", "#184f95", "#ffffff"]


@pytest.mark.parametrize(
    "text",
    ["</title><script>alert(1)</script>", "\"'&<>", "\x00\x1b\x0b\ufffe\ud800", "\u202eabc", "]]>", "", "x" * 50_000],
)
def test_hostile_text_is_text_in_the_picture(text: str) -> None:
    tree = ConversationTree(text, Persona(id=text.replace("\ud800", "") or "p", facts=("f",), traits=("t",)))
    tree.add(None, "user", text)
    tree.add("0", "assistant", text, agent=text)
    root = picture(tree)
    assert {element.tag.removeprefix(NAME) for element in root.iter()} <= {
        "svg",
        "title",
        "rect",
        "text",
        "tspan",
        "path",
        "g",
        "circle",
    }
    assert len(render_svg(tree)) < 6000
    assert "\u202e" not in render_svg(tree)


def test_an_empty_tree_has_a_map() -> None:
    assert "0 turns, 0 messages" in render_svg(ConversationTree("c", PERSON))


def test_equal_trees_give_equal_maps() -> None:
    assert render_svg(bushy()) == render_svg(bushy())


def test_a_png_is_as_large_as_its_map() -> None:
    pytest.importorskip("resvg_py", reason="needs the extra plot")
    tree = growing.grown()
    content = render_png(tree)
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 2 * float(picture(tree).get("width") or 0)


def test_a_png_of_a_huge_tree_keeps_within_bounds() -> None:
    pytest.importorskip("resvg_py", reason="needs the extra plot")
    tree = ConversationTree("c", PERSON)
    tree.add(None, "user", "Hello.")
    for place in range(700):
        tree.add("0", "assistant", "Hi.", place=place)
    assert int.from_bytes(render_png(tree)[20:24]) <= 12_000


def test_a_png_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingError, match=r"pip install 'interalign\[plot\]'"):
        render_png(growing.grown())
