"""`interalign pairs` and `interalign train` on the command line."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from interalign.cli import main

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def interalign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in a folder of its own. A traceback fails the test."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["interalign", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Done(int(end.value.code or 0), *capsys.readouterr())

    return call


def test_pairs_say_what_they_wrote_and_left_out(interalign: Command, scripted_run: Path) -> None:
    done = interalign("pairs", str(scripted_run), "--out", "data", "--eval-share", "0.2")
    assert (done.status, done.err) == (0, "")
    manifest = json.loads(Path("data/manifest.json").read_text())
    assert done.out.startswith(
        f"{manifest['train']['pairs']} pairs of {manifest['train']['personas']} personas to train on, "
    )
    assert "left out: " in done.out
    assert "length: the chosen reply is the longer one in " in done.out


def test_both_examples_train(interalign: Command, tiny_model: Path, pair_data: Path) -> None:
    shutil.copytree(ROOT / "examples", "examples")
    shutil.copytree(pair_data, "data/demo")
    for method in ("sft", "dpo"):
        text = " ".join(interalign("train", method, "--help").out.split())
        command = shlex.split(
            text.partition("Example: ")[2].split(" Arguments")[0].split(" CONFIG.toml")[0].split(" ╭")[0]
        )
        command = command[1:4]
        done = interalign(*command, "--set", f"train.model={tiny_model}", "--set", "train.max_steps=2")
        assert (done.status, done.err) == (0, "")
        assert f"2 steps on 14 rows in runs/{method}\n" in done.out
        assert "training on 14 rows\n" in done.out
        assert "held-out people: loss " in done.out
    again = interalign(
        "train", "dpo", "examples/dpo.toml", "--set", f"train.model={tiny_model}", "--set", "train.max_steps=2"
    )
    assert "nothing was left to do" in again.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[train]\nmodel = 'm'\ndata = 'absent'\n", "'absent' holds no training data"),
        ("[train]\nmodel = 'm'\n", "key 'train.data' is missing"),
        ("[train]\nmodel = 'm'\ndata = 'd'\nrate = 1\n", "unknown key 'train.rate' = 1"),
        ("[train]\nmodel = 'm'\ndata = 'd'\nlr = -1\n", "key 'train.lr' = -1"),
        ("[train]\nmodel = 'm'\ndata = 'd'\nlog = ['x']\n", "key 'train.log.0' = 'x'"),
        ("", "key 'train' is missing"),
    ],
)
def test_a_mistake_gets_a_sentence(interalign: Command, text: str, words: str) -> None:
    Path("sft.toml").write_text(text)
    done = interalign("train", "sft", "sft.toml")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert words in done.err
    assert not Path("runs").exists()


def test_the_other_processes_of_a_training_are_silent(interalign: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    Path("sft.toml").write_text("[train]\nmodel = 'm'\ndata = 'absent'\n")
    assert interalign("train", "sft", "sft.toml") == (2, "", "")
