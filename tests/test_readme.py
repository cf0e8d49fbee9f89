"""What the README and the pages in docs/ show is what happens: code and commands run, in the order in which they stand.

Blocks marked `sh` and `python` are run; what needs another machine, or minutes, is marked `console` there.
"""

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
from interalign.sim import RunConfig

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each code block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[list[str]]:
    """What the page shows to be run; a Python block is a command `exec`."""
    found: list[list[str]] = []
    for kind, text in blocks(page):
        if kind == "python":
            found.append(["exec", text])
        elif kind == "sh":
            found += [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
    return [command for command in found if command]


def run(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process where that does the same: starting Python a hundred times takes minutes."""
    if command[0] == "exec":
        exec(compile(command[1], "<page>", "exec"), {"__name__": "__main__"})
    elif command[0] == "interalign":
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code in (0, None), command
    else:
        program = sys.executable if command[0] == "python" else command[0]
        subprocess.run([program, *command[1:]], check=True, timeout=120)


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_the_code_and_the_commands_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("examples", "agents/data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    for command in commands(page):
        run(command, monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_toml_is_toml(page: str) -> None:
    for kind, text in blocks(page):
        if kind == "toml":
            tomllib.loads(text)


def test_the_configs_are_valid() -> None:
    texts = [text for kind, text in blocks("README.md") if kind == "toml"]
    data = tomllib.loads("\n".join(texts))
    for other in ("llama", "mistral"):
        data["models"][other] = {"engine": "scripted"}
    data["cast"]["inducer"] = "qwen"
    assert parse_config(data, RunConfig).cast.user.model == "qwen"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    here = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8")):
        generated = "reference/" in target  # made from the code when the pages are built, which checks them
        assert generated or "://" in target or (here / target).exists(), f"{page}: {target}"
