"""Every example runs as its own first lines say."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_the_script_runs_and_shows_something(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 4
    assert done.stderr == ""


def test_a_new_role_is_less_than_twenty_lines() -> None:
    text = (EXAMPLES / "new_role.py").read_text()
    role = text[text.index("class Mirror") :].partition("\n\n\n")[0]
    assert len([line for line in role.splitlines() if line.strip()]) < 20
