"""Preference pairs as rows, and the file they are written to."""

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona, Verdict
from interalign.errors import MissingError, RunFolderError, TreeError
from interalign.graphs import ConversationTree
from interalign.sim import read_trees
from interalign.training import preference_rows, write_rows


@pytest.fixture
def tree(persona: Persona) -> ConversationTree:
    """Two turns with two replies each; the second reply of the first turn is continued."""
    tree = ConversationTree("c7", persona)
    first = tree.add(None, "user", "Hi, my hens are ill.")
    tree.add(first, "assistant", "Oh.", strategy="plain")
    on = tree.add(first, "assistant", "Are all six of them?", place=1, strategy="hinted", continued=True)
    second = tree.add(on, "user", "Four are.")
    tree.add(second, "assistant", "Call a vet.", strategy="plain")
    tree.add(second, "assistant", "Poor things!", place=1, strategy="hinted")
    return tree


def judged(tree: ConversationTree, outcome: Any, a: str = "0.0", b: str = "0.1", **more: Any) -> ConversationTree:
    tree.add_verdict(a, b, Verdict(**{"judge": "llm", "outcome": outcome, "margin": 1.0, **more}))
    return tree


# -- rows ----------------------------------------------------------------------------------------


def test_a_row_holds_history_chosen_and_rejected(tree: ConversationTree) -> None:
    (row,) = preference_rows([judged(tree, "b", margin=0.5)])
    assert row == {
        "prompt": [{"role": "user", "content": "Hi, my hens are ill."}],
        "chosen": [{"role": "assistant", "content": "Are all six of them?"}],
        "rejected": [{"role": "assistant", "content": "Oh."}],
        "persona_id": "p1",
        "profile": row["profile"],
        "conversation_id": "c7",
        "turn": 1,
        "reply_to": "0",
        "margin": 0.5,
        "judge": "llm",
        "chosen_by": "hinted",
        "rejected_by": "plain",
    }


def test_the_prompt_is_the_branch_that_was_continued(tree: ConversationTree) -> None:
    (row,) = preference_rows([judged(tree, "a", "0.1.0.0", "0.1.0.1")])
    assert [message["content"] for message in row["prompt"]] == [
        "Hi, my hens are ill.",
        "Are all six of them?",
        "Four are.",
    ]
    assert (row["turn"], row["chosen"][0]["content"]) == (2, "Call a vet.")


def test_rows_of_a_run_alternate_and_end_with_the_user(scripted_run: Path) -> None:
    rows = list(preference_rows(read_trees(scripted_run)))
    assert rows
    for row in rows:
        roles = [message["role"] for message in row["prompt"]]
        assert roles == ["user", "assistant"] * (row["turn"] - 1) + ["user"]


def test_chosen_and_rejected_are_one_assistant_message_each(scripted_run: Path) -> None:
    for row in preference_rows(read_trees(scripted_run)):
        (chosen,), (rejected,) = row["chosen"], row["rejected"]
        assert chosen["role"] == rejected["role"] == "assistant"
        assert chosen["content"] != rejected["content"]
        assert chosen.keys() == rejected.keys() == {"role", "content"}


def test_each_decided_verdict_of_a_run_gives_one_row(scripted_run: Path) -> None:
    trees = list(read_trees(scripted_run))
    decided = sum(verdict.decided for tree in trees for found in tree.verdicts.values() for verdict in found)
    assert len(list(preference_rows(trees))) == decided > 0


@pytest.mark.parametrize("outcome", ["tie", "unscored"])
def test_ties_and_unscored_comparisons_give_no_row(tree: ConversationTree, outcome: str) -> None:
    assert list(preference_rows([judged(tree, outcome, reason="no winner")])) == []


def test_a_tree_that_nobody_judged_gives_no_row(tree: ConversationTree) -> None:
    assert list(preference_rows([tree])) == []


def test_mirrored_verdicts_give_the_same_row(tree: ConversationTree) -> None:
    (row,) = preference_rows([judged(tree, "a")])
    mirrored = ConversationTree.from_json(tree.to_json())
    mirrored.verdicts.clear()
    assert list(preference_rows([judged(mirrored, "b", "0.1", "0.0")])) == [row]


def test_people_of_one_profile_can_be_told(tree: ConversationTree, persona: Persona) -> None:
    twin = ConversationTree.from_json(judged(tree, "a").to_json())
    twin.graph.graph["persona"] = persona.model_copy(update={"id": "p2", "traits": ("I whisper.",)})
    other = ConversationTree.from_json(tree.to_json())
    other.graph.graph["persona"] = persona.model_copy(update={"facts": ("I keep bees.",)})
    profiles = [row["profile"] for row in preference_rows([tree, twin, other])]
    assert profiles[0] == profiles[1] != profiles[2]


def test_a_margin_and_a_rule_can_be_asked_for(tree: ConversationTree) -> None:
    assert list(preference_rows([judged(tree, "a", margin=0.2)], margin=0.3)) == []
    (row,) = preference_rows([tree], margin=0.2, rule="best-worst", run="demo")
    assert row["run"] == "demo"


def test_rows_can_be_those_of_one_judge(tree: ConversationTree) -> None:
    judged(judged(tree, "a"), "b", judge="second")
    assert [row["chosen_by"] for row in preference_rows([tree])] == ["plain"]
    assert [row["chosen_by"] for row in preference_rows([tree], judge="second")] == ["hinted"]
    assert list(preference_rows([tree], judge="third")) == []


def test_three_replies_give_a_row_for_each_pair(tree: ConversationTree) -> None:
    tree.add("0", "assistant", "Hm.", place=2, strategy="third")
    for a, b in (("0.0", "0.1"), ("0.0", "0.2"), ("0.1", "0.2")):
        judged(tree, "b", a, b)
    rows = list(preference_rows([tree]))
    assert [(row["chosen_by"], row["rejected_by"]) for row in rows] == [
        ("hinted", "plain"),
        ("third", "plain"),
        ("third", "hinted"),
    ]


def test_rows_are_made_one_by_one(tree: ConversationTree) -> None:
    def trees() -> Iterator[ConversationTree]:
        yield judged(tree, "a")
        raise TreeError("line 2")

    rows = preference_rows(trees())
    assert next(rows)["conversation_id"] == "c7"
    with pytest.raises(TreeError):
        next(rows)


# -- files ---------------------------------------------------------------------------------------


def test_rows_are_written_one_a_line(tmp_path: Path) -> None:
    rows = [{"text": "käse 🦜\nnew line\u2028"}, {"text": "{}"}]
    assert write_rows(rows, tmp_path / "new" / "rows.jsonl") == 2
    lines = (tmp_path / "new" / "rows.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows
    assert lines[-1] == ""


def test_no_rows_give_an_empty_file(tmp_path: Path) -> None:
    assert write_rows([], tmp_path / "rows.jsonl") == 0
    assert (tmp_path / "rows.jsonl").read_bytes() == b""


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old\n")

    def rows() -> Iterator[dict[str, Any]]:
        for place in range(10_000):
            assert path.read_text() == "old\n"
            yield {"place": place}

    assert write_rows(rows(), path) == 10_000
    assert path.read_text().startswith('{"place": 0}\n')
    assert os.listdir(tmp_path) == ["rows.jsonl"]


def test_rows_that_break_off_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old\n")
    with pytest.raises(TreeError):
        write_rows(broken_off(TreeError("trees.jsonl, line 2: broken")), path)
    assert path.read_text() == "old\n"


def test_rows_that_break_off_leave_nothing_beside_the_file(tmp_path: Path) -> None:
    with pytest.raises(TreeError):
        write_rows(broken_off(TreeError("trees.jsonl, line 2: broken")), tmp_path / "rows.jsonl")
    assert os.listdir(tmp_path) == []


def test_a_missing_run_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"^no conversation trees at"):
        write_rows(preference_rows(read_trees(tmp_path / "absent")), tmp_path / "rows.jsonl")


def broken_off(error: Exception) -> Iterator[dict[str, Any]]:
    yield {"place": 0}
    raise error


BELOW_A_FILE = "file/rows.jsonl"


@pytest.mark.parametrize("target", ["", BELOW_A_FILE, "/proc/interalign/rows.jsonl"])
def test_a_target_that_cannot_be_written_gets_a_sentence(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("in the way\n")
    with pytest.raises(RunFolderError, match=r"cannot be written \(.+\); choose another file$"):
        write_rows([{"a": 1}], tmp_path / target)
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(RunFolderError, match="cannot be written"):
            write_rows(({"text": "x" * 100} for _ in range(1000)), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (path.read_text(), os.listdir(tmp_path)) == ("old\n", ["rows.jsonl"])


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        write_rows([{"a": 1}], pipe)
        assert reader.read() == b'{"a": 1}\n'
