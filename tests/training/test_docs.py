"""docs/training.md: its commands and code run, and the defaults that it shows are the defaults."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from interalign.cli import main
from interalign.config import parse_config
from interalign.training import DPOSettings, SFTSettings

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```", (ROOT / "docs/training.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def test_the_commands_and_the_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    for kind, text in BLOCKS:
        if kind == "python":
            done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True, timeout=60)
            assert re.match(r"\d+ pairs to train on, \d+ held out", done.stdout)
        for line in text.splitlines() if kind == "sh" else ():
            monkeypatch.setattr(sys, "argv", shlex.split(line))
            with pytest.raises(SystemExit) as end:
                main()
            assert not end.value.code, line


def test_the_config_shows_the_defaults() -> None:
    shown, mix = (tomllib.loads(text) for kind, text in BLOCKS if kind == "toml")
    needed = {key: shown["train"][key] for key in ("model", "data", "start")}
    assert parse_config(shown, DPOSettings) == parse_config({"train": needed}, DPOSettings)
    assert parse_config({"train": needed, **mix}, SFTSettings).mix is not None
