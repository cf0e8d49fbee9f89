"""estimate: what a run will cost, before it is run.

The number of calls follows from the shape of the trees. Tokens a call and seconds come from a probe: a few conversations of the
run's personas are really played, one alone and then several together, which shows how much slower a call gets when there are
more of them at a time. The probe leaves nothing behind.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

from autogen_core.models import ChatCompletionClient

from interalign.errors import CallError
from interalign.sim.calls import CallPath, Entries
from interalign.sim.casting import make_cast, make_clients, make_dialogue, make_policy, personas_of, pin_personas
from interalign.sim.config import RunConfig
from interalign.sim.engines import Engine
from interalign.sim.judge_config import calls_to_compare
from interalign.sim.player import Job, Outcome, Player
from interalign.sim.runner import open_cache

__all__ = ["Estimate", "Line", "calls_per_conversation", "estimate"]


@dataclass(frozen=True, slots=True)
class Line:
    """One role on one model, over the whole run."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    money: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the whole run will use."""

    lines: tuple[Line, ...]
    seconds: float
    probe: int
    """Conversations that were played for it."""

    @property
    def total(self) -> Line:
        lines = self.lines
        return Line(
            "all",
            "",
            sum(line.calls for line in lines),
            sum(line.prompt_tokens for line in lines),
            sum(line.completion_tokens for line in lines),
            sum(line.money for line in lines),
        )


def calls_per_conversation(config: RunConfig) -> int:
    """From the shape of the tree: user, inducer and responders at each user message, and the judge for each two replies."""
    responders = len(config.cast.responders)
    users = make_policy(config).branches(config.run.turns, responders)
    judged = calls_to_compare(config.cast.judge) * comb(responders, 2)
    return users * (2 + responders + judged)


async def estimate(config: RunConfig, probe: int = 3) -> Estimate:
    """Play `probe` conversations with personas of the run, and extrapolate.

    Raises:
        ConfigError, MissingError: as `simulate`.
        CallError: a conversation of the probe failed.
    """
    config = pin_personas(config)
    personas = personas_of(config)
    jobs: list[Job] = [(f"c{place:05d}", persona) for place, persona in enumerate(personas[:probe])]
    clients = make_clients(config)
    alone, together = await _play(config, clients, jobs)
    scale = _total_calls(config, together, len(jobs)) / together.calls
    lines = tuple(
        Line(
            role,
            model,
            round(entry.calls * scale),
            round(entry.prompt_tokens * scale),
            round(entry.completion_tokens * scale),
            entry.money * scale,
        )
        for (role, model), entry in sorted(together.spent.items())
    )
    return Estimate(lines, _seconds(config, clients, alone, together, len(jobs)), len(jobs))


@dataclass(frozen=True, slots=True)
class _Measured:
    """A part of the probe."""

    seconds: float
    spent: Entries

    @property
    def calls(self) -> int:
        return sum(entry.calls for entry in self.spent.values())

    @property
    def in_flight(self) -> float:
        """Calls under way at a time, on average."""
        return sum(sum(entry.seconds) for entry in self.spent.values()) / self.seconds

    @property
    def latency(self) -> float:
        """Mean seconds of a call."""
        return self.in_flight * self.seconds / self.calls


def _total_calls(config: RunConfig, together: _Measured, probe: int) -> float:
    """Of the run: by the shape of its trees, or as the probe had them where a config's own parts decide how many there are."""
    run = config.run
    own = run.graph or run.goodbye or run.stall or any(responder.agent for responder in config.cast.responders)
    each = together.calls / probe if own else calls_per_conversation(config)
    return each * run.conversations


async def _play(
    config: RunConfig, clients: dict[str, ChatCompletionClient], jobs: Sequence[Job]
) -> tuple[_Measured, _Measured]:
    """The first job alone, then all of them together."""
    with tempfile.TemporaryDirectory() as folder:
        cache = open_cache(config, Path(folder), clients)
        calls = CallPath(clients, config.calls, cache=cache)
        player = Player(config, make_cast(config), calls, make_dialogue(config))
        try:
            await _timed(player, [("warm-up", jobs[0][1])])  # loads models, opens connections
            alone = await _timed(player, [("alone", jobs[0][1])])
            together = await _timed(player, jobs)
        finally:
            await calls.close()
            if cache is not None:
                cache.close()
    return alone, together


async def _timed(player: Player, jobs: Sequence[Job]) -> _Measured:
    failures: list[Outcome] = []
    started = time.monotonic()
    await player.play(jobs, lambda outcome: failures.append(outcome) if outcome.failure else None)
    seconds = time.monotonic() - started
    if failures and failures[0].failure:
        raise CallError(
            f"a conversation of the probe failed, so nothing can be estimated: {failures[0].failure['reason']}"
        )
    return _Measured(seconds, player.calls.ledger.take())


def _seconds(
    config: RunConfig, clients: dict[str, ChatCompletionClient], alone: _Measured, together: _Measured, probe: int
) -> float:
    """Calls times their latency over how many are under way, with a latency that grows linearly with that number."""
    total = _total_calls(config, together, probe)
    cap = sum(client.max_in_flight for client in clients.values() if isinstance(client, Engine)) or 32
    wanted = together.in_flight * min(config.run.concurrency, config.run.conversations) / probe
    in_flight = min(float(cap), max(wanted, alone.in_flight))
    more = together.in_flight - alone.in_flight
    growth = max(0.0, (together.latency - alone.latency) / more) if more > 0.1 else 0.0
    latency = max(alone.latency, together.latency + growth * (in_flight - together.in_flight))
    return total * latency / in_flight
