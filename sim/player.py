"""player: plays conversations of a config, many at once, and hands each over as soon as it is finished."""

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from interalign.agents import Cast, Persona
from interalign.errors import ConfigError, InteralignError, MissingError, RunFolderError
from interalign.graphs import ConversationTree, Ending, grow
from interalign.graphs.machine import Dialogue
from interalign.sim.calls import CallPath
from interalign.sim.casting import disclosure_plan, make_policy
from interalign.sim.config import RunConfig
from interalign.sim.flipping import flip_of, personality_pool
from interalign.sim.health import note_health

__all__ = ["Job", "Outcome", "Player"]

Job = tuple[str, Persona]
"""A conversation to play: its id and who the user is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a conversation. Plain data: it may come from another machine."""

    id: str
    tree: str = ""
    """The tree as a line of JSON; empty if the conversation failed, or had not begun when the budget ran out."""
    partial: bool = False
    """The budget ran out on the way."""
    failure: dict[str, Any] | None = None
    """Why it failed."""
    health: dict[str, Any] = field(default_factory=dict)
    """The health of the simulated user, as `Health.to_dict` gives it."""


class Player:
    """Plays on one event loop, with one call path."""

    def __init__(self, config: RunConfig, cast: Cast, calls: CallPath, dialogue: Dialogue) -> None:
        self.config = config
        self.cast = cast
        self.calls = calls
        self.dialogue = dialogue
        self.policy = make_policy(config)
        self.ending = Ending(config.run.goodbye, config.run.stall)
        self.personalities = personality_pool(config) if config.run.flip_at else ()
        self.live: dict[str, ConversationTree] = {}
        """The trees that grow at the moment, by id."""

    async def play(self, jobs: Sequence[Job], deliver: Callable[[Outcome], None]) -> None:
        """As many workers as conversations may be under way, each taking the next when it is through with one.

        Ends early when the budget is used up. Raises what `deliver` raises, and errors that concern all conversations.
        """
        waiting = iter(jobs)
        stopped = False

        async def worker() -> None:
            nonlocal stopped
            for id, persona in waiting:
                outcome = await self.converse(id, persona)
                deliver(outcome)
                stopped = stopped or outcome.partial
                if stopped:
                    return

        try:
            with _calm_collector():
                async with asyncio.TaskGroup() as tasks:
                    for _ in range(min(self.config.run.concurrency, len(jobs))):
                        tasks.create_task(worker())
        except BaseExceptionGroup as group:
            raise _reported(group) from None

    async def converse(self, id: str, persona: Persona) -> Outcome:
        """Play one conversation. A failure is an outcome, not an error."""
        run = self.config.run
        flip = flip_of(persona, run.flip_at, self.personalities, run.seed, id) if run.flip_at else None
        plan = disclosure_plan(persona, run.turns, run.seed, id, flip=flip) if run.disclosure == "planned" else ()
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
                ending=self.ending,
                flip=flip,
                watch=lambda tree: self.live.update({id: tree}),
            )
        except (ConfigError, MissingError, RunFolderError):
            raise
        except InteralignError as error:
            kind = type(error).__name__
            return Outcome(id, failure={"id": id, "persona": persona.id, "error": kind, "reason": str(error)})
        finally:
            self.live.pop(id, None)
        if not len(tree):
            return Outcome(id, partial=tree.stop == "budget")
        health = note_health(tree)
        return Outcome(id, tree.to_json(), partial=tree.stop == "budget", health=health.to_dict())


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


def _reported(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error inside: a worker stops the run only for what stops all of them."""
    first = group.exceptions[0]
    return _reported(first) if isinstance(first, BaseExceptionGroup) else first
