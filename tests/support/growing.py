"""A cast on the scripted engine, and conversations grown with it."""

import asyncio
from typing import Any

from interalign.agents import Agent, Candidate, Cast, Inducer, LLMJudge, Persona, Responder, UserAgent
from interalign.graphs import ConversationTree, compile_dialogue, grow
from interalign.graphs.machine import Dialogue
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.engines import ScriptedConfig

PERSONA = Persona(
    id="p1",
    facts=("I keep six hens behind the garage.", "My sister drives a night bus.", "I bake rye bread on Sundays."),
    traits=("Long answers make me stop reading.", "I laugh at my own jokes first."),
)


def cast(**changes: Any) -> Cast:
    """A plain and a hinted responder; user, inducer and judge as shipped."""
    players: dict[str, Any] = {
        "user": Agent(UserAgent(), "m"),
        "inducer": Agent(Inducer(), "m"),
        "responders": (
            Candidate("plain", Agent(Responder(), "m")),
            Candidate("hinted", Agent(Responder("hinted"), "m"), "hinted"),
        ),
        "judge": LLMJudge("m"),
    }
    return Cast(**{**players, **changes})


def scripted(**config: Any) -> ScriptedEngine:
    return ScriptedEngine(ScriptedConfig(engine="scripted", **config))


def grown(
    engine: ScriptedEngine | None = None, dialogue: Dialogue | None = None, retries: int = 4, **options: Any
) -> ConversationTree:
    """The tree of one conversation, of four turns unless said otherwise."""
    options = {"id": "c0", "persona": PERSONA, "cast": cast(), "turns": 4, **options}
    caller = CallPath({"m": engine or scripted()}, CallSettings(retries=retries, retry_delay=0))
    return asyncio.run(grow(dialogue or compile_dialogue(), caller=caller, **options))
