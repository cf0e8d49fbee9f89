"""progress: how a run shows that it gets on: bars on a terminal, lines elsewhere."""

import time
from dataclasses import dataclass
from typing import Protocol

from interalign.graphs import ConversationTree

__all__ = ["BarProgress", "LineProgress", "NoProgress", "Progress", "Snapshot", "progress_for"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run stands."""

    finished: int
    failed: int
    total: int
    """Conversations."""
    calls: int
    tokens: int
    """Completion tokens."""
    seconds: float
    turns: int = 0
    """Planned for each conversation."""
    in_flight: int = 0
    """Calls that are at an engine now."""
    replayed: int = 0
    """Answers taken from the run's cache."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that engines took from their prefix cache."""
    retries: int = 0
    money: float = 0.0
    live: tuple[ConversationTree, ...] = ()
    """The trees that grow at the moment."""

    def __str__(self) -> str:
        rate = self.tokens / self.seconds if self.seconds else 0.0
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.finished}/{self.total} conversations{failed}, {self.calls} calls, {rate:.0f} tokens/s"


class Progress(Protocol):
    def update(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


class NoProgress:
    """Says nothing."""

    def update(self, snapshot: Snapshot) -> None:
        pass

    def close(self) -> None:
        pass


class LineProgress:
    """A line whenever a conversation ends, at most one every `seconds`."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._last = 0.0
        self._done = 0

    def update(self, snapshot: Snapshot) -> None:
        done = snapshot.finished + snapshot.failed
        now = time.monotonic()
        if done != self._done and (done == snapshot.total or now - self._last >= self._seconds):
            print(snapshot, flush=True)  # noqa: T201 - this is the plain backend
            self._last = now
        self._done = done

    def close(self) -> None:
        pass


class BarProgress:
    """A rich progress bar."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("[bold]simulating"), BarColumn(), TextColumn("{task.fields[status]}"), TimeElapsedColumn()
        )
        self._task = self._bars.add_task("", total=None, status="starting ...")
        self._bars.start()

    def update(self, snapshot: Snapshot) -> None:
        done = snapshot.finished + snapshot.failed
        # Between two finished conversations the bar would stand still: the calls say that work goes on.
        self._bars.update(self._task, total=snapshot.total, completed=done, status=str(snapshot))

    def close(self) -> None:
        self._bars.stop()


def progress_for(terminal: bool, watch: bool = False) -> Progress:
    """Bars, or with `watch` the growing trees, where they can be drawn; plain lines elsewhere."""
    if terminal and watch:
        from interalign.sim.watch import WatchProgress

        return WatchProgress()
    return BarProgress() if terminal else LineProgress()
