"""What README.md shows is what happens: its code and its commands run, in the order in which they stand."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from interalign.config import parse_config
from interalign.sim import RunConfig

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_code_and_the_commands_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    programs = {"python": sys.executable, "interalign": str(Path(sys.executable).with_name("interalign"))}
    for kind, text in BLOCKS:
        if kind == "python":
            commands = [[sys.executable, "-c", text]]
        else:
            commands = [shlex.split(line) for line in text.splitlines() if kind == "sh"]
        for command in commands:
            command[0] = programs.get(command[0], command[0])
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, f"{command}: {done.stderr}"


def test_the_configs_are_valid() -> None:
    texts = [text for kind, text in BLOCKS if kind == "toml"]
    data = tomllib.loads("\n".join(texts))
    for other in ("llama", "mistral"):
        data["models"][other] = {"engine": "scripted"}
    data["cast"]["inducer"] = "qwen"
    assert parse_config(data, RunConfig).cast.user.model == "qwen"
