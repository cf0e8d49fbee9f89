"""table: where the dialogues of an evaluation are held: the players of a conversation, and what goes wrong with one of them.

All conversations of all models are played by one pool of workers on one call path. A case has the same id, and so the same seeds
and the same plan of what its user tells, at every model's table; its first message is asked for once and given to all of them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from langgraph.runtime import Runtime

from interalign.agents import Agent, Answer, Cast, Context, Persona
from interalign.errors import CallError
from interalign.evaluation.scoring import Observer
from interalign.evaluation.subjects import Subject
from interalign.graphs import ConversationTree, Flip, Stage, Walk, compile_dialogue, dialogue_graph, grow
from interalign.graphs.machine import Dialogue, DialogueState
from interalign.sim.calls import CallPath
from interalign.sim.casting import disclosure_plan
from interalign.sim.config import RunConfig
from interalign.sim.player import Outcome, Player

__all__ = ["FAILED", "Seat", "Tables"]

T = TypeVar("T")

FAILED = "failed: "
"""How the `stop` of a tree begins whose conversation a call's failure has ended."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One subject at work: who it is, what is measured of it, and with whose help."""

    subject: Subject
    cast: Cast
    observer: Observer


class _Openings:
    """A caller for all tables: what the user of a case says first is asked for once."""

    def __init__(self, calls: CallPath) -> None:
        self.calls = calls
        self._first: dict[str, asyncio.Task[Answer[Any]]] = {}

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        if context.history:
            return await self.calls.ask(agent, context, key=key)
        if key not in self._first:
            self._first[key] = asyncio.ensure_future(self.calls.ask(agent, context, key=key))
        return await asyncio.shield(self._first[key])


class Tables(Player):
    """Plays jobs whose ids are `place/case`, with `place` the number of a seat."""

    def __init__(
        self, config: RunConfig, seats: Sequence[Seat], calls: CallPath, flips: Mapping[str, Flip | None]
    ) -> None:
        super().__init__(config, seats[0].cast, calls, _machine(seats))
        self.seats = seats
        self.flips = flips
        """By case."""
        self.openings = _Openings(calls)

    async def converse(self, id: str, persona: Persona) -> Outcome:
        """Play one conversation. When a call fails for good, the tree has what was said and scored before."""
        place, _, case = id.partition("/")
        grown: list[ConversationTree] = []
        try:
            tree = await self._grow(self.seats[int(place)], id, case, persona, grown)
        except CallError as error:
            tree = grown[0]
            tree.graph.graph["stop"] = f"{FAILED}{error}"
            failure = {"id": case, "persona": persona.id, "error": type(error).__name__, "reason": str(error)}
            return Outcome(id, tree.to_json(), failure=failure)
        finally:
            self.live.pop(id, None)
        return Outcome(id, tree.to_json(), partial=tree.stop == "budget")

    async def _grow(
        self, seat: Seat, id: str, case: str, persona: Persona, grown: list[ConversationTree]
    ) -> ConversationTree:
        run, flip = self.config.run, self.flips.get(case)

        def watch(tree: ConversationTree) -> None:
            grown.append(tree)
            self.live[id] = tree

        return await grow(
            self.dialogue,
            id=case,
            persona=persona,
            cast=seat.cast,
            caller=self.openings,
            turns=run.turns,
            seed=run.seed,
            policy=Walk(),
            disclosure=disclosure_plan(persona, run.turns, run.seed, case, flip=flip)
            if run.disclosure == "planned"
            else (),
            flip=flip,
            watch=watch,
        )


def _machine(seats: Sequence[Seat]) -> Dialogue:
    """The dialogue machine with one more node: what is measured at a reply runs beside the next turn."""
    observers = {seat.subject.candidate.name: seat.observer for seat in seats}

    async def observe(state: DialogueState, runtime: Runtime[Stage]) -> None:
        stage = runtime.context
        observer = observers[stage.cast.responders[0].name]
        for reply in state["frontier"]:
            assert reply is not None, "replies stand behind the first turn"
            stage.start(observer.observe(stage.tree, reply, stage.caller))

    graph = dialogue_graph()
    graph.add_node("observe", observe)
    graph.add_edge("branch", "observe")
    return compile_dialogue(graph)
