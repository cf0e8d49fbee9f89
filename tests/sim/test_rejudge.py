"""Judging saved trees again."""

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interalign.cli import app
from interalign.config import load_config
from interalign.errors import ConfigError
from interalign.sim import RunConfig, read_manifest, read_trees
from interalign.sim.rejudge import Rejudged, rejudge


@pytest.fixture
def judged(scripted_run: Path, tmp_path: Path) -> Path:
    """A copy of a run that an LLM judge has judged."""
    return Path(shutil.copytree(scripted_run, tmp_path / "run"))


def again(run: Path, *overrides: str, name: str | None = None) -> Rejudged:
    return asyncio.run(rejudge(run, load_config(run / "config.toml", RunConfig, overrides), name))


def test_both_verdicts_are_kept_and_each_gives_its_pairs(judged: Path) -> None:
    before = [list(tree.pairs()) for tree in read_trees(judged)]
    found = again(judged, "cast.judge=embedding")
    trees = list(read_trees(judged))
    assert [list(tree.pairs()) for tree in trees] == before
    assert sum(len(list(tree.pairs("embedding"))) for tree in trees) == found.outcomes["decided"]
    assert found.outcomes.total() == 6 * 4
    assert {len(by) for tree in trees for by in tree.verdicts.values()} == {2}


def test_a_judge_of_another_mind_flips(judged: Path) -> None:
    found = again(judged, "models.script.judge_accuracy=0", name="contrary")
    assert (found.judge, found.agreed) == ("contrary", 0)
    assert found.flipped > 10


def test_judging_again_under_the_same_name_replaces(judged: Path) -> None:
    for _ in range(2):
        again(judged, "cast.judge=embedding")
    assert {len(by) for tree in read_trees(judged) for by in tree.verdicts.values()} == {2}


def test_the_first_judge_is_not_overwritten(judged: Path) -> None:
    with pytest.raises(ConfigError, match="was judged by 'llm' in the first place"):
        again(judged)


def test_the_manifest_names_the_judge_and_stays_true(judged: Path) -> None:
    again(judged, "cast.judge=embedding")
    manifest = read_manifest(judged)
    assert manifest is not None
    assert manifest["rejudged_by"]["embedding"]["judge"] == "embedding"


def test_the_command_says_how_the_judges_differ(judged: Path) -> None:
    shown = CliRunner().invoke(app, ["rejudge", str(judged), "--judge", "embedding"]).output
    assert "comparisons that both judges decided" in shown
    assert f"interalign pairs {judged} --judge embedding --out data/NAME" in shown
