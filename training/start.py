"""start: what a training begins with: the model itself, an adapter of it, or a whole model that a former training has written.

A LoRA adapter goes on being trained, and a frozen copy of it is DPO's reference: so the reference is the SFT model exactly, without
rounding its weights into the base, and what comes out is again one adapter of the base model.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from interalign.errors import ConfigError, MissingError
from interalign.sim.adapters import adapter_digest, find_adapter
from interalign.training.config import BASE, LoraSection, TrainSettings

__all__ = ["Start", "find_start", "require_extra", "with_adapter_values"]

KIND = "interalign train"


@dataclass(frozen=True, slots=True)
class Start:
    """What is loaded."""

    kind: Literal["base", "adapter", "model"]
    folder: Path | None = None
    """Of the adapter or the model; None for the base model."""
    digest: str | None = None


def find_start(config: TrainSettings) -> Start:
    """What `train.start` names, checked as far as that goes without loading it.

    Raises:
        MissingError: there is no such folder, or its training has not come to its end.
        ConfigError: it does not fit `train.model`.
    """
    if config.train.start in (None, BASE):
        return Start("base")
    name = str(config.train.start)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise MissingError(f"train.start = {name!r}: there is no such folder; run the training that writes it first")
    made = _made_by(folder, name)
    if (folder / "config.json").is_file():
        _require_model(made.get("model"), config, name)
        return Start("model", folder, made.get("weights") or _sizes(folder))
    try:
        adapter = find_adapter(folder)
    except MissingError:
        raise MissingError(
            f"train.start = {name!r} holds neither an adapter nor a model; give the folder of a finished training"
        ) from None
    base = made.get("model") or _read(adapter / "adapter_config.json").get("base_model_name_or_path")
    _require_model(base, config, name)
    return Start("adapter", adapter, adapter_digest(adapter))


def _made_by(folder: Path, name: str) -> Mapping[str, Any]:
    """The manifest of a folder that a training here has written; empty for any other."""
    manifest = _read(folder / "manifest.json")
    if manifest.get("kind") == KIND:
        return manifest
    if (folder / "config.toml").is_file() and not manifest:
        raise MissingError(f"train.start = {name!r}: its training has not come to its end; run its command again")
    return {}


def _require_model(base: Any, config: TrainSettings, name: str) -> None:
    """Equal by name, or by the folder that both are."""
    model = config.train.model
    if not base or base == model or Path(str(base)).expanduser().resolve() == Path(model).expanduser().resolve():
        return
    raise ConfigError(
        f"train.start = {name!r} was trained from {str(base)!r}, but train.model = {model!r}; set train.model to what it "
        "was trained from"
    )


def with_adapter_values(config: TrainSettings, start: Start) -> TrainSettings:
    """The config with the values of the adapter that goes on.

    Raises:
        ConfigError: `[lora]` asks for others.
    """
    if start.kind != "adapter" or config.train.full or start.folder is None:
        return config
    kept = _read(start.folder / "adapter_config.json")
    targets = kept.get("target_modules", "all-linear")
    values = {
        "r": kept.get("r", 8),
        "alpha": float(kept.get("lora_alpha", 8)),
        "dropout": float(kept.get("lora_dropout", 0.0)),
        "targets": targets if isinstance(targets, str) else tuple(sorted(targets)),
    }
    for key in config.lora.model_fields_set:
        asked = getattr(config.lora, key)
        same = asked == values[key] if isinstance(asked, (int, float, str)) else set(asked) == set(values[key])
        if key != "targets" and not same:
            raise ConfigError(
                f"[lora] {key} = {asked!r}, but the adapter of train.start = {config.train.start!r} goes on with its "
                f"{values[key]!r}; take [lora] out, or train SFT with it"
            )
    lora = LoraSection.model_construct(**values)
    return config.model_copy(update={"lora": lora})


def require_extra(
    packages: tuple[str, ...] = ("torch", "transformers", "trl", "peft", "datasets", "accelerate"),
) -> None:
    """Raises MissingError where a package of the train extra is not installed."""
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise MissingError(
            f"training needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed; "
            "run: pip install 'interalign[train]'"
        )


def _sizes(folder: Path) -> str:
    """A mark of a model's files: names and sizes, and the config's content."""
    seen = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        seen.update(f"{path.name} {path.stat().st_size}\n".encode())
    return seen.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
