"""`interalign evaluate` and the end of `interalign demo`."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interalign.cli import app
from interalign.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.usefixtures("_no_plots")


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "evaluate.toml", tmp_path)


def evaluate(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", "evaluate.toml", "--cases", "4", "--turns", "3", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def results(folder: Path = Path("runs/evaluate")) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def test_the_tables_are_shown_and_the_report_is_written() -> None:
    shown = evaluate("--controls", "generic,oracle")
    assert "Between generic (0) and oracle (1)" in shown
    assert "open runs/evaluate/report.html" in shown
    assert [model["name"] for model in results()["models"]] == [
        "base",
        "oracle(base)",
        "tuned",
        "oracle(tuned)",
        "generic",
    ]


def test_another_judge_scores_again_without_a_call() -> None:
    evaluate("--controls", "none")
    shown = evaluate("--controls", "none", "--judge", "embedding")
    assert "\n0 calls" in shown
    (other,) = Path("runs/evaluate").glob("by-embedding-*")
    assert results(other)["judge"] == "embedding"
    assert results()["judge"] == "llm"
    assert results(other)["trees"]["base"] == "../dialogues/base"


def test_the_judge_is_a_flag_and_its_keys_are_set() -> None:
    evaluate("--controls", "none", "--judge", "llm", "--set", "evaluate.judge.model=simulator")
    assert results()["judge"] == "llm"


def test_preferences_flip_and_the_paper_is_followed_where_asked() -> None:
    assert "The preference flip" in evaluate("--controls", "none", "--flip-at", "2", "--paper-compat")
    made = results()["provenance"]
    assert (made["flip_at"], made["paper_compat"], made["disclosure"]) == (2, True, "free")


def test_mistakes_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"'evaluate\.controls\.0' = 'placebo'"):
        evaluate("--controls", "placebo")


def test_the_demo_ends_with_an_evaluation_that_its_report_leads_to() -> None:
    done = CliRunner().invoke(app, ["demo", "--engine", "scripted", "--turns", "2", "--cases", "2"])
    assert done.exit_code == 0, done.output
    assert "Between generic (0) and oracle (1)" in done.output
    assert 'href="aloe/report.html"' in Path("runs/demo/report.html").read_text()
    assert Path("runs/demo/aloe/report.html").exists()
    assert Path("runs/demo/pairs.jsonl").exists()
