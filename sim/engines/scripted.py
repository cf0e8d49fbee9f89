"""scripted: a deterministic engine without a model, for tests, development and load: it plays every shipped role.

It knows the persona: its user discloses one fact or trait after another, its inducer finds them, its hinted replies take
them up and its plain ones do not, and its judge is right with a set probability. Answers depend on the request alone.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import CreateResult, LLMMessage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field

from interalign.agents import Context
from interalign.agents.persona_writer import DraftContext
from interalign.agents.seeds import derive, generator
from interalign.errors import TransientError
from interalign.sim.engines.base import Engine, EngineSettings, EngineUsage, wire_messages
from interalign.sim.engines.invented import invent
from interalign.sim.engines.tools import tool_schemas

__all__ = ["ScriptedConfig", "ScriptedEngine"]

Script = Callable[[Context], str]


class ScriptedConfig(EngineSettings):
    engine: Literal["scripted"]
    judge_accuracy: float = Field(default=0.9, ge=0, le=1)
    """How often its judge prefers the reply that is more about the persona; otherwise it says the opposite."""
    adaptation: float = Field(default=0.0, ge=0, le=0.4)
    """How many more of the things that the user has said its replies take up with every turn; its scores rise by as much.
    At 0 they take up none, but the hint. A responder that sees the persona takes up four things, in any case."""
    latency: float = Field(default=0.0, ge=0)
    """Mean seconds of a call; lognormal with a heavy tail (sigma 0.8)."""
    fault_rate: float = Field(default=0.0, ge=0, lt=1)
    """Share of first attempts that fail in a way that passes."""
    fault_at: tuple[int, ...] = ()
    """Numbers of calls (from 1) that fail in a way that passes."""
    max_in_flight: int = Field(default=256, ge=1)


class ScriptedEngine(Engine[ScriptedConfig]):
    """Answers from a script. `scripts` maps a role's name to what answers it: how you develop a role of your own."""

    reads_context = True
    worth_caching = False

    def __init__(self, config: ScriptedConfig | None = None, scripts: Mapping[str, Script] | None = None) -> None:
        self.config = config or ScriptedConfig(engine="scripted")
        self._scripts = dict(scripts or {})
        self._seen: Counter[int] = Counter()
        self.calls = 0
        """How many calls have come in, failed ones included."""

    def identity(self) -> dict[str, Any]:
        adaptation = {"adaptation": self.config.adaptation} if self.config.adaptation else {}
        return {"engine": "scripted", "judge_accuracy": self.config.judge_accuracy, **adaptation}

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Any = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        extra = extra_create_args or {}
        wire = wire_messages(messages)
        seed = derive(extra.get("seed", 0), wire[-1]["content"], len(wire))
        self.calls += 1
        self._fail(seed)
        if self.config.latency:
            await asyncio.sleep(self.config.latency * random.Random(seed).lognormvariate(-0.32, 0.8))
        role, context = extra.get("scene", ("", Context()))
        if tools and role not in self._scripts and wire[-1]["role"] != "tool":
            return self._call_tool(tool_schemas(tools)[0], wire, seed)
        text = self._answer(role, context, wire, seed)
        if role not in _PLAYED and role not in self._scripts and isinstance(json_output, type):
            text = json.dumps(invent(json_output.model_json_schema(), generator(seed, role), text))
        if role == "scorer" and role not in self._scripts and isinstance(json_output, type):
            text = json.dumps(dict.fromkeys(json_output.model_fields, int(text)))
        prompt = sum(len(message["content"].split()) + 4 for message in wire)
        usage = EngineUsage(prompt, len(text.split()) + 1)
        self._record(usage)
        return CreateResult(finish_reason="stop", content=text, usage=usage, cached=False)

    def _call_tool(self, tool: dict[str, Any], wire: list[dict[str, Any]], seed: int) -> CreateResult:
        """The first tool is called once before an answer, with what was said last."""
        arguments = invent(tool.get("parameters", {}), generator(seed, "tool"), wire[-1]["content"])
        call = FunctionCall(id=f"call_{seed:x}", name=tool["name"], arguments=json.dumps(arguments))
        usage = EngineUsage(sum(len(message["content"].split()) + 4 for message in wire), 8)
        self._record(usage)
        return CreateResult(finish_reason="function_calls", content=[call], usage=usage, cached=False)

    def _fail(self, seed: int) -> None:
        self._seen[seed] += 1
        chance = generator(seed, "fault").random()
        first = self._seen[seed] == 1
        if self.calls in self.config.fault_at or (first and chance < self.config.fault_rate):
            raise TransientError("the scripted engine fails here, as it was told to")

    def _answer(self, role: str, context: Context, wire: list[dict[str, Any]], seed: int) -> str:
        if role in self._scripts:
            return self._scripts[role](context)
        draw = generator(seed, role)
        match role:
            case "user":
                return _user(context, draw)
            case "inducer":
                return _induce(context)
            case "responder":
                return _respond(context, draw, self.config.adaptation)
            case "inference":
                return _infer(context, draw, self.config.adaptation)
            case "judge":
                return _judge(context, draw, self.config.judge_accuracy)
            case "scorer":
                return _score(context, draw, self.config.judge_accuracy)
            case "writer":
                return _write(context, draw)
            case _ if wire[-1]["role"] == "tool":
                return f"{draw.choice(_ASIDES)} {wire[-1]['content']}"
            case "autogen":
                return _respond(context, draw, self.config.adaptation)
            case _:
                return f"{draw.choice(_ASIDES)} ({role or 'no role'}, {len(wire)} messages)"


_PLAYED = ("user", "inducer", "responder", "inference", "judge", "scorer", "writer")
_OPENERS = ("Hi!", "Hello there.", "Good to see you.", "Hey, do you have a minute?", "Well, what a day.")
_ASIDES = ("I see.", "Right.", "That makes me think.", "True enough.", "Ha, could be.", "Anyway.")
_GENERIC = (
    "That sounds nice. What else is going on?",
    "I hear you. How does that make you feel?",
    "There are many ways to look at it. Tell me more.",
    "Thanks for telling me. Is there anything I can do?",
    "Interesting. People often say things like that.",
)
_TAKE_UP = (
    "You once said: {item} Shall we talk about that?",
    "That goes well with what I know of you. {item}",
    "I remember. {item} It shows.",
    "Given that, I would do it your way. {item}",
)


def _user(context: Context, draw: random.Random) -> str:
    persona = context.persona
    said = {message.text for message in context.history if message.role == "user"}
    if context.disclose is not None:
        item = context.disclose
    else:
        assert persona is not None, "the user agent plays a persona"
        order = generator(persona.id, "order").sample(persona.items, len(persona.items))
        fresh = [item for item in order if not any(item in text for text in said)]
        item = fresh[0] if fresh else draw.choice(order)
    return f"{draw.choice(_OPENERS if not context.history else _ASIDES)} {item}"


def _induce(context: Context) -> str:
    assert context.persona is not None, "the inducer compares the dialogue with a persona"
    newest = context.history[-1].text
    return "\n".join(item.replace("\n", " ") for item in context.persona.items if item in newest) or "nothing"


def _respond(context: Context, draw: random.Random, adaptation: float) -> str:
    if adaptation or context.persona is not None:
        taken = " ".join(_taken_up(context, draw, adaptation))
        return f"{draw.choice(_ASIDES)} {taken}".rstrip()
    if not context.known:
        return draw.choice(_GENERIC)
    before, after = draw.choice(_TAKE_UP).split("{item}")
    return before + context.known[-1] + after


def _taken_up(context: Context, draw: random.Random, adaptation: float) -> list[str]:
    """`adaptation * turn` things on average: a whole number of them, the rest by chance. Four where the persona is seen."""
    if context.persona is not None:
        return draw.sample(context.persona.items, min(4, len(context.persona.items)))
    known = context.known or tuple(message.text for message in context.history if message.role == "user")
    wanted = min(adaptation * context.turn, 4.0)
    count = int(wanted) + (draw.random() < wanted % 1)
    return draw.sample(known, min(count, len(known)))


def _infer(context: Context, draw: random.Random, adaptation: float) -> str:
    """What the user has said, as far as it is taken up; one a line."""
    return "\n".join(text.replace("\n", " ") for text in _taken_up(context, draw, adaptation)) or "nothing"


def _judge(context: Context, draw: random.Random, accuracy: float) -> str:
    assert context.persona is not None, "a judge knows the persona it judges for"
    first, second = (sum(item in reply for item in context.persona.items) for reply in context.replies)
    if first == second:
        return "tie"
    right = draw.random() < accuracy
    return "first" if (first > second) == right else "second"


def _score(context: Context, draw: random.Random, accuracy: float) -> str:
    """A point for each fact and trait of the person that the reply takes up, from 1 to 5; a wrong score is any number."""
    assert context.persona is not None, "a judge knows the persona it judges for"
    about = sum(item in reply for item in context.persona.items for reply in context.replies)
    return str(min(5, 1 + about) if draw.random() < accuracy else draw.randint(1, 5))


_LISTS = {
    "profile": (
        "repair collect paint sell carry borrow count study photograph hide bury inherit polish rent dread teach steer weigh",
        "kites bees violins trams maps lanterns goats rubies drums quilts comets ferries cactuses owls saddles puppets radios "
        "anchors marbles looms skates teapots canoes bridges clocks mushrooms hammocks sledges pigeons lemons tyres noodles",
        "in Tromsø,on my roof,beside the canal,for my cousin,before dawn,during Lent,after my shift,on crutches,at the clinic,"
        "for the choir,by candlelight,since the flood,behind the mosque,near the salt works,with one hand,in three languages",
    ),
    "personality": (
        "skip mock adore quote ignore repeat shorten answer forgive dodge soften number admire distrust echo resent count",
        "commas riddles compliments proverbs apologies rumours deadlines greetings metaphors statistics nicknames warnings "
        "confessions doubts emoji footnotes insults lullabies objections punchlines questions recipes secrets summaries",
        "when you advise me,in capital letters,without a smile,after a pause,at great length,for the fun of it,if you ask twice,"
        "out of habit,in one word,with a sigh,against my will,before you finish,over and over,like my aunt,on principle,at night",
    ),
}


def _write(context: Context, draw: random.Random) -> str:
    """A list of people made of chance sentences: enough variety for a pool of some dozens, then nothing new."""
    assert isinstance(context, DraftContext), "a writer is shown members of a pool"
    doings, things, ways = _LISTS[context.kind]
    lines: list[str] = []
    for place in range(1, context.count + 1):
        parts = (draw.sample(words, 9) for words in (doings.split(), things.split(), ways.split(",")))
        lines.append(
            f"{place}. " + " ".join(f"I {doing} {thing} {way}." for doing, thing, way in zip(*parts, strict=True))
        )
    return "\n".join(lines)
