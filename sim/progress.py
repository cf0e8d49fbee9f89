"""progress: how a run shows that it gets on: bars on a terminal, lines elsewhere."""

import time
from dataclasses import dataclass
from typing import Protocol

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


def progress_for(terminal: bool) -> Progress:
    """Bars where they can be drawn, plain lines elsewhere."""
    return BarProgress() if terminal else LineProgress()
