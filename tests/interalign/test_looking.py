"""Looking from the command line: the machine of a config, and long trees through a pager."""

from pathlib import Path

import click
import pytest
from rich.console import Console

from interalign.cli.graph import graph
from interalign.cli.tree import tree

CONFIG = """
[run]
graph = "{graph}"
[models.one]
engine = "scripted"
[models.two]
engine = "scripted"
[cast]
model = "one"
judge = "embedding"
[[cast.responders]]
name = "short"
model = "two"
[[cast.responders]]
strategy = "hinted"
"""
OWN = """
import interalign as ia
async def critic(state, runtime):
    pass
def build():
    graph = ia.dialogue_graph()
    graph.add_node("critic", critic)
    graph.add_edge("branch", "critic")
    return graph
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "looking_graph.py").write_text(OWN)
    path = tmp_path / "run.toml"
    path.write_text(CONFIG.format(graph="looking_graph:build"))
    return path


def test_the_machine_of_a_config_is_printed_with_its_players(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph(config)
    text = capsys.readouterr().out
    for label in ("user<br>one", "plain<br>short: two", "hinted<br>hinted: one", "judge<br>embedding", "critic"):
        assert f'"{label}"' in text


def test_the_machine_is_drawn_into_files(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph(config, svg=Path("m.svg"), png=Path("m.png"))
    assert capsys.readouterr().out == "wrote m.svg\nwrote m.png\n"
    assert "critic" in Path("m.svg").read_text()
    assert Path("m.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("terminal", "paged"), [(True, True), (False, False)])
def test_what_is_longer_than_the_screen_is_paged(
    terminal: bool, paged: bool, scripted_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Console, "is_terminal", property(lambda self: terminal))
    monkeypatch.setattr(click, "echo_via_pager", shown.append)
    monkeypatch.setenv("LINES", "10")
    tree(scripted_run, "c00000")
    assert bool(shown) == paged
    assert "turn 4 · user" in (shown[0] if paged else capsys.readouterr().out)
