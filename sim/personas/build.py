"""build: grows a pool by itself: random members go into a prompt, a model writes others, and what differs enough is taken in.

Round after round, until the pool is large enough or hardly anything new is taken in any more ("saturated"). All random choices
follow from the seed, the round and the call, and a round is kept whole or not at all: a build that was broken off goes on as if
it had not been.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autogen_core.models import ChatCompletionClient

from interalign.agents import Agent, Personality, Profile, read_jsonl
from interalign.agents.persona_writer import PersonaWriter
from interalign.agents.pool import shipped_halves
from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.sim.calls import CallCache, CallPath
from interalign.sim.casting import make_role
from interalign.sim.engines import make_engine
from interalign.sim.personas.embedders import make_embedder
from interalign.sim.personas.folder import PoolFolder
from interalign.sim.personas.growth import Growth
from interalign.sim.personas.halves import Half
from interalign.sim.personas.progress import BuildProgress, NoBuildProgress
from interalign.sim.personas.settings import BuildConfig, player_model
from interalign.sim.store import now

__all__ = ["BuildSummary", "build_pool", "seeds_of"]

_SHIPPED_SEEDS = 20


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build came to."""

    folder: Path
    pool: int
    accepted: int
    """Taken in, in all rounds."""
    rejected: Mapping[str, int]
    """How many were not, by reason; in the rounds of this call."""
    calls: int
    """Sent to an engine by this call of `build_pool`."""
    tokens: int
    money: float
    """Of the whole build, former calls included."""
    seconds: float
    stopped: str
    """Why it ended: the target, saturation, or the budget."""


async def build_pool(
    config: BuildConfig,
    out: str | Path,
    *,
    progress: BuildProgress | None = None,
    clients: Mapping[str, ChatCompletionClient] | None = None,
) -> BuildSummary:
    """Grow the pool in `out` as far as the config says. The same call again goes on with what is there.

    Raises:
        ConfigError, MissingError, RunFolderError: before any call is made.
        CallError: no call of a round was answered; the rounds before it are kept.
    """
    seeds = seeds_of(config)
    model = player_model(config.writer, config.models, "writer")
    role = make_role(config.writer, "writer", PersonaWriter)
    own = dict(clients) if clients is not None else {model: make_engine(config.models[model])}
    embedder = make_embedder(config.embedder)
    with PoolFolder(Path(out), config, seeds) as folder:
        cache = _open_cache(config, folder.path)
        calls = CallPath(own, config.calls, cache=cache)
        agent = Agent(role, model, config.writer.parameters)
        former = (calls.ledger.calls, calls.ledger.tokens)
        progress = progress or NoBuildProgress()
        growth = Growth(config, folder, calls, agent, embedder)
        started = time.monotonic()
        try:
            stopped = await growth.run(seeds, progress.update)
        finally:
            if clients is None:
                await calls.close()
            await embedder.close()
            cache.close()
            progress.close()
        _write_down(growth, stopped)
        return BuildSummary(
            folder.path,
            len(growth.pool),
            len(growth.pool) - len(seeds),
            dict(growth.rejected),
            calls.ledger.calls - former[0],
            calls.ledger.tokens - former[1],
            calls.ledger.money,
            time.monotonic() - started,
            stopped,
        )


def seeds_of(config: BuildConfig) -> list[Half]:
    """What the pool begins with.

    Raises:
        ConfigError, MissingError: the file cannot be used, or the pool would be full before it begins.
    """
    kind = Profile if config.build.kind == "profile" else Personality
    if config.seeds.file is None:
        known: list[Half] = list(shipped_halves()[0 if kind is Profile else 1])
        count = config.seeds.count or _SHIPPED_SEEDS
    else:
        known = list(read_jsonl(Path(config.seeds.file).expanduser(), kind))
        count = config.seeds.count or len(known)
    if count > len(known):
        raise ConfigError(f"seeds.count = {count}, but there are {len(known)} {config.build.kind} seeds; lower it")
    if count >= config.build.target:
        raise ConfigError(
            f"build.target = {config.build.target}, but the pool begins with {count}; raise it, or lower seeds.count"
        )
    return known if count == len(known) else generator(config.build.seed, "seeds").sample(known, count)


def _open_cache(config: BuildConfig, out: Path) -> CallCache:
    return CallCache(Path(config.calls.cache).expanduser() if config.calls.cache else out / "calls.sqlite")


def _write_down(growth: Growth, stopped: str) -> None:
    """What stands beside the rounds."""
    folder, rounds = growth.folder, growth.folder.rounds
    folder.write_pool(growth.pool)
    folder.write_json("usage.json", growth.calls.ledger.to_dict())
    counts = {"pool": len(growth.pool), "rounds": len(rounds), "drafts": sum(round.drafts for round in rounds)}
    counts["accepted"] = sum(round.accepted for round in rounds)
    digest = growth.config.digest()
    folder.write_json("manifest.json", {**counts, "stopped": stopped, "config_digest": digest, "finished_at": now()})
