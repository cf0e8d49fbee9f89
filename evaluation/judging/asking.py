"""asking: put every row of a data set to a judge, in both orders and as often as wanted."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from interalign.agents import Agent, Answer, Caller, Context, Judge, Usage, Verdict
from interalign.errors import ConfigError
from interalign.evaluation.judging.answers import Answers, Asked, Tokens
from interalign.evaluation.judging.orders import by_order
from interalign.evaluation.judging.readers import Judgement

__all__ = ["ask_judge", "refuse_without_persona"]

T = TypeVar("T")

_AT_A_TIME = 64
_NEED_PERSONA = ("embedding", "likelihood")


@dataclass(slots=True)
class _Meter:
    """A caller that counts what passes through it."""

    caller: Caller
    usage: dict[str, Usage] = field(default_factory=dict)

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        answer = await self.caller.ask(agent, context, key=key)
        self.usage[agent.model] = self.usage.get(agent.model, Usage(calls=0)) + answer.usage
        return answer


async def ask_judge(
    judge: Judge,
    rows: Sequence[Judgement],
    repeats: int,
    caller: Caller,
    answers: Answers,
    models: Mapping[str, Any] | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[list[Asked]]:
    """What the judge says of each row, `repeats` times each; only what is not in `answers` is asked.

    `models` says what stands behind the names of its models, empty for a judge that asks none; `done` is called after each answer.

    Raises:
        ConfigError: the judge needs a persona and a row has none.
        CallError: a model call failed for good; what was answered is kept.
    """
    refuse_without_persona(judge, rows)
    identity = _hash([judge.identity(), models or {}])
    # People's answers have a file of their own, in which they can be taken back; and nobody is asked the same thing twice.
    kept = not _contains(judge.identity(), "human")
    repeats = repeats if kept else 1
    # A judge that asks no model thinks in this process, and does best with one row after the other.
    slots = asyncio.Semaphore(getattr(judge, "at_a_time", _AT_A_TIME if models else 1))
    last: list[float] = []

    async def one(row: Judgement, repeat: int) -> Asked:
        content = _hash(row.model_dump(mode="json", include={"persona", "history", "a", "b"}))
        found = answers.get(identity, content, repeat) if kept else None
        if found is None:
            async with slots:
                meter = _Meter(caller)
                verdicts = await _both_orders(judge, row, meter, f"card/{content}/{repeat}")
            now = time.perf_counter()
            found = Asked(
                judge=judge.name,
                identity=identity,
                row=row.id,
                content=content,
                repeat=repeat,
                forward=verdicts[0],
                backward=verdicts[1],
                usage={model: _tokens(usage) for model, usage in meter.usage.items()},
                seconds=now - last[-1] if last else None,
            )
            last[:] = [now]
            if kept:
                answers.add(found)
        done()
        return found.model_copy(update={"row": row.id, "judge": judge.name})

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [[group.create_task(one(row, repeat)) for repeat in range(repeats)] for row in rows]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [[task.result() for task in row] for row in tasks]


async def _both_orders(judge: Judge, row: Judgement, caller: Caller, key: str) -> tuple[Verdict, Verdict | None]:
    """The verdict; and that on the swapped replies, where the first has not come from both orders and can be of use."""
    forward = await judge.compare(row.context, row.a, row.b, caller, key=f"{key}/ab")
    if forward.outcome == "unscored" or by_order(forward) is not None:
        return forward, None
    backward = await judge.compare(row.context, row.b, row.a, caller, key=f"{key}/ba")
    return forward, backward.mirrored()


def refuse_without_persona(judge: Judge, rows: Sequence[Judgement]) -> None:
    """Raises ConfigError where a judge measures closeness to a persona, and the data have none."""
    bare = next((row.id for row in rows if row.persona is None), None)
    kind = next((kind for kind in _NEED_PERSONA if _contains(judge.identity(), kind)), None)
    if bare is not None and kind is not None:
        raise ConfigError(
            f"the judge {judge.name!r} ({kind}) compares replies with a persona, and row {bare!r} has none; "
            "use an llm or reward_model judge for data without personas"
        )


def _contains(identity: Any, kind: str) -> bool:
    """Whether this is a judge of that kind, or a panel with one in it."""
    if isinstance(identity, Mapping):
        return identity.get("judge") == kind or any(_contains(inner, kind) for inner in identity.values())
    return isinstance(identity, (list, tuple)) and any(_contains(inner, kind) for inner in identity)


def _tokens(usage: Usage) -> Tokens:
    return Tokens(calls=usage.calls, prompt=usage.prompt, cached=usage.cached, completion=usage.completion)


def _hash(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
