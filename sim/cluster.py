"""cluster: conversations on a Ray cluster: one player per worker, results handed over one by one.

A worker that dies costs what it had under way: its finished conversations have been delivered, the others are given to a
worker started in its place. The trees do not depend on who played them.
"""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from interalign.errors import CallError, MissingError
from interalign.sim.calls import CallPath, Entries
from interalign.sim.casting import make_cast, make_clients, make_dialogue
from interalign.sim.config import RunConfig
from interalign.sim.player import Job, Outcome, Player

__all__ = ["play_on_cluster"]

_DEATHS = 10
"""Workers that may die in a row without a conversation finished, before the run gives up."""


async def play_on_cluster(
    config: RunConfig,
    out: Path,
    jobs: Sequence[Job],
    deliver: Callable[[Outcome], None],
    spend: Callable[[Entries], None],
) -> None:
    """Play the jobs on `run.workers` workers of the cluster at `run.ray_address` (None: a local one).

    `deliver` gets every outcome, `spend` what it cost.

    Raises:
        MissingError: Ray is not installed, or there is no cluster at that address.
        CallError: workers keep dying.
    """
    ray = _connect(config)
    waiting = list(jobs)[::-1]
    share = max(1, -(-len(jobs) // config.run.workers))
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(config.run.workers):
                tasks.create_task(_attend(ray, config, out, waiting, share, deliver, spend))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        if config.run.ray_address is None:
            ray.shutdown()


def _connect(config: RunConfig) -> Any:
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise MissingError("run.executor = 'ray' needs Ray; install it with: pip install 'interalign[ray]'") from None
    try:
        _reach(config.run.ray_address)
        if config.run.ray_address is None:
            ray.init(num_cpus=config.run.workers, include_dashboard=False, log_to_driver=False, logging_level="error")
        else:
            ray.init(address=config.run.ray_address, log_to_driver=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        where = config.run.ray_address or "this machine"
        raise MissingError(f"no Ray cluster at {where} ({error}); start one with `ray start --head`") from None
    return ray


def _reach(address: str | None) -> None:
    """Ray itself tries for minutes. Raises OSError where nobody listens."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=5).close()


async def _attend(
    ray: Any,
    config: RunConfig,
    out: Path,
    waiting: list[Job],
    share: int,
    deliver: Callable[[Outcome], None],
    spend: Callable[[Entries], None],
) -> None:
    """Keep one worker busy, and start another when it dies, until nothing waits."""
    deaths = 0
    while waiting:
        mine = {job[0]: job for job in (waiting.pop() for _ in range(min(share, len(waiting))))}
        worker = ray.remote(num_cpus=1, max_restarts=0)(_Worker).remote(config.model_dump_json(), str(out))
        try:
            async for reference in worker.play.options(num_returns="streaming").remote(list(mine.values())):
                outcome, entries = await reference
                deaths = 0
                mine.pop(outcome.id, None)
                spend(entries)
                deliver(outcome)
                if outcome.partial:
                    waiting.clear()
        except ray.exceptions.RayActorError as error:
            deaths += 1
            if deaths > _DEATHS:
                raise CallError(
                    f"{deaths} workers in a row died; the last: {' '.join(str(error).split())[:200]}"
                ) from None
            waiting.extend(reversed(mine.values()))
        finally:
            ray.kill(worker)


class _Worker:
    """One player in a process of its own, somewhere on the cluster."""

    def __init__(self, config: str, out: str) -> None:
        self.config = RunConfig.model_validate_json(config)
        self.out = Path(out)

    async def play(self, jobs: list[Job]) -> AsyncIterator[tuple[Outcome, Entries]]:
        """Play the jobs; yields each outcome with what has been spent since the last."""
        from interalign.sim.runner import open_cache

        clients = make_clients(self.config)
        # A worker on the machine of the run folder shares its cache; one elsewhere keeps its own.
        own = None if (self.out / "config.toml").exists() else tempfile.TemporaryDirectory()
        cache = open_cache(self.config, Path(own.name) if own else self.out, clients)
        calls = CallPath(clients, self.config.calls, cache=cache)
        player = Player(self.config, make_cast(self.config), calls, make_dialogue(self.config))
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        playing = asyncio.create_task(player.play(jobs, outcomes.put_nowait))
        playing.add_done_callback(lambda task: outcomes.put_nowait(None))
        try:
            while (outcome := await outcomes.get()) is not None:
                yield outcome, calls.ledger.take()
            await playing
        finally:
            await calls.close()
            if cache is not None:
                cache.close()
            if own is not None:
                own.cleanup()
