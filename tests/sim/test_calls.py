"""The call path: retries, repairs, limits and the ledger."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_core.models import LLMMessage, UserMessage

from interalign.agents import Agent, Context, Message, Responder, Role
from interalign.errors import CallError, ConfigError, ParseError
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.engines import ScriptedConfig

CONTEXT = Context(history=(Message("user", "Hello."),))
FAST = CallSettings(retry_delay=0)


class Picky(Role[int]):
    """Wants a number."""

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        return [UserMessage(content="a number, please", source="test")]

    def parse(self, text: str) -> int:
        if not text.isdecimal():
            raise ParseError(f"{text!r} is no number")
        return int(text)


def path(*answers: str, settings: CallSettings = FAST, **config: Any) -> CallPath:
    replies = iter(answers)
    engine = ScriptedEngine(
        ScriptedConfig(engine="scripted", **config), scripts={"picky": lambda context: next(replies)}
    )
    return CallPath({"m": engine}, settings)


def ask(calls: CallPath, role: Role[Any] | None = None, key: str = "k") -> Any:
    return asyncio.run(calls.ask(Agent(role or Picky(), "m"), CONTEXT, key=key))


def test_an_unreadable_answer_is_asked_for_again_and_counted() -> None:
    calls = path("nonsense", "7")
    assert ask(calls).value == 7
    entry = calls.ledger["picky", "m"]
    assert (entry.calls, entry.repairs, entry.failures) == (2, 1, 0)


def test_a_model_that_never_answers_readably_fails_with_what_it_said() -> None:
    calls = path("x", "y", "zebra")
    with pytest.raises(CallError, match=r"picky \(m\) gave 3 answers that cannot be read.*'zebra'"):
        ask(calls)
    assert calls.ledger["picky", "m"].failures == 1


def test_a_passing_fault_is_retried() -> None:
    calls = path("1", fault_at=(1, 2))
    assert ask(calls).value == 1
    assert calls.ledger["picky", "m"].retries == 2


def test_a_fault_that_stays_fails_with_the_number_of_tries() -> None:
    calls = path("1", fault_at=tuple(range(1, 10)), settings=CallSettings(retry_delay=0, retries=2))
    with pytest.raises(CallError, match="failed 3 times"):
        ask(calls)


def test_equal_keys_repeat_a_call_and_other_keys_do_not() -> None:
    texts = [ask(path(), Responder(), key).text for key in ("a", "a", "b", "c", "d", "e")]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_an_unknown_model_is_named_beside_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no model 'other' for the picky; known are m"):
        asyncio.run(path().ask(Agent(Picky(), "other"), CONTEXT, key="k"))


def test_no_more_calls_than_the_limit_are_under_way() -> None:
    under_way, most = 0, 0

    class Slow(ScriptedEngine):
        async def create(self, *arguments: Any, **keywords: Any) -> Any:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1
            return await super().create(*arguments, **keywords)

    async def many() -> None:
        calls = CallPath({"m": Slow(ScriptedConfig(engine="scripted", max_in_flight=3))})
        await asyncio.gather(*(calls.ask(Agent(Responder(), "m"), CONTEXT, key=str(n)) for n in range(20)))

    asyncio.run(many())
    assert most == 3
