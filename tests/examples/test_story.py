"""The notebook: its cells run in their order, and what is kept of them says nothing of the machine it was made on."""

import ast
import asyncio
import inspect
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = json.loads((Path(__file__).parents[2] / "examples" / "story.ipynb").read_text(encoding="utf-8"))


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for IPython, of which the notebook needs one name."""
    module: Any = types.ModuleType("IPython.display")
    module.SVG = lambda data=None, filename=None: data or Path(filename).read_text(encoding="utf-8")
    package: Any = types.ModuleType("IPython")
    package.version_info = (99, 0)  # matplotlib asks
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)


def test_the_cells_run_one_after_the_other(display: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            made = eval(code, names)
            if inspect.isawaitable(made):
                asyncio.run(_finish(made))
    assert (tmp_path / "runs" / "story" / "aloe" / "report.html").is_file()


async def _finish(cell: Any) -> None:
    await cell


def test_every_cell_has_been_run_and_shows_no_error() -> None:
    cells = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert kinds <= {"stream", "execute_result"}
    assert "/home/" not in str(NOTEBOOK)
    assert "/tmp/" not in str(NOTEBOOK)
