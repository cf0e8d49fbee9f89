"""`interalign judges card` and `compare`: what they print and write, and every mistake in one sentence."""

import json
import shutil
from pathlib import Path

import pytest

from interalign.cli import main

MODELS = '[models.script]\nengine = "scripted"\n'


@pytest.fixture
def interalign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command in a folder of its own; returns status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["interalign", "judges", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capsys.readouterr()

    return call


def test_a_card_without_any_config(interalign) -> None:
    status, out, err = interalign("card", "--judge", "embedding", "--repeats", "1")
    assert (status, err) == (0, "")
    assert "60 rows (labels: 25 a, 25 b, 10 tie)" in out
    assert "undefined: each row was asked once" in out
    card = json.loads(Path("runs/judge-card/card.json").read_text())
    assert card["judges"][0]["accuracy"]["value"] >= 0.7
    assert Path("runs/judge-card/card.html").read_text().startswith("<!doctype html>")


def test_several_judges_side_by_side_on_a_file(interalign) -> None:
    Path("c.toml").write_text(MODELS + '[judges.strict]\njudge = "embedding"\nmargin = 0.2\n')
    row = {"instruction": "Sum up.", "input": "", "response1": "x", "response2": "yy"}
    lines = [json.dumps({**row, "annotator1": n % 3, "annotator2": 1, "annotator3": n % 2}) for n in range(9)]
    Path("panda.jsonl").write_text("\n".join(lines))
    status, out, err = interalign("card", "panda.jsonl", "--judge", "llm", "--config", "c.toml")
    assert (status, err) == (0, "")
    assert "3 annotators agree with each other at a mean kappa of" in " ".join(out.split())
    assert "9 rows have no persona" in " ".join(out.split())
    status, out, _ = interalign("card", "--judge", "embedding", "--judge", "strict", "--config", "c.toml")
    assert status == 0
    assert "strict" in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--judge", "llm"], "the judge 'llm' is played by a model; name one in [models] of a --config"),
        (["--judge", "nonsense"], "nonsense"),
        (["--judge", "embedding", "--judge", "embedding"], "two judges are called 'embedding'"),
        (["absent.jsonl", "--judge", "embedding"], "no file of judgements at 'absent.jsonl'"),
        (["bad.jsonl", "--judge", "embedding"], "bad.jsonl, line 1: not valid JSON"),
        (["plain.jsonl", "--judge", "embedding"], "compares replies with a persona"),
        (["--judge", "embedding", "--out", "bad.jsonl"], "cannot be written"),
    ],
)
def test_mistakes_get_one_sentence(interalign, arguments: list[str], why: str) -> None:
    Path("bad.jsonl").write_text("{")
    Path("plain.jsonl").write_text(json.dumps({"a": "x", "b": "y", "label": "a", "history": "Hi"}))
    status, out, err = interalign("card", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert why in err
    assert not Path("runs").exists()


def test_judges_of_a_run_are_compared(interalign, scripted_run: Path) -> None:
    shutil.copytree(scripted_run, "run")
    status, out, err = interalign("compare", "run", "--judge", "llm", "--judge", "embedding")
    assert (status, err) == (0, "")
    assert "24 comparisons in 6 conversations" in out
    assert "Krippendorff's alpha" in out
    assert out.endswith("wrote run/comparison.html and run/comparison.json\n")
    assert json.loads(Path("run/comparison.json").read_text())["judges"][1]["name"] == "embedding"


def test_a_judge_of_another_config_judges_the_run(interalign, scripted_run: Path) -> None:
    shutil.copytree(scripted_run, "run")
    Path("c.toml").write_text('[models.other]\nengine = "scripted"\n[judges.strict]\njudge = "llm"\nmodel = "other"\n')
    status, out, _ = interalign(
        "compare", "run", "--judge", "llm", "--judge", "strict", "--config", "c.toml", "--scores"
    )
    assert status == 0
    assert "llm · strict" in out
    assert [judge["name"] for judge in json.loads(Path("run/comparison.json").read_text())["judges"]] == [
        "llm",
        "strict",
    ]


def test_one_judge_alone_is_refused(interalign, scripted_run: Path) -> None:
    status, out, err = interalign("compare", str(scripted_run))
    assert (status, out) == (2, "")
    assert "two or more different judges are needed, not 'llm'" in err
