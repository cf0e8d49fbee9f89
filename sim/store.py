"""store: the run folder on disk.

config.toml      the resolved config, written first; holds no secrets
trees.jsonl      one finished conversation a line; grows during the run, in the order of the conversations at its end
failures.jsonl   one failed conversation a line, with its reason
usage.json       the ledger
manifest.json    what the run was and came to, written last: a folder that has it is complete
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout

from interalign.config import load_config, without_none
from interalign.errors import MissingError, RunFolderError, TreeError
from interalign.graphs import ConversationTree
from interalign.sim.config import RunConfig
from interalign.sim.health import Health

__all__ = ["RunFolder", "read_manifest", "read_trees"]

Span = tuple[int, int]


class RunFolder:
    """A run folder opened for writing, by one process at a time. Use it as a context manager."""

    def __init__(self, path: Path, config: RunConfig) -> None:
        """Open or make the folder.

        Raises:
            RunFolderError: it holds the run of another config, another process works in it, or it cannot be written.
        """
        self.path = path
        self.config = config
        self._spans: dict[str, Span] = {}
        self._partial: set[str] = set()
        self._health: dict[str, dict[str, Any]] = {}
        with _disk(path):
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / ".lock")
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise RunFolderError(
                    f"another process is running in {path}; wait for it, or choose another --out"
                ) from None
        try:
            with _disk(path):
                self._claim()
            self._trees = _reopen(path / "trees.jsonl", self._spans, self._health)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._trees.close()
        finally:
            self._lock.release()

    @property
    def finished(self) -> set[str]:
        """The ids of the conversations that are in the folder, whole."""
        return self._spans.keys() - self._partial

    @property
    def count(self) -> int:
        """How many these are."""
        return len(self._spans) - len(self._partial)

    @property
    def health(self) -> Health:
        """The health of the users in all conversations of the folder, summed in the order of their ids."""
        total = Health()
        for id in sorted(self._health):
            total += Health.from_dict(self._health[id])
        return total

    @property
    def complete(self) -> bool:
        return (self.path / "manifest.json").exists()

    def add_tree(self, tree: ConversationTree) -> None:
        """Append a conversation."""
        health = tree.graph.graph.get("health")
        self.add_line(tree.id, tree.to_json(), partial=tree.stop == "budget", health=health)

    def add_line(self, id: str, tree: str, partial: bool = False, health: dict[str, Any] | None = None) -> None:
        """Append a conversation as JSON: after this it survives whatever happens.

        A partial one can be looked at and trained on, but is played again when the run goes on.
        """
        line = tree.encode() + b"\n"
        with _disk(self.path):
            start = self._trees.seek(0, os.SEEK_END)
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[self._trees.write(rest) :]
            except OSError:
                self._trees.truncate(start)  # a full disk must not leave half a line behind
                raise
        self._spans[id] = (start, len(line))
        self._health[id] = health or {}
        if partial:
            self._partial.add(id)

    def add_failure(self, record: dict[str, Any]) -> None:
        with _disk(self.path), (self.path / "failures.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def clear_failures(self) -> None:
        """Failed conversations are tried again by a resumed run."""
        with _disk(self.path):
            (self.path / "failures.jsonl").unlink(missing_ok=True)

    def write_json(self, name: str, data: Any) -> None:
        with _disk(self.path):
            _replace(self.path / name, json.dumps(data, indent=2, ensure_ascii=False) + "\n")

    def write_text(self, name: str, text: str) -> None:
        with _disk(self.path):
            _replace(self.path / name, text)

    def sort_trees(self, order: list[str]) -> None:
        """Bring trees.jsonl into the order of the conversations, so that equal runs give equal files."""
        wanted = [id for id in order if id in self._spans]
        target = self.path / "trees.jsonl"
        size = sum(length for _, length in self._spans.values())
        if sorted(wanted, key=self._spans.__getitem__) == wanted and target.stat().st_size == size:
            return
        with _disk(self.path):
            with target.open("rb") as source, (self.path / "trees.jsonl.new").open("wb") as sorted_file:
                for id in wanted:
                    start, length = self._spans[id]
                    source.seek(start)
                    self._spans[id] = (sorted_file.tell(), length)
                    sorted_file.write(source.read(length))
            self._trees.close()
            os.replace(self.path / "trees.jsonl.new", target)
            self._trees = target.open("ab", buffering=0)

    def _claim(self) -> None:
        """Keep the config, or check that it is the one kept."""
        kept = self.path / "config.toml"
        if kept.exists():
            former = load_config(kept, RunConfig)
            if former.digest() != self.config.digest():
                keys = ", ".join(former.differing_keys(self.config))
                raise RunFolderError(
                    f"{self.path} holds a run of another config (differs in: {keys}); choose another --out, or delete the folder"
                )
        else:
            strange = next((name for name in ("trees.jsonl", "manifest.json") if (self.path / name).exists()), None)
            if strange:
                raise RunFolderError(
                    f"{self.path} has a {strange} but no config.toml: not a run folder; choose another --out"
                )
            _replace(kept, tomli_w.dumps(without_none(self.config.model_dump())))


def read_trees(run: str | Path) -> Iterator[ConversationTree]:
    """The trees of a run folder, or of a JSONL file, in order.

    Raises:
        MissingError: there are none.
        TreeError: a line is broken; names file and line.
    """
    path = Path(run)
    path = path / "trees.jsonl" if path.is_dir() else path
    if not path.is_file():
        raise MissingError(
            f"no conversation trees at {str(path)!r}; give a folder that `interalign simulate` has written"
        )
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield ConversationTree.from_json(line.decode())
            except (TreeError, UnicodeDecodeError) as error:
                if not line.endswith(b"\n"):
                    return  # the line that a running or killed process has not finished
                raise TreeError(f"{path}, line {number}: {error}") from None


def read_manifest(run: str | Path) -> dict[str, Any] | None:
    """What a finished run came to; None while it is not finished."""
    path = Path(run) / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def now() -> str:
    """The time for manifests, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _reopen(path: Path, spans: dict[str, Span], health: dict[str, dict[str, Any]]) -> FileIO:
    """Open trees.jsonl for appending; note where each tree stands and cut off a half-written last line."""
    end = 0
    if path.exists():
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                graph = _graph_of(path, number, line)
                if (
                    graph.get("stop") != "budget"
                ):  # such a conversation is played again, from the cache to where it stood
                    spans[graph["id"]] = (end, len(line))
                    health[graph["id"]] = graph.get("health", {})
                end += len(line)
    with _disk(path.parent):
        file = path.open("ab", buffering=0)
        file.truncate(end)
        return file


def _graph_of(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        graph = json.loads(line)["graph"]
        Health.from_dict(graph.get("health", {}))
        if isinstance(graph["id"], str):
            return graph
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RunFolderError(f"{path} is damaged: line {number} is no conversation tree; delete that line, or the folder")


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


class _disk:
    """Turns what the disk refuses into one sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, (RunFolderError, MissingError)):
            raise RunFolderError(
                f"{self.path} cannot be written ({error.strerror or error}); free space, or choose another --out; "
                "what is finished is kept"
            ) from None
