"""callbacks: a training's log as JSON Lines, and its progress. Imports transformers."""

import json
import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from interalign.files import write_lines
from interalign.training.folder import read_log
from interalign.training.progress import TrainProgress, TrainSnapshot

__all__ = ["JsonLog", "ShowProgress"]

_COUNTERS = ("num_tokens", "eval_num_tokens")
"""What begins at zero again in a training that goes on."""
_SUMMARY = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos", "train_loss")


class JsonLog(TrainerCallback):
    """Appends what is logged. What a former call logged after the checkpoint that it goes on from is dropped first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = time.monotonic()
        if state.is_world_process_zero:
            kept = [record for record in read_log(self.path) if record["step"] <= state.global_step]
            write_lines(self.path, (json.dumps(record) + "\n" for record in kept))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if not state.is_world_process_zero or not logs or "train_runtime" in logs:
            return
        kept = {key: _plain(value) for key, value in logs.items() if key not in _COUNTERS}
        record = {"step": state.global_step, **kept}
        record["seconds"] = round(time.monotonic() - self.started, 2)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def _plain(value: Any) -> Any:
    """JSON has no name for what is no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(f"{value:.6g}") if isinstance(value, float) else value


class ShowProgress(TrainerCallback):
    """Tells a `TrainProgress` where the training stands; on the first process alone."""

    def __init__(self, progress: TrainProgress) -> None:
        self.progress = progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.progress.update(TrainSnapshot(state.global_step, state.max_steps))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if state.is_world_process_zero and logs and not any(key in logs for key in _SUMMARY):
            numbers = {key: float(value) for key, value in logs.items() if isinstance(value, (int, float))}
            self.progress.update(TrainSnapshot(state.global_step, state.max_steps, numbers))
