"""runner: plays all conversations of a config, many at once, and keeps each one as soon as it is finished."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autogen_core.models import ChatCompletionClient

from interalign.agents import Cast, Persona
from interalign.errors import ConfigError, InteralignError, RunFolderError
from interalign.graphs import compile_dialogue, grow
from interalign.graphs.machine import Dialogue
from interalign.sim.calls import CallPath
from interalign.sim.casting import disclosure_plan, make_cast, make_clients, make_policy, personas_of
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
    tokens: int
    """Completion tokens."""
    seconds: float
    interrupted: bool = False


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
    personas = personas_of(config)
    with RunFolder(out, config) as folder:
        ids = [f"c{place:05d}" for place in range(config.run.conversations)]
        todo = [(id, persona) for id, persona in zip(ids, personas, strict=True) if id not in folder.finished]
        if not todo and folder.complete:
            return Summary(out, len(folder.finished), 0, 0, 0, 0.0)
        own = make_clients(config) if clients is None else dict(clients)
        calls = CallPath(own, config.calls, limits=_limits(own))
        work = _Work(
            config, folder, cast or make_cast(config), calls, dialogue or compile_dialogue(), progress or NoProgress()
        )
        folder.clear_failures()
        try:
            await work.play(todo)
        finally:
            if clients is None:
                await calls.close()
            (progress or NoProgress()).close()
            folder.sort_trees(ids)
        return work.finish(ids)


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
        self.started = time.monotonic()

    async def play(self, todo: list[tuple[str, Persona]]) -> None:
        """As many workers as conversations may be under way, each taking the next when it is through with one."""
        waiting = iter(todo)

        async def worker() -> None:
            for id, persona in waiting:
                await self._converse(id, persona)

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
            self.folder.add_tree(tree)
        self._show()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self._show()

    def _show(self) -> None:
        total = self.calls.ledger.total
        seconds = time.monotonic() - self.started
        done = len(self.folder.finished)
        goal = self.config.run.conversations
        self.progress.update(Snapshot(done, self.failed, goal, total.calls, total.completion_tokens, seconds))

    def finish(self, ids: list[str]) -> Summary:
        """Write what stands beside the trees; the manifest last."""
        total = self.calls.ledger.total
        seconds = time.monotonic() - self.started
        self.folder.write_json("usage.json", self.calls.ledger.to_dict())
        self.folder.write_json(
            "manifest.json",
            {
                "conversations": len(self.folder.finished),
                "failed": self.failed,
                "config_digest": self.config.digest(),
                "trees_sha256": _sha256(self.folder.path / "trees.jsonl"),
                "finished_at": now(),
                "seconds": round(seconds, 1),
                "models": {name: _identity(client) for name, client in self.calls.clients.items()},
                "judge": self.cast.judge.identity() if self.cast.judge else None,
                "versions": {package: version(package) for package in _PACKAGES},
            },
        )
        return Summary(
            self.folder.path, len(self.folder.finished), self.failed, total.calls, total.completion_tokens, seconds
        )


def _limits(clients: Mapping[str, ChatCompletionClient]) -> dict[str, int]:
    return {
        name: client.config.max_in_flight  # type: ignore[attr-defined]  # every engine has one; other clients do not
        for name, client in clients.items()
        if isinstance(client, Engine)
    }


def _identity(client: ChatCompletionClient) -> dict[str, Any]:
    return client.identity() if isinstance(client, Engine) else {"client": type(client).__name__}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reported(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error inside: a worker stops the run only for what stops all of them."""
    first = group.exceptions[0]
    return _reported(first) if isinstance(first, BaseExceptionGroup) else first
