"""preparing: everything about a training that can be known, and found wrong, before the model is loaded."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interalign.errors import ConfigError, MissingError
from interalign.training.config import Packing, SFTSettings, TrainSettings
from interalign.training.dataset import read_pair_set
from interalign.training.examples import Fitted, check_template, choose_pad_token, fit_rows
from interalign.training.mixing import mix_in
from interalign.training.rows import read_rows
from interalign.training.start import Start, find_start, require_extra, with_adapter_values

__all__ = ["Prepared", "choose_packing", "pin", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before the model is loaded."""

    config: TrainSettings
    start: Start
    tokenizer: Any
    train: Fitted
    held: Fitted
    packing: Packing
    notes: tuple[str, ...]


def pin(config: TrainSettings) -> tuple[TrainSettings, Start]:
    """The config with the hashes of what it reads. Raises ConfigError where it has the hashes of something else."""
    require_extra()
    for logger in config.train.log:
        require_logger(logger)
    data = Path(config.train.data).expanduser()
    read_pair_set(data)
    start = find_start(config)
    config = with_adapter_values(config, start)
    found = {"data_sha256": _sha256(data / "manifest.json"), "start_sha256": start.digest}
    for key, value in found.items():
        if getattr(config.train, key) not in (None, value):
            what = config.train.data if key == "data_sha256" else config.train.start
            raise ConfigError(f"train.{key} is not that of {what}, which has changed; take the key out, or restore it")
    update: dict[str, Any] = {"train": config.train.model_copy(update=found)}
    if isinstance(config, SFTSettings) and config.mix is not None:
        path = Path(config.mix.file).expanduser()
        read_rows(path)  # its errors are the better ones
        digest = _sha256(path)
        if config.mix.sha256 not in (None, digest):
            raise ConfigError(f"mix.sha256 is not that of {path}, which has changed; take the key out, or restore it")
        update["mix"] = config.mix.model_copy(update={"sha256": digest})
    return config.model_copy(update=update), start


def require_logger(name: str) -> None:
    """Raises MissingError where a logger's package is not installed."""
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise MissingError(f"train.log has {name!r}, which is not installed; run: pip install {name}")


def prepare(config: TrainSettings, start: Start) -> Prepared:
    """Tokenizer and rows, checked.

    Raises:
        MissingError: there is no such model, or it has no tokenizer.
        ConfigError: conversations cannot be written for it, no row is left, or several GPUs are visible to one process.
    """
    from interalign.sim.hf_models import load_tokenizer
    from interalign.training.packing import prefix_stable

    _require_one_device()
    model = str(start.folder) if start.kind == "model" else config.train.model
    tokenizer = load_tokenizer(model)
    check_template(tokenizer, model)
    pad = choose_pad_token(tokenizer)
    notes = [f"the tokenizer has no padding token: {pad!r} is used, and masked"] if pad else []
    train, held = (_rows(config, tokenizer, side) for side in ("train", "eval"))
    if not train.rows:
        why = ", ".join(f"{count} {reason}" for reason, count in train.refused.most_common()) or "it has no rows"
        raise ConfigError(f"{config.train.data} has nothing to train on: {why}")
    if isinstance(config, SFTSettings) and config.mix is not None:
        notes.append(mix_in(train, config.mix, tokenizer, config.train))
    notes.append(f"training on {train}")
    if held.rows or held.refused:
        notes.append(f"evaluating on {held}")
    packing = config.train.packing
    if packing == "tree":
        packing = choose_packing(prefix_stable(tokenizer, train.rows), notes)
    return Prepared(config, start, tokenizer, train, held, packing, tuple(notes))


def _rows(config: TrainSettings, tokenizer: Any, side: str) -> Fitted:
    """One side of the data; it may have no rows to evaluate on."""
    prefix = "sft_" if config.method == "sft" else ""
    path = Path(config.train.data).expanduser() / f"{prefix}{side}.jsonl"
    return fit_rows(read_rows(path) if path.is_file() else [], tokenizer, config.train.max_length)


def _require_one_device() -> None:
    """Several GPUs take a process each."""
    import torch

    if torch.cuda.device_count() > 1 and "WORLD_SIZE" not in os.environ:
        raise ConfigError(
            f"{torch.cuda.device_count()} GPUs are visible to one process; start one for each with `accelerate launch "
            "-m interalign.cli train ...`, or show one alone with CUDA_VISIBLE_DEVICES=0"
        )


def choose_packing(problem: str | None, notes: list[str]) -> Packing:
    """Trees, or pairs with a note where trees cannot be read."""
    if problem is None:
        return "tree"
    notes.append(f"training on pairs, not trees: {problem}")
    return "pairs"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
