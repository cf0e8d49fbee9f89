"""docs/judge-card.md: its commands and code run in their order, and its config is valid."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from interalign.cli import main
from interalign.config import parse_config
from interalign.sim import RunConfig

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/judge-card.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_commands_and_the_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "docs/judge-card.md", "exec"), {})
        for line in text.splitlines() if kind == "sh" else ():
            monkeypatch.setattr(sys, "argv", shlex.split(line))
            with pytest.raises(SystemExit) as end:
                main()
            assert not end.value.code, line


def test_the_configs_are_valid() -> None:
    for kind, text in BLOCKS:
        if kind == "toml":
            assert parse_config(tomllib.loads(text), RunConfig).judges
