"""interalign compare and interalign simulator card: what they print, write and refuse."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from measured import drawn

from interalign.cli import main
from interalign.evaluation import Results

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def interalign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder: status, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["interalign", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        done = capsys.readouterr()
        return int(end.value.code or 0), done.out, done.err

    return call


def keep(name: str, results: Results) -> None:
    Path("runs", name).mkdir(parents=True)
    Path("runs", name, "results.json").write_text(results.model_dump_json())


def test_two_evaluations_are_compared_in_pairs_and_written(interalign: Run) -> None:
    keep("base", drawn({"base": (3.0, 0.1), "generic": (2.5, 0.0)}, profiles=8))
    keep("tuned", drawn({"tuned": (3.6, 0.1)}, seed=1, profiles=8))
    files = ("--json", "c.json", "--md", "c.md", "--html", "c.html")
    status, out, err = interalign("compare", "runs/base", "runs/tuned/results.json", *files)
    assert (status, err) == (0, "")
    assert "tuned − base" in out
    assert "not compared" not in out
    figures = json.loads(Path("c.json").read_text())["figures"]
    assert [(one["a"], one["b"]) for one in figures["differences"]] == [("tuned", "base")]
    assert "tuned − base" in Path("c.md").read_text()
    assert "<svg" in Path("c.html").read_text()


def test_evaluations_on_other_cases_are_shown_side_by_side_with_the_reason(interalign: Run) -> None:
    keep("base", drawn({"base": (3.0, 0.1)}, profiles=8))
    keep("other", drawn({"base": (3.6, 0.1)}, profiles=7))
    status, out, _ = interalign("compare", "runs/base", "runs/other")
    assert status == 0
    assert "not compared in pairs: the cases differ, 35 ids are shared (base: 40 cases, other: 35 cases)" in out
    assert "other: base" in out
    assert "−" not in out


def test_what_cannot_be_compared_gets_a_sentence(interalign: Run) -> None:
    status, out, err = interalign("compare", "absent")
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_card_beside_people(interalign: Run, scripted_run: Path) -> None:
    said = [{"role": "user", "content": "Well, who knows?"}, {"role": "assistant", "content": "I do."}]
    Path("people.jsonl").write_text((json.dumps({"messages": said}) + "\n") * 7)
    options = ("--against", "people.jsonl", "--html", "card.html", "--json", "card.json")
    status, out, err = interalign("simulator", "card", scripted_run, *options)
    assert (status, err) == (0, "")
    assert out.startswith("simulated: 6 conversations (6 profiles), 24 messages of the user\npeople: 7 conversations")
    assert "choice of words" in out
    assert json.loads(Path("card.json").read_text())["people"]["asking"]["value"] == 1
    assert "default-src 'none'" in Path("card.html").read_text()


def test_a_folder_of_an_evaluation_says_where_its_dialogues_are(interalign: Run) -> None:
    Path("eval/dialogues/base").mkdir(parents=True)
    Path("eval/dialogues/base/trees.jsonl").touch()
    status, _, err = interalign("simulator", "card", "eval")
    assert status == 2
    assert "such as eval/dialogues/base" in err
    assert "no conversation in which anybody speaks" in interalign("simulator", "card", "eval/dialogues/base")[2]
