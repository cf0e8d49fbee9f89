"""What README.md and docs/personas.md show is what happens: code and commands run, in the order in which they stand."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from interalign.config import parse_config
from interalign.sim import RunConfig

ROOT = Path(__file__).parents[1]


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each code block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/personas.md"])
def test_the_code_and_the_commands_run(page: str, tmp_path: Path) -> None:
    for folder in ("examples", "agents/data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    programs = {"python": sys.executable, "interalign": str(Path(sys.executable).with_name("interalign"))}
    for kind, text in blocks(page):
        if kind == "python":
            commands = [[sys.executable, "-c", text]]
        else:
            commands = [shlex.split(line) for line in text.splitlines() if kind == "sh"]
        for command in commands:
            command[0] = programs.get(command[0], command[0])
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, f"{command}: {done.stderr}"


def test_the_configs_are_valid() -> None:
    texts = [text for kind, text in blocks("README.md") if kind == "toml"]
    data = tomllib.loads("\n".join(texts))
    for other in ("llama", "mistral"):
        data["models"][other] = {"engine": "scripted"}
    data["cast"]["inducer"] = "qwen"
    assert parse_config(data, RunConfig).cast.user.model == "qwen"
