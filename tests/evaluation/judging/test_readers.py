"""Files of human judgements: formats, majorities, and rows that are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from interalign.errors import ConfigError, MissingError
from interalign.evaluation.judging import Judgement, read_judgements, shipped_judgements

LLMBAR = {"input": "Name a bird.", "output_1": "A wren.", "output_2": "A fish.", "label": 1}
PANDALM = {"idx": 0, "instruction": "Sum up.", "input": "A text.", "response1": "x", "response2": "y"}
PLAIN = {"a": "Warm.", "b": "Dry.", "label": "a", "history": "Hello?"}


def read(tmp_path: Path, *rows: Any, as_list: bool = False) -> list[Judgement]:
    path = tmp_path / "data.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text(f"[{', '.join(lines)}]" if as_list else "\n".join(lines) + "\n", encoding="utf-8")
    return read_judgements(path)


def test_the_shipped_rows_are_sixty_with_ten_ties() -> None:
    rows = shipped_judgements()
    labels = [row.label for row in rows]
    assert (len(rows), labels.count("tie"), labels.count("a")) == (60, 10, 25)
    assert all(row.persona and row.why and row.history[-1].role == "user" for row in rows)


@pytest.mark.parametrize("as_list", [False, True])
def test_llmbar(tmp_path: Path, as_list: bool) -> None:
    one, two = read(tmp_path, LLMBAR, {**LLMBAR, "label": "2"}, as_list=as_list)
    assert (one.label, two.label, one.a, one.history[0].text) == ("a", "b", "A wren.", "Name a bird.")
    assert one.context.persona is not None
    assert one.persona is None


@pytest.mark.parametrize(
    ("votes", "label"),
    [((1, 1, 2), "a"), ((0, 2, 2), "b"), ((0, 0, 1), "tie"), ((0, 1, 2), None), ((2,), "b"), ((1, 2), None)],
)
def test_pandalm_takes_the_majority_and_keeps_all_votes(tmp_path: Path, votes: tuple, label: str | None) -> None:
    names = {f"annotator{place}": vote for place, vote in enumerate(votes, 1)}
    (row,) = read(tmp_path, {**PANDALM, **names})
    assert row.label == label
    assert len(row.annotators) == len(votes)
    assert row.history[0].text == "Sum up.\n\nA text."


def test_generic_rows(tmp_path: Path) -> None:
    people = {"id": "p", "facts": ["I sail."], "traits": ["I joke."]}
    said = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hm"},
        {"role": "user", "content": "So?"},
    ]
    rows = read(
        tmp_path,
        PLAIN,
        {**PLAIN, "label": None, "annotators": ["tie", "tie", "b"], "persona": people, "history": said},
        {**PLAIN, "annotators": {"ann": "b"}},
    )
    assert [row.label for row in rows] == ["a", "tie", "a"]
    assert rows[1].annotators == {"annotator1": "tie", "annotator2": "tie", "annotator3": "b"}
    assert (rows[1].context.turn, rows[1].context.persona) == (2, rows[1].persona)
    assert [row.id for row in rows] == ["row-1", "row-2", "row-3"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{", "line 2: not valid JSON at column 2"),
        ("7", "line 2: a int where a JSON object is needed"),
        ({"x": 1}, "line 2: the keys x are of no known format"),
        ({**PLAIN, "label": "c"}, "line 2: label is 'c'; it must be a, b or tie"),
        ({**PLAIN, "label": ["a"]}, "line 2: label is \\['a'\\]"),
        ({**PLAIN, "label": None}, "line 2: label is None; it must be a, b or tie"),
        ({**PLAIN, "a": "  "}, "line 2: key 'a': it is empty"),
        ({**PLAIN, "a": 3}, "line 2: key 'a': Input should be a valid string"),
        ({**PLAIN, "extra": 3}, "line 2: unknown key 'extra'"),
        ({**PLAIN, "history": []}, "line 2: key 'history': the history must end with a message of the user"),
        ({**PLAIN, "history": [{"role": "system", "content": "x"}]}, "line 2: history\\[0\\] must have a role"),
        ({**PLAIN, "history": 5}, "line 2: history is a list of messages"),
        ({**PLAIN, "persona": {"id": "p", "facts": ["x"]}}, "line 2: key 'traits': Field required"),
        ({**PLAIN, "annotators": "a"}, "line 2: annotators is a list of labels"),
        ({**PLAIN, "annotators": ["a", 1]}, "line 2: annotator2 is 1"),
        ({**PLAIN, "b": "\ud800"}, "line 2: key 'b': half a surrogate pair"),
        ({**LLMBAR, "label": 0}, "line 2: label is 0; it must be one of 1, 2"),
        ({**LLMBAR, "label": True}, "line 2: label is True"),
        ({**LLMBAR, "input": ""}, "line 2: there is no instruction"),
        (PANDALM, "line 2: no annotator1"),
        ({**PANDALM, "annotator1": 3}, "line 2: annotator1 is 3; it must be one of 0, 1, 2"),
        ({**PANDALM, "annotator1": None}, "line 2: annotator1 is None"),
        ({**PLAIN, "id": "row-1"}, "line 2: the id 'row-1' stands on line 1 too"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value)[:40],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(tmp_path, PLAIN, row)


def test_a_row_of_a_list_is_refused_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="row 2: label is 3"):
        read(tmp_path, LLMBAR, {**LLMBAR, "label": 3}, as_list=True)


@pytest.mark.parametrize("text", ["", "\n \n", "[]"])
def test_empty_data_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="no judgement in it"):
        read(tmp_path, text)


def test_no_file_no_folder_no_other_encoding(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jsonl", tmp_path, Path("a\0b")):
        with pytest.raises(MissingError):
            read_judgements(path)
    (tmp_path / "latin.jsonl").write_bytes(b'{"a": "h\xe9"}')
    with pytest.raises(ConfigError, match="byte 9 is not UTF-8"):
        read_judgements(tmp_path / "latin.jsonl")
