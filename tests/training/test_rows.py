"""What a row of training data may be, and the SFT rows that pairs make."""

import json
from pathlib import Path
from typing import Any

import pytest

from interalign.errors import ConfigError, MissingError
from interalign.training.rows import problem, read_rows, reply_rows, sft_rows

USER = {"role": "user", "content": "Hi."}
REPLY = {"role": "assistant", "content": "Hello there."}
OTHER = {"role": "assistant", "content": "What is it?"}


def row(**changes: Any) -> dict[str, Any]:
    return {"prompt": [USER], "chosen": [REPLY], "rejected": [OTHER], **changes}


def saying(text: str, role: str = "assistant") -> dict[str, str]:
    return {"role": role, "content": text}


def test_a_good_row_has_no_problem() -> None:
    assert problem(row()) is None
    assert problem({"prompt": [saying("Be kind.", "system"), USER], "completion": [REPLY]}) is None


@pytest.mark.parametrize("text", ["", " ", "\n", "k", " k ", "7"])
@pytest.mark.parametrize("name", ["chosen", "rejected", "completion"])
def test_an_empty_or_one_character_reply_is_refused(name: str, text: str) -> None:
    bad = {"prompt": [USER], "completion": [saying(text)]} if name == "completion" else row(**{name: [saying(text)]})
    assert problem(bad) == "a reply is empty or a single character"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rejected": [saying("Hello  there.\n")]}, "chosen and rejected are the same"),
        ({"chosen": [REPLY, USER, OTHER]}, "a reply is not one message of the assistant"),
        ({"chosen": [USER]}, "a reply is not one message of the assistant"),
        ({"chosen": []}, "a reply is not one message of the assistant"),
        ({"prompt": []}, "the prompt does not begin with the user"),
        ({"prompt": [REPLY, USER]}, "the prompt does not begin with the user"),
        ({"prompt": [USER, USER]}, "user and assistant do not take turns"),
        ({"prompt": [USER, REPLY]}, "the prompt does not end with the user"),
        ({"prompt": [USER, saying(" "), USER]}, "a message of the prompt is empty"),
        ({"chosen": [saying("*smiles warmly*")]}, "a message is nothing but a stage direction"),
        ({"prompt": [saying("(laughs)", "user")]}, "a message is nothing but a stage direction"),
        ({"prompt": "Hi."}, "prompt is no list of messages with a role and a text"),
        ({"chosen": "Hello."}, "chosen is no list of messages with a role and a text"),
        ({"prompt": [{"role": "user", "content": None}]}, "prompt is no list of messages with a role and a text"),
        ({"prompt": [{"content": "x"}]}, "prompt is no list of messages with a role and a text"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    assert problem(row(**changes)) == reason


def test_a_row_without_a_side_is_refused() -> None:
    assert problem({"prompt": [USER], "chosen": [REPLY]}) == "rejected is no list of messages with a role and a text"
    assert problem({}) == "prompt is no list of messages with a role and a text"


# -- SFT -----------------------------------------------------------------------------------------


def judged(chosen: str, rejected: str, margin: float = 1.0, turn: int = 1, at: str = "0") -> dict[str, Any]:
    about = {"conversation_id": "c0", "reply_to": at, "turn": turn, "margin": margin, "persona_id": "p"}
    return {**row(chosen=[saying(chosen)], rejected=[saying(rejected)]), **about}


def test_a_turn_gives_one_sft_row_however_many_pairs_it_has() -> None:
    pairs = [
        judged("best", "worst"),
        judged("best", "middle"),
        judged("middle", "worst"),
        judged("x1", "x2", at="0.1.0"),
    ]
    made = sft_rows(pairs)
    assert [one["completion"][0]["content"] for one in made] == ["best", "x1"]
    assert made[0]["prompt"] == [USER]
    assert {"turn", "persona_id", "conversation_id", "reply_to"} <= made[0].keys()


def test_the_larger_margin_decides_between_equals() -> None:
    cycle = [judged("aa", "bb", 1), judged("bb", "cc", 3), judged("cc", "aa", 1)]
    assert [one["completion"][0]["content"] for one in sft_rows(cycle)] == ["bb"]


def test_plain_conversations_give_a_row_for_each_reply() -> None:
    made = list(reply_rows([USER, REPLY, USER, OTHER]))
    assert [(len(one["prompt"]), one["completion"]) for one in made] == [(1, [REPLY]), (3, [OTHER])]


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"), [("{", "not valid JSON"), ("[1]", "a list where a JSON object"), ("\xff", "not valid")]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(json.dumps(row()).encode() + b"\n" + line.encode("latin-1") + b"\n")
    with pytest.raises(ConfigError, match=rf"rows\.jsonl, line 2: {words}"):
        read_rows(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no training data at"):
        read_rows(tmp_path / "absent.jsonl")
