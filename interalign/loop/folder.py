"""folder: the folder of a loop.

config.toml        the resolved config, written first
stages.jsonl       a line for each stage that was worked on: seconds and memory
round-N/trees      a run folder
round-N/pairs      training data
round-N/sft, dpo   what was trained (sft in the first round alone)
evaluation/        base model and tuned models on the held-out personas
report.html, .md   what all of it came to
manifest.json      written last: a folder that has it is complete
"""

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from interalign.config import load_config, without_none
from interalign.errors import RunFolderError
from interalign.files import write_text
from interalign.loop.config import LoopConfig

__all__ = ["LoopFolder", "StageRecord"]


class StageRecord(BaseModel):
    """What one stage took, over all calls that worked on it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    seconds: float
    processor: float
    """Seconds of processor time, of all cores together: what does not depend on what else the machine does."""
    memory: int
    """The most that the process has held by the stage's end, in bytes."""


class LoopFolder:
    """The folder opened for writing, by one process at a time. Use it as a context manager."""

    def __init__(self, path: Path, config: LoopConfig) -> None:
        """Open or make the folder.

        Raises:
            RunFolderError: it holds another loop, another process works in it, or it cannot be written.
        """
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another process is running in {path}; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise RunFolderError(
                f"{path} cannot be written ({error.strerror or error}); choose another --out"
            ) from None
        try:
            self._claim(config)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> "LoopFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def _claim(self, config: LoopConfig) -> None:
        """Keep the config, or check that it is the one kept; more rounds may be asked for."""
        kept = self.path / "config.toml"
        if kept.exists():
            former = load_config(kept, LoopConfig)
            if former.digest() != config.digest():
                sections = [key for key in LoopConfig.model_fields if getattr(former, key) != getattr(config, key)]
                raise RunFolderError(
                    f"{self.path} holds a loop of another config (differs in: {', '.join(sections)}); choose another --out, "
                    "or delete the folder"
                )
        elif any(self.path.glob("round-*")):
            raise RunFolderError(
                f"{self.path} has rounds but no config.toml: not the folder of a loop; choose another --out"
            )
        write_text(kept, tomli_w.dumps(without_none(config.model_dump(mode="json"))))

    def round(self, number: int, stage: str = "") -> Path:
        """The folder of a round, or of a stage in it."""
        return self.path / f"round-{number}" / stage

    # -- what it took --------------------------------------------------------------------------------

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note what a stage takes, finished or not: a resumed one adds up."""
        started, spent = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            seconds, processor = time.monotonic() - started, time.process_time() - spent
            record = StageRecord(name=name, seconds=round(seconds, 1), processor=round(processor, 1), memory=memory)
            with (self.path / "stages.jsonl").open("a", encoding="utf-8") as file:
                file.write(record.model_dump_json() + "\n")

    def stages(self) -> list[StageRecord]:
        """Each stage once, in the order in which they were begun."""
        found: dict[str, StageRecord] = {}
        for record in self._records():
            former = found.get(record.name)
            if former is not None:
                record = StageRecord(
                    name=record.name,
                    seconds=round(record.seconds + former.seconds, 1),
                    processor=round(record.processor + former.processor, 1),
                    memory=max(record.memory, former.memory),
                )
            found[record.name] = record
        return list(found.values())

    def _records(self) -> Iterator[StageRecord]:
        path = self.path / "stages.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                yield StageRecord.model_validate_json(line)
            except ValueError:  # cut off by a kill
                continue

    def write(self, name: str, text: str) -> None:
        write_text(self.path / name, text)

    def write_json(self, name: str, data: Any) -> None:
        write_text(self.path / name, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
