"""Trees in the formats of others: what goes out comes back, ranks become preferences, broken files get a sentence."""

import gzip
import json
from pathlib import Path
from typing import Any

import growing
import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interalign.agents import Persona, Verdict
from interalign.errors import MissingError, TreeError
from interalign.graphs import ConversationTree, Full, export_trees, from_oasst, import_trees, to_oasst
from tests.conftest import HOSTILE

FORMATS: list[Any] = ["nodelink", "oasst", "graphml"]
ODD = ["\x00\x0b\x1b\x85\u2028\ufffe", "\r\n a \t", "]]><!--&amp;<x>", "", "🦜\u202e", "long " * 10_000, HOSTILE]


def odd(text: str) -> ConversationTree:
    """A tree with the text wherever text goes, and two verdicts of two judges."""
    tree = ConversationTree(text, Persona(id="p", facts=("f",), traits=("t",)), seed=7, stop=text)
    tree.add(None, "user", text, agent=text, model=text, disclose=text, induced=(text, "x"), tokens=3)
    for place in (1, 4):
        tree.add("0", "assistant", text, place=place, strategy=text)
    tree.set_continued("0.4")
    tree.annotate("0.1", note={text: [1, None, 0.5]})
    for judge, outcome in (("one", "b"), ("two", "unscored")):
        tree.add_verdict("0.1", "0.4", Verdict(judge=judge, outcome=outcome, reason=text, scores=(0.1, 0.2)))  # type: ignore[arg-type]
    return tree


def lines(tree: ConversationTree, path: Path, format: Any) -> list[str]:
    assert export_trees([tree], path, format) == 1
    return [tree.to_json() for tree in import_trees(path, format)]


@pytest.mark.parametrize("format", FORMATS)
def test_grown_trees_come_back_as_they_were(tmp_path: Path, format: Any) -> None:
    trees = [growing.grown(id="a"), growing.grown(id="a", policy=Full()), ConversationTree("empty", growing.PERSONA)]
    assert export_trees(trees, tmp_path / "file", format) == 3
    assert [tree.to_json() for tree in import_trees(tmp_path / "file", format)] == [tree.to_json() for tree in trees]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:10]))
def test_odd_texts_come_back_as_they_were(tmp_path: Path, format: Any, text: str) -> None:
    assert lines(odd(text), tmp_path / "file", format) == [odd(text).to_json()]


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_comes_back_as_it_was(tmp_path: Path, format: Any, text: str) -> None:
    assert lines(odd(text), tmp_path / "file", format) == [odd(text).to_json()]


@pytest.mark.parametrize("format", FORMATS)
def test_compressed_files_are_read(tmp_path: Path, format: Any) -> None:
    export_trees([growing.grown()], tmp_path / "plain", format)
    (tmp_path / "file.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    assert [tree.to_json() for tree in import_trees(tmp_path / "file.gz", format)] == [growing.grown().to_json()]


def test_networkx_reads_node_link_lines_and_graphml(tmp_path: Path) -> None:
    tree = growing.grown()
    export_trees([tree], tmp_path / "a", "nodelink")
    export_trees([tree, tree], tmp_path / "b", "graphml")
    one = nx.node_link_graph(json.loads((tmp_path / "a").read_text()), edges="edges")
    assert sorted(one) == sorted(tree.graph)
    forest = nx.read_graphml(tmp_path / "b")
    assert nx.number_weakly_connected_components(forest) == 2
    assert forest.nodes["0/0"]["text"] == tree["0"].text
    assert {fields.get("label") for _, fields in forest.nodes(data=True)} >= {"chosen", "rejected"}


# -- OpenAssistant -----------------------------------------------------------------------------------


def message(role: str, text: str, *replies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"message_id": f"id of {text}", "role": role, "text": text, "lang": "en", "replies": list(replies), **more}


def foreign() -> dict[str, Any]:
    """As other programs write it: ranked replies, one of them answered twice, one deleted."""
    answered = message("assistant", "best", message("prompter", "more"), message("prompter", "why"), rank=0)
    replies = (message("assistant", "worse", rank=1), answered, message("assistant", "equal", rank=1))
    rest = (message("assistant", "unranked", rank=None), message("assistant", "gone", deleted=True, rank=2))
    return {
        "message_tree_id": "t1",
        "tree_state": "ready_for_export",
        "prompt": message("prompter", "hi", *replies, *rest),
    }


def test_ranks_become_preferences() -> None:
    tree = from_oasst(foreign())
    assert [(pair.chosen.text, pair.rejected.text) for pair in tree.pairs()] == [("best", "worse"), ("best", "equal")]
    assert [tree.label(f"0.{place}") for place in range(4)] == ["rejected", "chosen", "rejected", None]
    verdict = tree.verdict("0.0", "0.2")
    assert verdict is not None
    assert (verdict.judge, verdict.outcome) == ("ranks", "tie")


def test_trees_of_others_keep_their_shape_and_names() -> None:
    tree = from_oasst(foreign())
    assert [(node.id, node.text) for node in tree] == [
        *[
            ("0", "hi"),
            ("0.0", "worse"),
            ("0.1", "best"),
            ("0.1.0", "more"),
            ("0.1.1", "why"),
            ("0.2", "equal"),
            ("0.3", "unranked"),
        ]
    ]
    assert tree.notes("0.1.1") == {"message_id": "id of why"}
    assert [node.text for node in tree.main_path()] == ["hi", "best", "more"]
    assert tree.persona.id == "unknown"


def test_a_persona_can_be_given_to_trees_of_others() -> None:
    assert from_oasst(foreign(), growing.PERSONA).persona == growing.PERSONA


def test_verdicts_become_ranks() -> None:
    tree = ConversationTree("c", growing.PERSONA)
    tree.add(None, "user", "hi")
    for place in range(4):
        tree.add("0", "assistant", "x", place=place)
    for a, b, outcome in ((0, 1, "b"), (0, 2, "tie"), (1, 2, "a"), (0, 3, "unscored")):
        tree.add_verdict(f"0.{a}", f"0.{b}", Verdict(judge="j", outcome=outcome))  # type: ignore[arg-type]
    record = to_oasst(tree)
    assert [reply["rank"] for reply in record["prompt"]["replies"]] == [1, 0, 1, None]
    assert record["prompt"]["role"] == "prompter"
    assert record["prompt"]["replies"][0]["parent_id"] == record["prompt"]["message_id"] == "c/0"


def test_ranks_written_without_our_fields_give_the_same_preferences() -> None:
    tree = growing.grown(growing.scripted(judge_accuracy=1.0))

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: stripped(inner) for key, inner in value.items() if key != "interalign"}
        return [stripped(inner) for inner in value] if isinstance(value, list) else value

    again = from_oasst(stripped(to_oasst(tree)))
    assert [(p.chosen.id, p.rejected.id) for p in again.pairs()] == [(p.chosen.id, p.rejected.id) for p in tree.pairs()]
    assert [node.text for node in again] == [node.text for node in tree]


# -- broken files ------------------------------------------------------------------------------------

WRONG = [
    *(
        "{",
        "[]",
        "{}",
        '{"prompt": 3, "message_tree_id": "x"}',
        '{"message_tree_id": "x", "prompt": {"role": "prompter"}}',
    ),
    json.dumps({"message_tree_id": "x", "prompt": message("assistant", "first")}),
    json.dumps({"message_tree_id": "x", "prompt": message("prompter", "a", message("prompter", "b"))}),
    json.dumps({"message_tree_id": "x", "prompt": message("prompter", "a", message("system", "b"))}),
    json.dumps({"message_tree_id": "x", "prompt": {**message("prompter", "a"), "text": None}}),
    json.dumps({"message_tree_id": "x", "interalign": 3, "prompt": message("prompter", "a")}),
    json.dumps({"message_id": "m", "text": "flat", "role": "prompter"}),
    "[" * 100_000,
]


@pytest.mark.parametrize("line", WRONG, ids=lambda line: line[:24])
def test_what_is_no_message_tree_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    good = json.dumps(foreign())
    (tmp_path / "file").write_text(f"{good}\n\n{line}\n")
    trees = import_trees(tmp_path / "file", "oasst")
    assert next(trees).id == "t1"
    with pytest.raises(TreeError, match=r"file, line 3: "):
        next(trees)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<graphml/>",
        b"\xff\xfe",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><graphml/>',
        b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"><node id="0/0"/></graph></graphml>',
    ],
    ids=["empty", "text", "no graph", "not UTF-8", "entities", "of others"],
)
def test_a_broken_graphml_file_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(TreeError, match="file"):
        list(import_trees(tmp_path / "file", "graphml"))


@pytest.mark.parametrize(
    "damage", [lambda data: data[:20], lambda data: data[:12] + b"\xff" * 9, lambda data: b"no archive"]
)
def test_a_broken_archive_gets_a_sentence(tmp_path: Path, damage: Any) -> None:
    (tmp_path / "file.gz").write_bytes(damage(gzip.compress(json.dumps(foreign()).encode())))
    with pytest.raises(TreeError, match="cannot be read"):
        list(import_trees(tmp_path / "file.gz", "oasst"))


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, format: Any) -> None:
    with pytest.raises(MissingError, match="absent"):
        list(import_trees(tmp_path / "absent", format))
