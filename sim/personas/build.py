"""build: grows a pool by itself: random members go into a prompt, a model writes others, and what differs enough is taken in.

Round after round, until the pool is large enough or hardly anything new is taken in any more ("saturated"). All random choices
follow from the seed, the round and the call, and a round is kept whole or not at all: a build that was broken off goes on as if
it had not been.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from autogen_core.models import ChatCompletionClient

from interalign.agents import Agent, Personality, Profile, read_jsonl
from interalign.agents.drafts import Draft
from interalign.agents.persona_writer import DraftContext, PersonaWriter
from interalign.agents.pool import shipped_halves
from interalign.agents.seeds import generator
from interalign.errors import BudgetError, CallError, ConfigError
from interalign.sim.calls import CallCache, CallPath
from interalign.sim.casting import load_role
from interalign.sim.engines import make_engine
from interalign.sim.personas.embedders import Embedder, make_embedder
from interalign.sim.personas.filter import SimilarityFilter
from interalign.sim.personas.folder import PoolFolder
from interalign.sim.personas.halves import Half, items_of, make_half, text_of
from interalign.sim.personas.progress import BuildProgress, NoBuildProgress, Snapshot
from interalign.sim.personas.screening import Rejection, fingerprint, screen, tidy
from interalign.sim.personas.settings import BuildConfig, player_model
from interalign.sim.store import now

__all__ = ["BuildSummary", "build_pool", "seeds_of"]

_SHIPPED_SEEDS = 20
_SHOWN_OF_AN_ANSWER = 500


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


class _Offer(NamedTuple):
    """One draft and where it came from."""

    call: int
    items: tuple[str, ...]
    shown: frozenset[str]
    """The ids of the members in its prompt."""


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
    role = load_role(config.writer.role, "writer")() if config.writer.role else PersonaWriter()
    own = dict(clients) if clients is not None else {model: make_engine(config.models[model])}
    embedder = make_embedder(config.embedder)
    with PoolFolder(Path(out), config, seeds) as folder:
        cache = _open_cache(config, folder.path)
        calls = CallPath(own, config.calls, cache=cache)
        agent = Agent(role, model, config.writer.parameters)
        work = _Build(config, folder, calls, agent, embedder, progress or NoBuildProgress())
        try:
            return await work.run(seeds)
        finally:
            if clients is None:
                await calls.close()
            await embedder.close()
            cache.close()
            work.progress.close()


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


class _Build:
    """One call of `build_pool`."""

    filter: SimilarityFilter

    def __init__(
        self,
        config: BuildConfig,
        folder: PoolFolder,
        calls: CallPath,
        agent: Agent[Any],
        embedder: Embedder,
        progress: BuildProgress,
    ) -> None:
        self.config = config
        self.folder = folder
        self.calls = calls
        self.agent = agent
        self.embedder = embedder
        self.progress = progress
        self.pool: list[Half] = []
        self.known: dict[str, str] = {}
        self.rejected: Counter[str] = Counter()
        self.started = time.monotonic()
        self.former = (calls.ledger.calls, calls.ledger.tokens)

    async def run(self, seeds: list[Half]) -> BuildSummary:
        """Round after round to the end."""
        pool = [*seeds, *self.folder.accepted()]
        vectors = await self.embedder.embed([text_of(half) for half in pool])
        self.filter = SimilarityFilter(self.config.filter.threshold, vectors.shape[1])
        self.filter.insert(vectors)
        for half in pool:
            self._keep(half)
        stopped = self._end()
        while not stopped:
            try:
                await self._round()
            except BudgetError as error:
                stopped = f"{error}; the same command then goes on"
            else:
                stopped = self._end()
            self.progress.update(self._snapshot())
        return self._finish(stopped)

    def _end(self) -> str:
        """Why the build is over; empty if it is not."""
        if len(self.pool) >= self.config.build.target:
            return f"target: the pool has {len(self.pool)}"
        window = self.folder.rounds[-self.config.saturation.window :]
        drafts, accepted = sum(round.drafts for round in window), sum(round.accepted for round in window)
        if len(window) < self.config.saturation.window or accepted >= self.config.saturation.rate * max(drafts, 1):
            return ""
        return f"saturated: {accepted} of the last {drafts} drafts were taken in ({self.config.saturation.rate:.0%} is the least)"

    async def _round(self) -> None:
        """One round: ask, look at every draft in order, write down."""
        number = len(self.folder.rounds) + 1
        asked = await asyncio.gather(
            *(self._ask(number, call) for call in range(self.config.build.parallel)), return_exceptions=True
        )
        offers: list[_Offer] = []
        records: list[dict[str, Any]] = []
        for call, answer in enumerate(asked):
            if isinstance(answer, BaseException):
                continue
            texts, shown, raw = answer
            offers += [_Offer(call, tidy(draft, self.config.filter.max_items), shown) for draft in texts]
            if not texts:
                empty = Rejection("not a persona", "not a persona: the answer lists nobody")
                records.append(self._record(number, call, (raw[:_SHOWN_OF_AN_ANSWER],), empty))
        failed = _failures(asked)
        accepted = await self._judge(number, offers, records)
        full = len(self.pool) >= self.config.build.target
        self.folder.add_round(accepted, records, len(offers), failed, full)

    async def _ask(self, number: int, call: int) -> tuple[tuple[Draft, ...], frozenset[str], str]:
        """The drafts of one call, the ids of the examples in its prompt, and the answer as it came."""
        build, limits = self.config.build, self.config.filter
        draw = generator(build.seed, "examples", number, call)
        shown = draw.sample(self.pool, min(build.examples, len(self.pool)))
        span = (
            f"{limits.min_items} to {limits.max_items}"
            if limits.min_items < limits.max_items
            else str(limits.min_items)
        )
        examples = tuple(items_of(half) for half in shown)
        context = DraftContext(kind=build.kind, examples=examples, count=build.batch, items=span)
        answer = await self.calls.ask(self.agent, context, key=f"{build.seed}/{number}/{call}")
        return answer.value, frozenset(half.id for half in shown), answer.text

    async def _judge(self, number: int, offers: list[_Offer], records: list[dict[str, Any]]) -> list[Half]:
        """Take in what may be, in order; the others get their reason. All are embedded together."""
        sound = [offer for offer in offers if self._screen(offer) is None]
        vectors = dict(zip(sound, await self.embedder.embed([" ".join(offer.items) for offer in sound]), strict=True))
        accepted: list[Half] = []
        for offer in offers:
            found = self._screen(offer)
            if len(self.pool) >= self.config.build.target:
                found = Rejection("too late", "too late: the pool is full")
            elif found is None and (blocked := self.filter.add(vectors[offer][None])[0]) is not None:
                near = self.pool[blocked.by].id
                why = f"too similar to {near} at {blocked.similarity:.2f}"
                found = Rejection("too similar", why, near, round(blocked.similarity, 4))
            if found is None:
                accepted.append(self._keep(self._half(offer, number)))
            else:
                records.append(self._record(number, offer.call, offer.items, found))
        return accepted

    def _screen(self, offer: _Offer) -> Rejection | None:
        return screen(offer.items, self.config.filter, self.known, offer.shown)

    def _half(self, offer: _Offer, number: int) -> Half:
        id = blake2b("\n".join(offer.items).encode(), digest_size=5).hexdigest()
        attributes: dict[str, str | int] = {"writer": self.agent.model, "round": number}
        return make_half(self.config.build.kind, f"{self.config.build.kind}-{id}", offer.items, attributes)

    def _keep(self, half: Half) -> Half:
        self.pool.append(half)
        for item in items_of(half):
            self.known.setdefault(fingerprint(item), half.id)
        return half

    def _record(self, number: int, call: int, items: tuple[str, ...], found: Rejection) -> dict[str, Any]:
        self.rejected[found.reason] += 1
        details = {key: value for key, value in found._asdict().items() if value is not None}
        return {"round": number, "call": call, **details, "items": items}

    def _snapshot(self) -> Snapshot:
        window = self.folder.rounds[-self.config.saturation.window :]
        ledger = self.calls.ledger
        drafts, accepted = sum(round.drafts for round in window), sum(round.accepted for round in window)
        return Snapshot(
            len(self.pool),
            self.config.build.target,
            len(self.folder.rounds),
            accepted,
            drafts,
            ledger.calls,
            ledger.tokens,
            ledger.money,
        )

    def _finish(self, stopped: str) -> BuildSummary:
        """Write what stands beside the rounds."""
        ledger, rounds = self.calls.ledger, self.folder.rounds
        accepted = sum(round.accepted for round in rounds)
        seconds = time.monotonic() - self.started
        self.folder.write_pool(self.pool)
        self.folder.write_json("usage.json", ledger.to_dict())
        manifest = {"kind": self.config.build.kind, "pool": len(self.pool), "accepted": accepted, "rounds": len(rounds)}
        manifest |= {"drafts": sum(round.drafts for round in rounds), "stopped": stopped, "finished_at": now()}
        self.folder.write_json("manifest.json", {**manifest, "config_digest": self.config.digest()})
        return BuildSummary(
            self.folder.path,
            len(self.pool),
            accepted,
            dict(self.rejected),
            ledger.calls - self.former[0],
            ledger.tokens - self.former[1],
            ledger.money,
            seconds,
            stopped,
        )


def _open_cache(config: BuildConfig, out: Path) -> CallCache:
    return CallCache(Path(config.calls.cache).expanduser() if config.calls.cache else out / "calls.sqlite")


def _failures(answers: list[Any]) -> int:
    """How many calls failed; raises what ends the build: a spent budget, or a round without any answer."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, CallError):
            raise error
    if len(errors) == len(answers):
        raise errors[0]
    return len(errors)
