"""growth: the rounds of a build: ask for drafts, look at each in order, take in what may be, write all of it down."""

import asyncio
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

from interalign.agents import Agent
from interalign.agents.drafts import Draft
from interalign.agents.persona_writer import DraftContext
from interalign.agents.seeds import generator
from interalign.errors import BudgetError, CallError
from interalign.sim.calls import CallPath
from interalign.sim.personas.embedders import Embedder
from interalign.sim.personas.filter import SimilarityFilter
from interalign.sim.personas.folder import PoolFolder
from interalign.sim.personas.halves import Half, items_of, make_half, text_of
from interalign.sim.personas.progress import Snapshot
from interalign.sim.personas.screening import Rejection, fingerprint, screen, tidy
from interalign.sim.personas.settings import BuildConfig

__all__ = ["Growth"]

_SHOWN_OF_AN_ANSWER = 500


class _Offer(NamedTuple):
    """One draft and where it came from."""

    call: int
    items: tuple[str, ...]
    shown: frozenset[str]
    """The ids of the members in its prompt."""


class Growth:
    """A pool on its way, as far as its folder has it."""

    filter: SimilarityFilter

    def __init__(
        self,
        config: BuildConfig,
        folder: PoolFolder,
        calls: CallPath,
        agent: Agent[tuple[Draft, ...]],
        embedder: Embedder,
    ) -> None:
        self.config = config
        self.folder = folder
        self.calls = calls
        self.agent = agent
        self.embedder = embedder
        self.pool: list[Half] = []
        self.known: dict[str, str] = {}
        self.rejected: Counter[str] = Counter()
        """By reason, in the rounds of this call."""

    async def run(self, seeds: list[Half], show: Callable[[Snapshot], None]) -> str:
        """Round after round to the end; returns why it ended."""
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
            show(self._snapshot())
        return stopped

    def _end(self) -> str:
        """Why the build is over; empty if it is not."""
        if len(self.pool) >= self.config.build.target:
            return f"target: the pool has {len(self.pool)}"
        window = self.folder.rounds[-self.config.saturation.window :]
        drafts, accepted = sum(round.drafts for round in window), sum(round.accepted for round in window)
        if len(window) < self.config.saturation.window or accepted >= self.config.saturation.rate * max(drafts, 1):
            return ""
        if not drafts:
            return f"saturated: the last {len(window)} rounds brought nobody; {self.folder.path / 'rejected.jsonl'} has the answers"
        return f"saturated: {accepted} of the last {drafts} drafts were taken in ({self.config.saturation.rate:.0%} is the least)"

    async def _round(self) -> None:
        """One round: ask, look at every draft in order, write down."""
        number = len(self.folder.rounds) + 1
        asked = await asyncio.gather(
            *(self._ask(number, call) for call in range(self.config.build.parallel)), return_exceptions=True
        )
        failed = _failures(asked)
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
                found = _too_similar(self.pool[blocked.by].id, blocked.similarity, self.config.filter.threshold)
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


def _too_similar(near: str, similarity: float, threshold: float) -> Rejection:
    """Two digits say how similar, unless they would say that it is not."""
    shown = f"{similarity:.2f}"
    shown = shown if float(shown) > threshold else f"{similarity:.6f}"
    return Rejection("too similar", f"too similar to {near} at {shown}", near, round(similarity, 6))


def _failures(answers: list[Any]) -> int:
    """How many calls failed; raises what ends the build: a spent budget, or a round without any answer."""
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, CallError):
            raise error
    if len(errors) == len(answers):
        raise errors[0]
    return len(errors)
