"""hf_models: models as PyTorch loads them: a Hugging Face name, a folder, or "embedded:NAME", made from the GGUF file.

The embedded engine's file is quantised. Training, likelihoods and adapters need plain weights, so that it is dequantised once,
kept beside the file in the cache folder, and checked by its hashes whenever it is used.
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
from contextlib import redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock

from interalign.errors import ConfigError, MissingError
from interalign.sim.models import MODELS, cache_folder, locate

__all__ = ["EMBEDDED", "hf_folder", "load_hf", "load_tokenizer", "quietly"]

EMBEDDED = "embedded:"
"""Before the name of a model of the embedded engine, or the path of a GGUF file."""
_RECEIPT = "made_from.json"
_MARKS = ("quantization_config", "_pre_quantization_dtype")


def hf_folder(name: str) -> Path:
    """The folder of a model: `name` itself if it is one, the cached copy of a hub name, or what "embedded:NAME" is made into.

    Raises:
        MissingError: there is no such model, it cannot be fetched or made, or the train extra is not installed.
    """
    if name.startswith(EMBEDDED):
        return _dequantised(locate(name.removeprefix(EMBEDDED)), name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise MissingError(f"{name!r} is a folder without a config.json; give the folder of a Hugging Face model")
        return folder
    if name.endswith(".gguf"):
        raise MissingError(f"{name!r} is a GGUF file, which is not trained as it is; write {EMBEDDED + name!r}")
    return _from_hub(name)


def load_hf(name: str, *, dtype: str = "float32", **options: Any) -> tuple[Any, Any]:
    """The causal language model and its tokenizer, ready for training or reading; `options` go to `from_pretrained`.

    Raises:
        MissingError: as `hf_folder`, or the files are damaged.
    """
    folder = hf_folder(name)
    _require_torch()
    import torch
    from transformers import AutoModelForCausalLM

    with quietly():
        try:
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), **options)
        except (OSError, ValueError, RuntimeError) as error:
            raise MissingError(f"{name!r} cannot be loaded as a language model: {_in_short(error)}") from None
    return model, load_tokenizer(name)


def load_tokenizer(name: str) -> Any:
    """The tokenizer alone. Raises as `load_hf`."""
    folder = hf_folder(name)
    _require_torch()
    from transformers import AutoTokenizer

    with quietly():
        try:
            return AutoTokenizer.from_pretrained(folder)
        except (OSError, ValueError) as error:
            raise MissingError(f"{name!r} has no tokenizer that can be loaded: {_in_short(error)}") from None


def _from_hub(name: str) -> Path:
    _require_torch()
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    for offline in (True, False):
        try:
            return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=offline))
        except Exception as error:  # noqa: BLE001 - the hub's client lets the errors of its HTTP library through
            reason = error
    raise MissingError(
        f"no model {name!r}: it is no folder, and the Hugging Face hub did not give it ({_in_short(reason)}); "
        f"give a folder, a name of the hub, or {EMBEDDED}NAME with one of {', '.join(sorted(MODELS))}"
    )


def _dequantised(file: Path, name: str) -> Path:
    """The plain model made from a GGUF file: made once, by one process; it appears under its name when it is whole."""
    digest = _digest_of(file)
    target = cache_folder() / "models" / f"{file.stem}-{digest[:12]}-hf"
    if _is_whole(target, digest):
        return target
    _require_torch()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(target.name + ".lock")):
            if not _is_whole(target, digest):  # another process may have been faster
                _make(file, target, digest, name)
    except OSError as error:
        if isinstance(error, MissingError):
            raise
        raise MissingError(
            f"{target} cannot be written ({error.strerror or error}); free space there, or set INTERALIGN_CACHE"
        ) from None
    return target


def _make(file: Path, target: Path, digest: str, name: str) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        work = Path(folder) / "model"
        _convert(file, work, name)
        sizes = {path.name: _sha256(path) for path in sorted(work.iterdir())}
        receipt = {"source": file.name, "sha256": digest, "files": sizes}
        (work / _RECEIPT).write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        os.replace(work, target)


def _convert(file: Path, target: Path, name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with quietly(), redirect_stderr(io.StringIO()):  # one of its bars cannot be switched off
        try:
            tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
            model: Any = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
        except Exception as error:  # noqa: BLE001 - a damaged file fails wherever its reader trips over it
            raise MissingError(f"{name!r} cannot be made into a model for PyTorch: {_in_short(error)}") from None
        if not tokenizer.chat_template:
            raise ConfigError(f"{name!r} has no chat template; give a model that was made for chats")
        # The weights are plain again; the marks of the file would make a loader look for quantised ones.
        model.hf_quantizer = None
        model.is_quantized = False
        for mark in _MARKS:
            if hasattr(model.config, mark):
                delattr(model.config, mark)
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)


def _is_whole(folder: Path, digest: str) -> bool:
    """Whether all that was written there is there, unchanged."""
    try:
        receipt = json.loads((folder / _RECEIPT).read_text(encoding="utf-8"))
        files: dict[str, str] = receipt["files"]
        return receipt["sha256"] == digest and all(_sha256(folder / name) == sha for name, sha in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _digest_of(file: Path) -> str:
    """The file's hash; that of a known model is pinned, and was checked when it was fetched."""
    known = next((source for source in MODELS.values() if file == cache_folder() / "models" / source.file), None)
    return known.sha256 if known else _sha256(file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_torch() -> None:
    for package in ("torch", "transformers", "gguf"):
        if find_spec(package) is None:
            raise MissingError(
                f"{package} is not installed; models are trained and read with: pip install 'interalign[train]'"
            )


class quietly:
    """Loads without the library's bars and notes: they are about files, not about the user's work."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self._bars, self._level = logging.is_progress_bar_enabled(), logging.get_verbosity()
        logging.disable_progress_bar()
        logging.set_verbosity_error()

    def __exit__(self, *exception: object) -> None:
        from transformers.utils import logging

        logging.set_verbosity(self._level)
        if self._bars:
            logging.enable_progress_bar()


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
