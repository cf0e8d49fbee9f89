"""folder: a build on disk.

config.toml      the resolved config, written first; holds no secrets
seeds.jsonl      what the pool began with
accepted.jsonl   what was taken in, a profile or personality a line; grows by the round
rejected.jsonl   what was not, with the reason; grows by the round
rounds.jsonl     what each round came to, written last of the round: what the other files hold beyond it is dropped on resume
calls.sqlite     the answers: a round that was broken off costs nothing again
pool.jsonl       seeds and accepted ones together, ready for use
usage.json       the ledger
manifest.json    what the build came to
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w
from filelock import FileLock, Timeout

from interalign.agents import Personality, Profile, read_jsonl
from interalign.config import load_config, without_none
from interalign.errors import RunFolderError
from interalign.files import write_lines, write_text
from interalign.sim.personas.halves import Half
from interalign.sim.personas.settings import BuildConfig

__all__ = ["PoolFolder", "Round"]


class Round(NamedTuple):
    """What one round came to."""

    drafts: int
    accepted: int
    failed: int
    """Calls that got no answer."""
    full: bool
    """Whether the target was reached in it, and the rest of its drafts not looked at."""
    accepted_bytes: int
    """How long accepted.jsonl was at its end."""
    rejected_bytes: int


class PoolFolder:
    """The folder of one build, opened for writing by one process at a time. Use it as a context manager."""

    def __init__(self, path: Path, config: BuildConfig, seeds: list[Half]) -> None:
        """Open or make the folder.

        Raises:
            RunFolderError: it holds another build, another process works in it, or it cannot be written.
        """
        self.path = path
        self.config = config
        with _disk(path):
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / ".lock")
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise RunFolderError(
                    f"another process is building in {path}; wait for it, or choose another --out"
                ) from None
        try:
            with _disk(path):
                self._claim(seeds)
                self.rounds = self._read_rounds()
                self._cut()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> "PoolFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def accepted(self) -> list[Half]:
        """What former rounds took in, in order."""
        path = self.path / "accepted.jsonl"
        if not path.stat().st_size:
            return []
        return list(read_jsonl(path, Profile if self.config.build.kind == "profile" else Personality))

    def add_round(
        self, accepted: list[Half], rejected: list[dict[str, Any]], drafts: int, failed: int, full: bool
    ) -> None:
        """Append what a round came to: after this it survives whatever happens."""
        with _disk(self.path):
            sizes = [
                _append(self.path / "rejected.jsonl", (json.dumps(record, ensure_ascii=False) for record in rejected)),
                _append(self.path / "accepted.jsonl", (half.model_dump_json() for half in accepted)),
            ]
            self.rounds.append(Round(drafts, len(accepted), failed, full, sizes[1], sizes[0]))
            _append(self.path / "rounds.jsonl", [json.dumps({"round": len(self.rounds), **self.rounds[-1]._asdict()})])

    def write_pool(self, pool: Iterable[Half]) -> None:
        write_lines(self.path / "pool.jsonl", (half.model_dump_json() + "\n" for half in pool))

    def write_json(self, name: str, data: Any) -> None:
        write_text(self.path / name, json.dumps(data, indent=2, ensure_ascii=False) + "\n")

    def _claim(self, seeds: list[Half]) -> None:
        """Keep config and seeds, or check that they are the ones kept."""
        lines = "".join(half.model_dump_json() + "\n" for half in seeds)
        kept = self.path / "config.toml"
        if not kept.exists():
            if (self.path / "rounds.jsonl").exists() or (self.path / "trees.jsonl").exists():
                raise RunFolderError(f"{self.path} is not the folder of a build; choose another --out")
            write_text(self.path / "seeds.jsonl", lines)
            write_text(kept, tomli_w.dumps(without_none(self.config.model_dump())))
            return
        if (self.path / "trees.jsonl").exists():
            raise RunFolderError(f"{self.path} holds a simulation, not a build; choose another --out")
        former = load_config(kept, BuildConfig)
        if former.digest() != self.config.digest():
            keys = ", ".join(former.differing_keys(self.config))
            raise RunFolderError(
                f"{self.path} holds a build of another config (differs in: {keys}); choose another --out, or delete the folder"
            )
        if (self.path / "seeds.jsonl").read_text(encoding="utf-8") != lines:
            raise RunFolderError(
                f"{self.path} began with other seeds than {self.config.seeds.file} has now; restore it, or choose another --out"
            )

    def _read_rounds(self) -> list[Round]:
        """The rounds that came to their end. The last is taken back if only a lower target had ended it."""
        path = self.path / "rounds.jsonl"
        rounds: list[Round] = []
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            if not line.endswith(b"\n"):
                break
            try:
                record = json.loads(line)
                rounds.append(Round(*(record[name] for name in Round._fields)))
            except (ValueError, KeyError, TypeError):
                raise RunFolderError(
                    f"{path} is damaged at line {len(rounds) + 1}; delete the folder, or that line and what follows"
                ) from None
        size = sum(round.accepted for round in rounds) + self._seeds_count()
        if rounds and rounds[-1].full and size < self.config.build.target:
            rounds.pop()
        return rounds

    def _seeds_count(self) -> int:
        return (self.path / "seeds.jsonl").read_bytes().count(b"\n")

    def _cut(self) -> None:
        """Drop what was written after the last whole round."""
        last = self.rounds[-1] if self.rounds else Round(0, 0, 0, False, 0, 0)
        for name, size in (("accepted", last.accepted_bytes), ("rejected", last.rejected_bytes)):
            with (self.path / f"{name}.jsonl").open("ab") as file:
                if file.tell() < size:
                    raise RunFolderError(f"{file.name} has lost its end; delete {self.path} and build again")
                file.truncate(size)
        lines = [json.dumps({"round": place, **round._asdict()}) + "\n" for place, round in enumerate(self.rounds, 1)]
        write_lines(self.path / "rounds.jsonl", lines)


def _append(path: Path, lines: Iterable[str]) -> int:
    """Append lines to a file; returns its length."""
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode(errors="replace"))
        return file.tell()


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turns what the disk refuses into one sentence."""
    try:
        yield
    except RunFolderError:
        raise
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be written ({error.strerror or error}); free space, or choose another --out; what is finished is kept"
        ) from None
