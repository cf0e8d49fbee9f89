"""The live view: what it says of a run, for which trees, and that nobody's text reaches the terminal as more than text."""

import io
from pathlib import Path

import growing
import pytest
from rich.console import Console

from interalign.graphs import ConversationTree
from interalign.sim import RunConfig, Summary, run, simulate
from interalign.sim.progress import LineProgress, Snapshot, progress_for
from interalign.sim.watch import WatchProgress, draw_snapshot


def drawn(snapshot: Snapshot, rate: float = 0.0, rows: int = 20) -> str:
    console = Console(width=140, file=io.StringIO(), record=True, force_terminal=True)
    console.print(draw_snapshot(snapshot, rate, rows))
    return " ".join(console.export_text().split())


def snapshot(**changes: object) -> Snapshot:
    return Snapshot(**{"finished": 2, "failed": 0, "total": 5, "calls": 40, "tokens": 900, "seconds": 65.0, **changes})  # type: ignore[arg-type]


def test_it_says_what_was_used() -> None:
    used = snapshot(in_flight=7, replayed=10, prompt_tokens=1000, cached_tokens=850, retries=3, money=0.25, failed=1)
    text = drawn(used, rate=42.4)
    for part in (
        *("2/5 conversations", "1 failed", "1:05", "7 calls in flight, 40 answered", "42 tokens/s"),
        *("85% of prompts from prefix cache", "20% of answers from the run's cache", "3 retries", "0.2500 spent"),
    ):
        assert part in text


def test_it_says_nothing_of_a_run_that_has_not_begun() -> None:
    text = drawn(Snapshot(0, 0, 0, 0, 0, 0.0))
    assert "0/0 conversations" in text
    assert "nothing spent" in text


def test_each_growing_tree_has_a_line_and_the_rest_is_counted() -> None:
    tree = growing.grown(turns=2)
    text = drawn(snapshot(live=(tree,) * 5, turns=4), rows=3)
    assert text.count("p1") == 3
    assert text.count("━━──") == 3
    assert "... and 2 more" in text


def test_hostile_text_stays_text() -> None:
    tree = ConversationTree("[red]c0[/red]", growing.PERSONA)
    tree.add(None, "user", "\x1b[2J[bold]hello[/bold]\n\u202eolleh")
    text = drawn(snapshot(live=(tree,), turns=1))
    assert "[red]c0[/red]" in text
    assert "[bold]hello[/bold]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_it_is_shown_only_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(progress_for(terminal=False, watch=True), LineProgress)
    progress = progress_for(terminal=True, watch=True)
    progress.close()
    assert isinstance(progress, WatchProgress)
    capsys.readouterr()


def test_a_summary_shows_itself_in_a_notebook(scripted_run: Path) -> None:
    page = Summary(scripted_run, 4, 1, 30, 900, 2.5, "the budget is used up")._repr_html_()
    assert "the budget is used up" in page
    assert page.count("<details><summary dir") == 5


def test_a_run_shows_its_trees_while_they_grow(tmp_path: Path) -> None:
    seen: list[Snapshot] = []

    class Seen:
        def update(self, snapshot: Snapshot) -> None:
            seen.append(snapshot)

        def close(self) -> None:
            pass

    models = {"m": {"engine": "scripted", "latency": 0.02}}
    config = RunConfig.model_validate({"run": {"conversations": 6, "turns": 6, "concurrency": 3}, "models": models})
    run(lambda: simulate(config, tmp_path / "run", progress=Seen()))
    assert max(len(one.live) for one in seen) in (2, 3)
    assert {one.turns for one in seen} == {6}
    assert seen[-1].live == ()
