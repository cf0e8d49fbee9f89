"""progress: how a build shows that it gets on: a bar on a terminal, lines elsewhere."""

import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["BuildBar", "BuildLines", "BuildProgress", "NoBuildProgress", "Snapshot", "build_progress"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a build stands."""

    pool: int
    target: int
    rounds: int
    accepted: int
    """Of the drafts of the last rounds."""
    drafts: int
    calls: int
    tokens: int
    """Prompt and completion tokens, those of former calls of the build included."""
    money: float
    """By the prices of the config; 0 where it names none."""

    def __str__(self) -> str:
        rate = (
            f"{self.accepted / self.drafts:.0%} of the last {self.drafts} drafts taken"
            if self.drafts
            else "no drafts yet"
        )
        cost = f", cost {self.money:.4g}" if self.money else ""
        used = f"{self.rounds} rounds, {self.calls} calls, {self.tokens} tokens{cost}"
        return f"{self.pool}/{self.target} in the pool, {rate}, {used}"


class BuildProgress(Protocol):
    def update(self, snapshot: Snapshot) -> None: ...

    def close(self) -> None: ...


class NoBuildProgress:
    """Says nothing."""

    def update(self, snapshot: Snapshot) -> None:
        pass

    def close(self) -> None:
        pass


class BuildLines:
    """A line after a round, at most one every `seconds`, and one for the last."""

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._shown = 0.0
        self._waiting: Snapshot | None = None

    def update(self, snapshot: Snapshot) -> None:
        self._waiting = snapshot
        if time.monotonic() - self._shown >= self._seconds:
            self.close()
            self._shown = time.monotonic()

    def close(self) -> None:
        if self._waiting is not None:
            print(self._waiting, flush=True)  # noqa: T201 - this is the plain backend
            self._waiting = None


class BuildBar:
    """A rich progress bar."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("[bold]building"), BarColumn(), TextColumn("{task.fields[status]}"), TimeElapsedColumn()
        )
        self._task = self._bars.add_task("", total=None, status="starting ...")
        self._bars.start()

    def update(self, snapshot: Snapshot) -> None:
        self._bars.update(self._task, total=snapshot.target, completed=snapshot.pool, status=str(snapshot))

    def close(self) -> None:
        self._bars.stop()


def build_progress(terminal: bool) -> BuildProgress:
    """A bar where it can be drawn, plain lines elsewhere."""
    return BuildBar() if terminal else BuildLines()
