"""progress: how a training shows that it gets on: a bar on a terminal, lines elsewhere."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["NoTrainProgress", "TrainBar", "TrainLines", "TrainProgress", "TrainSnapshot", "train_progress_for"]

_SHOWN = (
    ("loss", "loss"),
    ("rewards/accuracies", "accuracy"),
    ("rewards/margins", "margin"),
    ("eval_loss", "held-out loss"),
    ("eval_rewards/accuracies", "held-out accuracy"),
)


@dataclass(frozen=True, slots=True)
class TrainSnapshot:
    """Where a training stands."""

    step: int
    steps: int
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What was logged last, under the trainer's names."""

    def __str__(self) -> str:
        shown = [f"{title} {self.numbers[key]:.4g}" for key, title in _SHOWN if key in self.numbers]
        return ", ".join((f"step {self.step}/{self.steps}", *shown))

    @property
    def evaluation(self) -> bool:
        return "eval_loss" in self.numbers


class TrainProgress(Protocol):
    def note(self, line: str) -> None: ...

    def update(self, snapshot: TrainSnapshot) -> None: ...

    def close(self) -> None: ...


class NoTrainProgress:
    """Says nothing."""

    def note(self, line: str) -> None:
        pass

    def update(self, snapshot: TrainSnapshot) -> None:
        pass

    def close(self) -> None:
        pass


class TrainLines:
    """A line at most every `seconds`, and for the last step and every evaluation."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._last = 0.0

    def note(self, line: str) -> None:
        print(line, flush=True)  # noqa: T201 - this is the plain backend

    def update(self, snapshot: TrainSnapshot) -> None:
        now = time.monotonic()
        if snapshot.evaluation or snapshot.step == snapshot.steps or now - self._last >= self._seconds:
            self.note(str(snapshot))
            self._last = now

    def close(self) -> None:
        pass


class TrainBar:
    """A rich progress bar, with evaluations as lines above it."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("[bold]training"),
            BarColumn(),
            TextColumn("{task.fields[status]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._bars.add_task("", total=None, status="loading ...")
        self._bars.start()

    def note(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)

    def update(self, snapshot: TrainSnapshot) -> None:
        if snapshot.evaluation:
            self.note(str(snapshot))
        self._bars.update(self._task, total=snapshot.steps, completed=snapshot.step, status=str(snapshot))

    def close(self) -> None:
        self._bars.stop()


def train_progress_for(terminal: bool) -> TrainProgress:
    """A bar where it can be drawn, plain lines elsewhere."""
    return TrainBar() if terminal else TrainLines()
