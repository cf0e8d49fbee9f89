"""JSON answers and tools on the way to a model: what is sent, what comes back, and what is asked again."""

import asyncio
import json
import random
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)
from autogen_core.tools import FunctionTool, ToolSchema
from pydantic import BaseModel, ConfigDict, Field
from stub import Stub, completion, with_stub

from interalign.agents import Agent, Context, Role
from interalign.errors import CallError, TransientError
from interalign.sim import CallPath, CallSettings, ScriptedEngine, make_engine
from interalign.sim.calls import CallCache
from interalign.sim.engines import OpenAIConfig
from interalign.sim.engines.invented import invent


class Note(BaseModel):
    warmth: int = Field(ge=1, le=5)
    comment: str


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    warmth: int


class Critic(Role[Note]):
    output = Note

    def messages(self, context: Context) -> list[LLMMessage]:
        return [UserMessage(content="Criticise.", source="x")]


GOOD = '{"warmth": 4, "comment": "fine"}'
CRITIC = Agent(Critic(), "m")


def openai(url: str, **config: Any) -> Any:
    return make_engine(OpenAIConfig(engine="openai_api", base_url=url, model="M", **config))


def asked(stub: Stub, agent: Agent[Any] = CRITIC, **config: Any) -> Any:
    async def work(url: str) -> Any:
        calls = CallPath({"m": openai(url, **config)}, CallSettings(retry_delay=0))
        try:
            answer = await calls.ask(agent, Context(), key="k")
        finally:
            await calls.close()
        return answer, calls.ledger.to_dict()["total"]

    return with_stub(stub, work)


# -- answers in JSON -----------------------------------------------------------------------------


def test_a_server_that_takes_schemas_gets_the_types() -> None:
    stub = Stub(completion(GOOD))
    answer, _ = asked(stub)
    assert answer.value == Note(warmth=4, comment="fine")
    form = stub.bodies[0]["response_format"]
    assert (form["type"], form["json_schema"]["name"]) == ("json_schema", "Note")
    assert form["json_schema"]["schema"] == Note.model_json_schema()


@pytest.mark.parametrize(("output", "strict"), [(Note, False), (Strict, True)])
def test_a_schema_is_strict_where_openai_takes_it_as_such(output: type[BaseModel], strict: bool) -> None:
    stub = Stub(completion('{"warmth": 1, "comment": ""}' if output is Note else '{"warmth": 1}'))
    asked(stub, Agent(type("Own", (Critic,), {"output": output})(), "m"))
    assert stub.bodies[0]["response_format"]["json_schema"]["strict"] is strict


def test_a_server_that_takes_none_gets_none_and_its_answer_is_searched() -> None:
    stub = Stub(completion(f"Sure!\n```json\n{GOOD}\n```"))
    answer, _ = asked(stub, send_schema=False)
    assert "response_format" not in stub.bodies[0]
    assert answer.value.warmth == 4


def test_an_answer_that_cannot_be_read_is_asked_for_again_with_what_is_wrong_and_counted() -> None:
    stub = Stub(completion('{"warmth": 9, "comment": ""}'), completion(GOOD))
    answer, total = asked(stub)
    assert (answer.value.warmth, answer.usage.calls, total["repairs"], total["calls"]) == (4, 2, 1, 2)
    first, second = (body["messages"] for body in stub.bodies)
    assert second[: len(first)] == first
    assert second[-2] == {"role": "assistant", "content": '{"warmth": 9, "comment": ""}'}
    assert "key 'warmth': Input should be less than or equal to 5" in second[-1]["content"]


def test_a_model_that_never_answers_in_json_is_given_up() -> None:
    with pytest.raises(CallError, match=r"the critic \(m\) gave 3 answers that cannot be read: the answer is no Note"):
        asked(Stub(completion("four")))


def test_another_type_is_another_call_in_the_cache(tmp_path: Path) -> None:
    class Kept(ScriptedEngine):
        worth_caching = True

    engine = Kept()

    async def ask(output: type[BaseModel]) -> None:
        cache = CallCache(tmp_path / "c.sqlite")
        agent = Agent(type("Own", (Critic,), {"output": output})(), "m")
        await CallPath({"m": engine}, cache=cache).ask(agent, Context(), key="k")
        cache.close()

    for output, calls in ((Note, 1), (Note, 1), (Strict, 2)):
        asyncio.run(ask(output))
        assert engine.calls == calls


# -- tools ---------------------------------------------------------------------------------------


def add(a: int, b: int = 2) -> int:
    """The sum."""
    return a + b


TOOL = FunctionTool(add, description="The sum.")


def created(stub: Stub, messages: list[LLMMessage], **keywords: Any) -> Any:
    async def work(url: str) -> Any:
        engine = openai(url)
        try:
            return await engine.create(messages, **keywords)
        finally:
            await engine.close()

    return with_stub(stub, work)


def test_tools_are_offered_and_calls_of_them_come_back() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    reply = completion(None)
    reply["choices"][0] = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}
    stub = Stub(reply)
    result = created(stub, [UserMessage(content="1+2?", source="u")], tools=[TOOL], tool_choice=TOOL)
    assert result.content == [FunctionCall(id="c1", name="add", arguments='{"a": 1}')]
    assert result.finish_reason == "function_calls"
    body = stub.bodies[0]
    assert body["tools"][0]["function"]["name"] == "add"
    assert body["tool_choice"] == {"type": "function", "function": {"name": "add"}}


def test_what_tools_answered_goes_back_in_the_wire_format() -> None:
    stub = Stub(completion("3"))
    called = AssistantMessage(content=[FunctionCall(id="c1", name="add", arguments="{}")], thought="hm", source="a")
    results = [FunctionExecutionResult(content=str(n), name="add", call_id=f"c{n}") for n in (1, 2)]
    created(stub, [UserMessage(content="?", source="u"), called, FunctionExecutionResultMessage(content=results)])
    assert stub.bodies[0]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "hm",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": "2"},
    ]
    assert "tools" not in stub.bodies[0]


@pytest.mark.parametrize("call", [{}, {"function": {}}, "add", {"function": None}])
def test_a_broken_tool_call_is_a_fault_that_may_pass(call: Any) -> None:
    reply = completion("x")
    reply["choices"][0]["message"]["tool_calls"] = [call]
    with pytest.raises(TransientError, match="the answer is no chat completion"):
        created(Stub(reply), [UserMessage(content="?", source="u")])


def test_the_scripted_engine_calls_the_first_tool_once_and_then_answers() -> None:
    engine = ScriptedEngine()
    schema: ToolSchema = TOOL.schema

    async def talk() -> list[Any]:
        messages: list[LLMMessage] = [UserMessage(content="1+2?", source="u")]
        first = await engine.create(messages, tools=[schema])
        [call] = first.content
        assert isinstance(call, FunctionCall)
        value = add(**json.loads(call.arguments))
        result = FunctionExecutionResult(content=str(value), name="add", call_id=call.id)
        messages += [
            AssistantMessage(content=[call], source="a"),
            FunctionExecutionResultMessage(content=[result]),
        ]
        second = await engine.create(messages, tools=[schema])
        return [value, second.content]

    value, text = asyncio.run(talk())
    assert text.endswith(str(value))


# -- invented values -----------------------------------------------------------------------------


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Node(BaseModel):
    name: str = Field(max_length=3)
    mood: Mood
    kind: Literal["a"]
    sizes: list[float] = Field(min_length=2)
    count: int = Field(gt=3, lt=6)
    maybe: int | None
    child: "Node | None" = None
    flags: dict[str, bool] = {}


@pytest.mark.parametrize("seed", range(20))
def test_an_invented_value_fits_its_schema(seed: int) -> None:
    Node.model_validate(invent(Node.model_json_schema(), random.Random(seed), "some text"))


def test_the_scripted_engine_answers_in_any_shape() -> None:
    answer = asyncio.run(CallPath({"m": ScriptedEngine()}).ask(CRITIC, Context(), key="k"))
    assert 1 <= answer.value.warmth <= 5
    assert answer.usage.calls == 1
