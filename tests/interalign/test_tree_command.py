"""`interalign tree` as a tool: pages with failures, maps, and files of other programs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interalign.cli import main
from interalign.sim import read_trees

Tree = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tree:
    """Runs `interalign tree ...` in a folder of its own; returns status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["interalign", "tree", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capsys.readouterr()

    return call


def test_a_map_is_drawn_as_svg_and_png(tree: Tree, scripted_run: Path) -> None:
    pytest.importorskip("resvg_py", reason="needs the extra plot")
    assert tree(scripted_run, "c00001", "--svg", "map.svg", "--png", "map.png") == (
        0,
        "wrote map.svg\nwrote map.png\n",
        "",
    )
    assert Path("map.svg").read_text(encoding="utf-8").startswith("<svg ")
    assert Path("map.png").read_bytes().startswith(b"\x89PNG")


def test_a_map_needs_one_conversation(tree: Tree, scripted_run: Path) -> None:
    status, out, errors = tree(scripted_run, "--svg", "map.svg")
    assert (status, out) == (2, "")
    assert f"name one: interalign tree {scripted_run} c00000 --svg FILE" in errors
    assert not Path("map.svg").exists()


@pytest.mark.parametrize("target", ["absent/map.png", "."])
def test_a_map_that_cannot_be_written_gets_a_sentence(tree: Tree, scripted_run: Path, target: str) -> None:
    pytest.importorskip("resvg_py", reason="needs the extra plot")
    status, _, errors = tree(scripted_run, "c00000", "--png", target)
    assert (status, errors.count("\n")) == (2, 1)
    assert "cannot be written" in errors


@pytest.mark.parametrize("format", ["nodelink", "oasst", "graphml"])
def test_trees_go_to_other_programs_and_come_back(tree: Tree, scripted_run: Path, format: str) -> None:
    status, out, _ = tree(scripted_run, "--export", "file", "--format", format)
    assert (status, out) == (0, f"wrote 6 trees to file ({format})\n")
    assert tree("file", "--from", format, "--export", "trees.jsonl")[0] == 0
    assert Path("trees.jsonl").read_bytes() == (scripted_run / "trees.jsonl").read_bytes()
    assert len(tree("file", "--from", format)[1].splitlines()) == 7


def test_the_page_of_a_run_lists_its_failures(tree: Tree, scripted_run: Path) -> None:
    Path("run").mkdir()
    Path("run/trees.jsonl").write_bytes((scripted_run / "trees.jsonl").read_bytes())
    record = {"id": "c00007", "persona": "p", "error": "CallError", "reason": "<no answer>"}
    Path("run/failures.jsonl").write_text(json.dumps(record) + "\n[]\nhalf a li", encoding="utf-8")
    assert tree("run", "--html", "page.html")[0] == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert '"failures":[{"id":"c00007","persona":"p","error":"CallError","reason":"\\u003cno answer\\u003e"}]' in page


def test_a_run_of_failures_alone_has_a_page(tree: Tree) -> None:
    Path("run").mkdir()
    Path("run/trees.jsonl").touch()
    Path("run/failures.jsonl").write_text('{"id": "c00000", "reason": "no answer"}\n')
    assert tree("run", "--html", "page.html")[0] == 0
    assert "no answer" in Path("page.html").read_text(encoding="utf-8")
    assert tree("run")[0] == 2


def test_a_file_in_the_wrong_format_gets_a_sentence(tree: Tree, scripted_run: Path) -> None:
    assert sum(1 for _ in read_trees(scripted_run)) == 6
    status, out, errors = tree(scripted_run / "trees.jsonl", "--from", "oasst")
    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert "trees.jsonl, line 1: not an OpenAssistant message tree" in errors
