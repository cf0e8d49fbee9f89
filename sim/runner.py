"""runner: plays all conversations of a config, many at once, and keeps each one as soon as it is finished."""

import asyncio
import gc
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autogen_core.models import ChatCompletionClient

from interalign.agents import Cast, Persona
from interalign.errors import ConfigError, InteralignError, RunFolderError
from interalign.graphs import compile_dialogue, grow
from interalign.graphs.machine import Dialogue
from interalign.sim.calls import CallCache, CallPath
from interalign.sim.casting import disclosure_plan, make_cast, make_clients, make_policy, personas_of, pin_personas
from interalign.sim.config import RunConfig
from interalign.sim.engines import Engine
from interalign.sim.progress import NoProgress, Progress, Snapshot
from interalign.sim.store import RunFolder, now

__all__ = ["Summary", "run", "simulate"]

_PACKAGES = ("interalign", "langgraph", "networkx", "autogen-core", "xllamacpp", "wordllama")


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
    config = pin_personas(config)
    personas = personas_of(config)
    own = make_clients(config) if clients is None else dict(clients)
    cast = cast or make_cast(config)
    with RunFolder(out, config) as folder:
        ids = [f"c{place:05d}" for place in range(config.run.conversations)]
        todo = [(id, persona) for id, persona in zip(ids, personas, strict=True) if id not in folder.finished]
        if not todo and folder.complete:
            return Summary(out, len(folder.finished), 0, 0, 0, 0.0)
        cache = _open_cache(config, out, own)
        calls = CallPath(own, config.calls, cache=cache)
        work = _Work(config, folder, cast, calls, dialogue or compile_dialogue(), progress or NoProgress())
        folder.clear_failures()
        try:
            with _calm_collector():
                await work.play(todo)
        finally:
            if clients is None:
                await calls.close()
            if cache is not None:
                cache.close()
            (progress or NoProgress()).close()
            folder.sort_trees(ids)
        return work.finish()


def run(make: Callable[[], Any]) -> Any:
    """The synchronous door: run an async function to its end, from a script or the command line."""
    return asyncio.run(make())


class _Work:
    """One call of `simulate`."""

    def __init__(
        self, config: RunConfig, folder: RunFolder, cast: Cast, calls: CallPath, dialogue: Dialogue, progress: Progress
    ) -> None:
        self.config = config
        self.folder = folder
        self.cast = cast
        self.calls = calls
        self.dialogue = dialogue
        self.progress = progress
        self.policy = make_policy(config)
        self.failed = 0
        self.stopped = ""
        self.started = time.monotonic()
        self.former = (calls.ledger.calls, calls.ledger.completion_tokens)

    async def play(self, todo: list[tuple[str, Persona]]) -> None:
        """As many workers as conversations may be under way, each taking the next when it is through with one."""
        waiting = iter(todo)

        async def worker() -> None:
            for id, persona in waiting:
                await self._converse(id, persona)
                if self.stopped:
                    return

        ticker = asyncio.create_task(self._tick())
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self.config.run.concurrency, len(todo))):
                    tasks.create_task(worker())
        except BaseExceptionGroup as group:
            raise _reported(group) from None
        finally:
            ticker.cancel()
            self._show()

    async def _converse(self, id: str, persona: Persona) -> None:
        run = self.config.run
        plan = disclosure_plan(persona, run.turns, run.seed, id) if run.disclosure == "planned" else ()
        try:
            tree = await grow(
                self.dialogue,
                id=id,
                persona=persona,
                cast=self.cast,
                caller=self.calls,
                turns=run.turns,
                seed=run.seed,
                policy=self.policy,
                disclosure=plan,
            )
        except (ConfigError, RunFolderError):
            raise
        except InteralignError as error:
            self.failed += 1
            self.folder.add_failure(
                {"id": id, "persona": persona.id, "error": type(error).__name__, "reason": str(error)}
            )
        else:
            if tree.stop == "budget":
                self.stopped = "the budget is used up; raise calls.budget and run the same command to go on"
            if len(tree):
                self.folder.add_tree(tree)
        self._show()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self._show()

    def _show(self) -> None:
        ledger = self.calls.ledger
        seconds = time.monotonic() - self.started
        done = len(self.folder.finished)
        goal = self.config.run.conversations
        calls, tokens = ledger.calls - self.former[0], ledger.completion_tokens - self.former[1]
        self.progress.update(Snapshot(done, self.failed, goal, calls, tokens, seconds))

    def finish(self) -> Summary:
        """Write what stands beside the trees; the manifest last, and only for a run that came to its end."""
        ledger = self.calls.ledger
        seconds = time.monotonic() - self.started
        self.folder.write_json("usage.json", ledger.to_dict())
        if not self.stopped:
            self.folder.write_json("manifest.json", self._manifest(seconds))
        return Summary(
            self.folder.path,
            len(self.folder.finished),
            self.failed,
            ledger.calls - self.former[0],
            ledger.completion_tokens - self.former[1],
            seconds,
            self.stopped,
        )

    def _manifest(self, seconds: float) -> dict[str, Any]:
        return {
            "conversations": len(self.folder.finished),
            "failed": self.failed,
            "config_digest": self.config.digest(),
            "trees_sha256": _sha256(self.folder.path / "trees.jsonl"),
            "finished_at": now(),
            "seconds": round(seconds, 1),
            "models": {name: _identity(client) for name, client in self.calls.clients.items()},
            "judge": self.cast.judge.identity() if self.cast.judge else None,
            "versions": {package: version(package) for package in _PACKAGES},
        }


def _open_cache(config: RunConfig, out: Path, clients: Mapping[str, ChatCompletionClient]) -> CallCache | None:
    """The run's cache, if there is anybody whose answers are worth keeping."""
    if all(isinstance(client, Engine) and not client.worth_caching for client in clients.values()):
        return None
    return CallCache(Path(config.calls.cache).expanduser() if config.calls.cache else out / "calls.sqlite")


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Let the cycle collector run seldom, and not over what was there before.

    Thousands of small objects live from a call to the next; looking at all modules for each of them took a fifth of the time.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _identity(client: ChatCompletionClient) -> dict[str, Any]:
    return client.identity() if isinstance(client, Engine) else {"client": type(client).__name__}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reported(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error inside: a worker stops the run only for what stops all of them."""
    first = group.exceptions[0]
    return _reported(first) if isinstance(first, BaseExceptionGroup) else first
