"""runner: runs a config into a run folder, here or on a Ray cluster, and goes on where it was stopped."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from autogen_core.models import ChatCompletionClient

from interalign.agents import Cast
from interalign.errors import ConfigError
from interalign.graphs.drawing import notebook_table, notebook_trees
from interalign.graphs.machine import Dialogue
from interalign.sim.calls import CallCache, CallPath, Ledger
from interalign.sim.casting import make_cast, make_clients, make_dialogue, personas_of, pin_personas
from interalign.sim.config import RunConfig
from interalign.sim.engines import Engine
from interalign.sim.engines.pinning import pin_adapters
from interalign.sim.flipping import personality_pool
from interalign.sim.health import Health
from interalign.sim.player import Job, Outcome, Player
from interalign.sim.progress import NoProgress, Progress, Snapshot
from interalign.sim.store import RunFolder, now, read_trees

__all__ = ["Summary", "run", "simulate"]

_PACKAGES = ("interalign", "langgraph", "networkx", "autogen-core", "xllamacpp", "wordllama")
_IN_NOTEBOOK = 5
"""Trees that a notebook shows of a run."""
_OUT_OF_BUDGET = "the budget is used up; raise calls.budget and run the same command to go on"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to."""

    folder: Path
    conversations: int
    """Trees in the folder, those of former calls included."""
    failed: int
    calls: int
    """Sent to an engine by this call of `simulate`."""
    tokens: int
    """Completion tokens of these calls."""
    seconds: float
    stopped: str = ""
    """Why the run stopped before its end; empty if it did not."""
    health: Health = field(default_factory=Health)
    """Of the simulated users, over all trees in the folder."""

    def _repr_html_(self) -> str:
        """For notebooks: what it came to, and the first trees to unfold."""
        rows = [
            ("conversations", self.conversations),
            ("failed", self.failed),
            ("calls", self.calls),
            ("tokens written", self.tokens),
            ("seconds", f"{self.seconds:.1f}"),
            *([("stopped", self.stopped)] if self.stopped else []),
        ]
        return notebook_table(str(self.folder), rows) + notebook_trees(islice(read_trees(self.folder), _IN_NOTEBOOK))


async def simulate(
    config: RunConfig,
    out: str | Path,
    *,
    progress: Progress | None = None,
    cast: Cast | None = None,
    clients: Mapping[str, ChatCompletionClient] | None = None,
    dialogue: Dialogue | None = None,
) -> Summary:
    """Run the conversations that `out` does not hold yet.

    `cast`, `clients` and `dialogue` replace what the config describes: for roles, models and graphs made in Python.
    Cancelling it (Ctrl-C) keeps all finished conversations; the same call then goes on with the others.

    Raises:
        ConfigError, MissingError, RunFolderError: before any call is made.
        RunFolderError: the folder cannot be written; what is finished is kept.
    """
    out = Path(out)
    config = pin_adapters(pin_personas(config))
    if config.run.executor == "ray" and (cast or clients or dialogue):
        raise ConfigError("run.executor = 'ray' plays what the config describes; run casts made in Python locally")
    personas = personas_of(config)
    own = make_clients(config) if clients is None else dict(clients)
    cast = cast or make_cast(config)
    dialogue = dialogue or make_dialogue(config)
    if config.run.flip_at is not None:
        personality_pool(config)  # what is wrong with it is found before anything is written
    with RunFolder(out, config) as folder:
        ids = [f"c{place:05d}" for place in range(config.run.conversations)]
        jobs = [(id, persona) for id, persona in zip(ids, personas, strict=True) if id not in folder.finished]
        if not jobs and folder.complete:
            return Summary(out, len(folder.finished), 0, 0, 0, 0.0, health=folder.health)
        work = _Work(config, folder, progress or NoProgress())
        folder.clear_failures()
        try:
            if config.run.executor == "ray":
                await work.on_cluster(jobs)
            else:
                await work.here(jobs, cast, own, dialogue, close=clients is None)
        finally:
            work.progress.close()
            folder.sort_trees(ids)
        return work.finish(own, cast)


def run(make: Callable[[], Any]) -> Any:
    """The synchronous door: run an async function to its end, from a script or the command line."""
    return asyncio.run(make())


class _Work:
    """One call of `simulate`: takes what the players deliver, and keeps it."""

    def __init__(self, config: RunConfig, folder: RunFolder, progress: Progress) -> None:
        self.config = config
        self.folder = folder
        self.progress = progress
        self.ledger = Ledger()
        self.failed = 0
        self.stopped = ""
        self.started = time.monotonic()
        self.former = (0, 0)
        self.player: Player | None = None

    async def here(
        self, jobs: Sequence[Job], cast: Cast, clients: dict[str, ChatCompletionClient], dialogue: Dialogue, close: bool
    ) -> None:
        """Play on this process's event loop."""
        cache = open_cache(self.config, self.folder.path, clients)
        calls = CallPath(clients, self.config.calls, cache=cache)
        self.ledger = calls.ledger
        self.former = (self.ledger.calls, self.ledger.completion_tokens)
        ticker = asyncio.create_task(self._tick())
        try:
            self.player = Player(self.config, cast, calls, dialogue)
            await self.player.play(jobs, self.deliver)
        finally:
            ticker.cancel()
            if close:
                await calls.close()
            if cache is not None:
                cache.close()

    async def on_cluster(self, jobs: Sequence[Job]) -> None:
        """Play on a Ray cluster."""
        from interalign.sim.cluster import play_on_cluster

        ticker = asyncio.create_task(self._tick())
        try:
            await play_on_cluster(self.config, self.folder.path, jobs, self.deliver, self.ledger.merge)
        finally:
            ticker.cancel()

    def deliver(self, outcome: Outcome) -> None:
        """Keep what became of a conversation."""
        if outcome.failure is not None:
            self.failed += 1
            self.folder.add_failure(outcome.failure)
        if outcome.partial:
            self.stopped = _OUT_OF_BUDGET
        if outcome.tree:
            self.folder.add_line(outcome.id, outcome.tree, partial=outcome.partial, health=outcome.health)
        self._show()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self._show()

    def _show(self) -> None:
        seconds = time.monotonic() - self.started
        calls, tokens = self._spent()
        entries = self.ledger.entries.values()
        snapshot = Snapshot(
            finished=self.folder.count,
            failed=self.failed,
            total=self.config.run.conversations,
            calls=calls,
            tokens=tokens,
            seconds=seconds,
            turns=self.config.run.turns,
            in_flight=self.player.calls.in_flight if self.player else 0,
            replayed=self.ledger.replayed,
            prompt_tokens=sum(entry.prompt_tokens for entry in entries),
            cached_tokens=sum(entry.cached_tokens for entry in entries),
            retries=sum(entry.retries for entry in entries),
            money=self.ledger.money,
            live=tuple(self.player.live.values()) if self.player else (),
        )
        self.progress.update(snapshot)

    def _spent(self) -> tuple[int, int]:
        """Calls and completion tokens of this call of `simulate`."""
        return self.ledger.calls - self.former[0], self.ledger.completion_tokens - self.former[1]

    def finish(self, clients: Mapping[str, ChatCompletionClient], cast: Cast) -> Summary:
        """Write what stands beside the trees; the manifest last, and only for a run that came to its end."""
        seconds = time.monotonic() - self.started
        self.folder.write_json("usage.json", {**self.ledger.to_dict(), "health": self.folder.health.to_dict()})
        if not self.stopped:
            self.folder.write_json("manifest.json", self._manifest(seconds, clients, cast))
        done = self.folder.count
        return Summary(self.folder.path, done, self.failed, *self._spent(), seconds, self.stopped, self.folder.health)

    def _manifest(self, seconds: float, clients: Mapping[str, ChatCompletionClient], cast: Cast) -> dict[str, Any]:
        return {
            "conversations": len(self.folder.finished),
            "failed": self.failed,
            "config_digest": self.config.digest(),
            "trees_sha256": _sha256(self.folder.path / "trees.jsonl"),
            "finished_at": now(),
            "seconds": round(seconds, 1),
            "models": {name: _identity(client) for name, client in clients.items()},
            "judge": cast.judge.identity() if cast.judge else None,
            "health": self.folder.health.to_dict(),
            "versions": {package: version(package) for package in _PACKAGES},
        }


def open_cache(config: RunConfig, out: Path, clients: Mapping[str, ChatCompletionClient]) -> CallCache | None:
    """The run's cache, if there is anybody whose answers are worth keeping."""
    if all(isinstance(client, Engine) and not client.worth_caching for client in clients.values()):
        return None
    return CallCache(Path(config.calls.cache).expanduser() if config.calls.cache else out / "calls.sqlite")


def _identity(client: ChatCompletionClient) -> dict[str, Any]:
    return client.identity() if isinstance(client, Engine) else {"client": type(client).__name__}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
