"""runner: one training, from a config to a result folder. What can be wrong is found before the model is loaded."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from interalign.errors import InteralignError
from interalign.files import write_text
from interalign.sim.store import now
from interalign.training.config import Packing, TrainSettings
from interalign.training.folder import TrainFolder, disk, is_first_process, read_log
from interalign.training.preparing import Prepared, choose_packing, pin, prepare
from interalign.training.progress import NoTrainProgress, TrainProgress
from interalign.training.quiet import quiet
from interalign.training.start import KIND

__all__ = ["Trained", "train"]

_PACKAGES = ("interalign", "torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to."""

    folder: Path
    manifest: dict[str, Any]
    """As in manifest.json."""
    steps: int
    """Taken by this call; 0 where nothing was left to do."""


def train(config: TrainSettings, out: str | Path, *, progress: TrainProgress | None = None) -> Trained:
    """Train as `config` says into the folder `out`; the same call goes on from the last checkpoint.

    Raises:
        ConfigError, MissingError, RunFolderError: before the model is loaded, wherever that is possible.
        DivergedError: the loss is no number any more; the last good checkpoint is kept.
        RunFolderError: the folder cannot be written; the last whole checkpoint is kept.
    """
    out = Path(out)
    progress = progress if progress and is_first_process() else NoTrainProgress()
    try:
        config, start = pin(config)
        done = _finished(out, config)
        if done is not None:
            return Trained(out, done, 0)
        prepared = prepare(config, start)
        with TrainFolder(out, config) as folder, quiet():
            return _run(prepared, folder, progress)
    finally:
        progress.close()


def _finished(out: Path, config: TrainSettings) -> dict[str, Any] | None:
    """The manifest, if the folder holds this very training, finished."""
    if not (out / "manifest.json").is_file():
        return None
    with TrainFolder(out, config) as folder:
        return folder.manifest


def _run(prepared: Prepared, folder: TrainFolder, progress: TrainProgress) -> Trained:
    from interalign.training.callbacks import JsonLog, ShowProgress
    from interalign.training.loading import load_policy
    from interalign.training.packing import model_refusal
    from interalign.training.trainers import make_trainer

    model = load_policy(prepared.config, prepared.start)
    notes, packing = list(prepared.notes), prepared.packing
    if packing == "tree":
        packing = choose_packing(model_refusal(model, max(prepared.train.longest, prepared.held.longest)), notes)
    for note in notes:
        progress.note(note)
    log = folder.path / "log.jsonl"
    callbacks = [JsonLog(log), ShowProgress(progress)]
    rows = (prepared.train.rows, prepared.held.rows)
    trainer = make_trainer(prepared.config, folder.checkpoints, model, prepared.tokenizer, *rows, callbacks, packing)
    checkpoint = folder.last_checkpoint()
    if checkpoint is not None:
        progress.note(f"going on from {checkpoint}")
    before = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    started = time.monotonic()
    with disk(folder.path):
        if checkpoint is None:
            _begin(trainer, log)
        elif not _end(trainer, checkpoint, log):
            trainer.train(resume_from_checkpoint=str(checkpoint))
        manifest = _manifest(prepared, packing, trainer.state.global_step, log, time.monotonic() - started)
        _save(trainer, folder, manifest)
    return Trained(folder.path, folder.manifest or manifest, trainer.state.global_step - before)


def _begin(trainer: Any, log: Path) -> None:
    if trainer.is_world_process_zero():
        write_text(log, "")  # a former call may have been killed before its first checkpoint
    if trainer.eval_dataset is not None:
        trainer.evaluate()
    trainer.train()


def _end(trainer: Any, checkpoint: Path, log: Path) -> bool:
    """Whether all steps were taken already; then what was trained is loaded, and evaluated if it was not.

    The trainer would take one more step.
    """
    from transformers import TrainerState

    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    if state.global_step < state.max_steps:
        return False
    state.is_world_process_zero = trainer.is_world_process_zero()
    trainer.state = state
    trainer._load_from_checkpoint(str(checkpoint))
    evaluated = any(record["step"] == state.global_step and "eval_loss" in record for record in read_log(log))
    if trainer.eval_dataset is not None and not evaluated:
        trainer.evaluate()
    return True


def _save(trainer: Any, folder: TrainFolder, manifest: dict[str, Any]) -> None:
    """Save what was trained; files first, the manifest last."""
    work = folder.path / ".result"
    try:
        trainer.save_model(str(work))
    except Exception as error:
        if isinstance(error, (InteralignError, OSError)):
            raise
        raise OSError(" ".join(str(error).split())[:160]) from None  # what writes the tensors has errors of its own
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        _name_base(work / "adapter_config.json", manifest["base"])
        folder.take_result(work, manifest)
    trainer.accelerator.wait_for_everyone()


def _name_base(path: Path, base: str) -> None:
    """An adapter says what it is an adapter of by the name that its user gave, not by a folder of this machine's cache."""
    if path.is_file():
        config = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**config, "base_model_name_or_path": base}, indent=2) + "\n", encoding="utf-8")


def _manifest(prepared: Prepared, packing: Packing, steps: int, log: Path, seconds: float) -> dict[str, Any]:
    config, start = prepared.config, prepared.start
    history = read_log(log)
    losses = [record["loss"] for record in history if "loss" in record]
    evaluations = [record for record in history if "eval_loss" in record]
    return {
        "kind": KIND,
        "method": config.method,
        "model": config.train.model,
        "base": str(start.folder) if start.kind == "model" else config.train.model,
        "start": start.kind,
        "full": config.train.full,
        "packing": packing,
        "steps": steps,
        "rows": len(prepared.train.rows),
        "shortened": prepared.train.shortened,
        "refused": dict(prepared.train.refused),
        "loss": {"first": losses[0], "last": losses[-1]} if losses else None,
        "evaluation": {"before": _metrics(evaluations[:1]), "after": _metrics(evaluations[-1:])}
        if evaluations
        else None,
        "seconds": round(seconds, 1),
        "config_digest": config.digest(),
        "finished_at": now(),
        "versions": {package: version(package) for package in _PACKAGES},
    }


def _metrics(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """One evaluation's figures, without those that measure the machine."""
    return {
        key.removeprefix("eval_"): value
        for record in records
        for key, value in record.items()
        if key.startswith("eval_") and not key.endswith(("runtime", "per_second", "_time", "num_tokens"))
    }
