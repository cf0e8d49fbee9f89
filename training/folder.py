"""folder: the result of a training on disk.

config.toml      the resolved config, written first; the same command goes on only under an equal one
log.jsonl        what was measured, a line a step
checkpoints/     while it trains: model, optimizer and random states, from which it goes on
adapter_*, or model* and config.json, and the tokenizer: the result
manifest.json    what the training was and came to, written last: a folder that has it is complete
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout

from interalign.config import load_config, without_none
from interalign.errors import InteralignError, RunFolderError
from interalign.files import write_text
from interalign.training.config import TrainSettings

__all__ = ["TrainFolder", "disk", "is_first_process", "read_log"]


def is_first_process() -> bool:
    """Whether this is the process that writes and prints; with `accelerate launch` there are several."""
    return os.environ.get("RANK", "0") == "0"


class TrainFolder:
    """A result folder opened for writing, by one training at a time. Use it as a context manager.

    Of several processes of one training the first holds the lock; the others only look.
    """

    def __init__(self, path: Path, config: TrainSettings) -> None:
        """Open or make the folder.

        Raises:
            RunFolderError: it holds another training, another process works in it, or it cannot be written.
        """
        self.path = path
        self.config = config
        self._lock: FileLock | None = None
        if not is_first_process():
            return
        with disk(path):
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / ".lock")
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise RunFolderError(
                    f"another process is training in {path}; wait for it, or choose another --out"
                ) from None
        try:
            with disk(path):
                self._claim()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> "TrainFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._lock is not None:
            self._lock.release()

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What a finished training came to; None while it is not finished."""
        path = self.path / "manifest.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def last_checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole: its state is written last."""
        steps = [(int(path.name.rpartition("-")[2]), path) for path in self.checkpoints.glob("checkpoint-*[0-9]")]
        for _, path in sorted(steps, reverse=True):
            try:
                json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            return path
        return None

    def take_result(self, work: Path, manifest: dict[str, Any]) -> None:
        """Move what was saved in `work` to its place, write the manifest, and drop the checkpoints."""
        with disk(self.path):
            kept = [path for path in sorted(work.iterdir()) if path.is_file() and path.name not in _NOT_KEPT]
            for path in kept:
                os.replace(path, self.path / path.name)
            shutil.rmtree(work)
            weights = _digest_of(self.path)
            text = json.dumps({**manifest, "weights": weights}, indent=2, ensure_ascii=False)
            write_text(self.path / "manifest.json", text + "\n")
            shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _claim(self) -> None:
        """Keep the config, or check that it is the one kept."""
        kept = self.path / "config.toml"
        if not kept.exists():
            strange = sorted(set(os.listdir(self.path)) - {".lock"})
            if strange:
                raise RunFolderError(
                    f"{self.path} holds {strange[0]!r} but no config.toml: not the folder of a training; choose another --out"
                )
            unused = {"lora"} if self.config.train.full else None
            write_text(kept, tomli_w.dumps(without_none(self.config.model_dump(exclude=unused))))
            return
        try:
            former = load_config(kept, type(self.config))
        except InteralignError:
            raise RunFolderError(
                f"{self.path} holds something else than a {self.config.method} training; choose another --out"
            ) from None
        if former.digest() != self.config.digest():
            keys = ", ".join(former.differing_keys(self.config))
            raise RunFolderError(
                f"{self.path} holds a training of another config (differs in: {keys}); choose another --out, or delete the folder"
            )


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of a log.jsonl; a line that a killed process has not finished is left out."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


_NOT_KEPT = {"training_args.bin", "README.md"}


def _digest_of(folder: Path) -> str:
    """A hash of all weights."""
    seen = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into one sentence."""
    try:
        yield
    except InteralignError:
        raise
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be written ({error.strerror or error}); free space, or choose another --out; the same command "
            "then goes on from the last checkpoint"
        ) from None
