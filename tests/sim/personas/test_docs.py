"""docs/personas.md: its commands and code run in their order, its configs are valid, its defaults are the defaults."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from interalign.agents import Persona, Personality, Profile
from interalign.cli import main
from interalign.config import parse_config
from interalign.sim.personas import BuildConfig
from interalign.sim.personas.settings import BuildSection, FilterConfig, SaturationConfig

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/personas.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_commands_and_the_code_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "agents/data", tmp_path / "agents/data")
    monkeypatch.chdir(tmp_path)
    for kind, text in BLOCKS:
        if kind == "python":
            subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.DEVNULL, timeout=60)
        for line in text.splitlines() if kind == "sh" else ():
            monkeypatch.setattr(sys, "argv", shlex.split(line))
            with pytest.raises(SystemExit) as end:
                main()
            assert not end.value.code, line


def test_the_configs_are_valid_and_the_defaults_are_the_defaults() -> None:
    found = [tomllib.loads(text) for kind, text in BLOCKS if kind == "toml"]
    configs = [parse_config({"models": {"m": {"engine": "scripted"}}, **data}, BuildConfig) for data in found]
    first = configs[0]
    assert (first.build, first.filter, first.saturation) == (BuildSection(), FilterConfig(), SaturationConfig())
    assert len(configs) == 4


def test_the_schema_is_the_schema() -> None:
    lines = next(text for kind, text in BLOCKS if kind == "json").splitlines()
    for line, form in zip(lines, (Profile, Personality, Persona), strict=True):
        form.model_validate(json.loads(line))
