"""Judges asked on the scripted engine, and judges that say what a test wants."""

import asyncio
from collections.abc import Callable
from typing import Any

from interalign.agents import Caller, Context, Judge, Message, Persona, PointwiseJudge, Score, Spent, Verdict
from interalign.agents.judges.verdict import Outcome
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.engines import ScriptedConfig

PERSONA = Persona(
    id="p1",
    facts=("I keep six hens behind the garage.", "My sister drives a night bus.", "I bake rye bread on Sundays."),
    traits=("Long answers make me stop reading.", "I laugh at my own jokes first."),
)
CONTEXT = Context(
    history=(Message("user", "Hello."), Message("assistant", "Hi!"), Message("user", "What a day.")), persona=PERSONA
)
ABOUT = "I keep six hens behind the garage. How are they?"
GENERIC = "That sounds nice. What else is going on?"

Script = Callable[[Context], str]


def caller_of(**scripts: Script) -> CallPath:
    """The scripted engine under the name m; its own judge is always right."""
    engine = ScriptedEngine(ScriptedConfig(engine="scripted", judge_accuracy=1.0), scripts=scripts)
    return CallPath({"m": engine}, CallSettings(retry_delay=0))


def compared(judge: Judge, a: str = ABOUT, b: str = GENERIC, caller: Any = None, context: Context = CONTEXT) -> Verdict:
    return asyncio.run(judge.compare(context, a, b, caller or caller_of(), key="k"))


def scored(judge: PointwiseJudge, reply: str = ABOUT, caller: Any = None) -> Score:
    return asyncio.run(judge.score(CONTEXT, reply, caller or caller_of(), key="k"))


class Saying:
    """Prefers what `prefers` says of (a, b), and scores what `scores` says of a reply."""

    def __init__(
        self,
        name: str,
        prefers: Callable[[str, str], Outcome] = lambda a, b: "tie",
        scores: Callable[[str], float | None] = lambda reply: None,
    ) -> None:
        self.name = name
        self.prefers = prefers
        self.scores = scores

    def identity(self) -> dict[str, Any]:
        return {"judge": "saying"}

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        outcome = self.prefers(a, b)
        margin = float(outcome in ("a", "b"))
        return Verdict(judge=self.name, outcome=outcome, margin=margin, spent=Spent(calls=1, prompt=10, completion=2))

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        value = self.scores(reply)
        return Score(judge=self.name, value=value, reason="" if value is not None else "no score", spent=Spent(calls=1))
