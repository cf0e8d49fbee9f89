"""asking: put every row of a data set to a judge, in both orders and as often as wanted, and keep what it said.

Each answer is a line of answers.jsonl as soon as it is there, so that the same command goes on where it was stopped, for judges
that call no model, too; within a row, what a model has answered is in the call cache.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from interalign.agents import Agent, Answer, Caller, Context, Judge, Outcome, Usage, Verdict
from interalign.errors import ConfigError, RunFolderError
from interalign.evaluation.judging.readers import Judgement

__all__ = ["Answers", "Asked", "ask_judge", "by_order", "refuse_without_persona", "settled"]

T = TypeVar("T")
Key = tuple[str, str, int]

_AT_A_TIME = 64
_NEED_PERSONA = ("embedding", "likelihood")


class Tokens(BaseModel):
    """What one model was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0


class Asked(BaseModel):
    """What a judge said of one row, one time."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    judge: str
    identity: str
    """A hash of all that decides the judge's verdicts, the models behind it included."""
    row: str
    content: str
    """A hash of what was judged: another text is another question."""
    repeat: int
    """From 0."""
    forward: Verdict
    backward: Verdict | None = None
    """The verdict on (b, a), in terms of a and b; None for a judge that asks both orders itself."""
    usage: dict[str, Tokens] = {}
    """By model."""
    seconds: float | None = None
    """Since the answer before it; None for the first one after a start, which has the loading of models in it."""

    @property
    def compared(self) -> int:
        """How many verdicts of the judge these are."""
        return 1 if self.backward is None else 2


class Answers:
    """The file of answers in a folder, by one process at a time. Use it as a context manager.

    Raises:
        RunFolderError: another process works in the folder, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "answers.jsonl"
        self._found: dict[Key, Asked] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another process is working in {folder}; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise _unusable(folder, error) from None
        try:
            self._read()
        except OSError as error:
            self._lock.release()
            raise _unusable(folder, error) from None

    def _read(self) -> None:
        """Take in what is there. A line cut off by a kill, or of another version, is asked for again."""
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        for line in lines[:-1]:
            try:
                self._take(Asked.model_validate_json(line))
            except ValidationError:
                continue
        if lines[-1]:
            with self.path.open("r+b") as file:
                file.truncate(self.path.stat().st_size - len(lines[-1]))

    def _take(self, asked: Asked) -> None:
        self._found[asked.identity, asked.content, asked.repeat] = asked

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def get(self, identity: str, content: str, repeat: int) -> Asked | None:
        return self._found.get((identity, content, repeat))

    def add(self, asked: Asked) -> None:
        """Keep an answer: after this it survives whatever happens."""
        start = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("ab", buffering=0) as file:
                file.write(asked.model_dump_json(exclude_defaults=True).encode(errors="replace") + b"\n")
        except OSError as error:
            with self.path.open("r+b") as file:
                file.truncate(start)
            raise _unusable(self.folder, error) from None
        self._take(asked)


def _unusable(folder: Path, error: OSError) -> RunFolderError:
    return RunFolderError(
        f"{folder} cannot be written ({error.strerror or error}); free space, or choose another --out; what is there is kept"
    )


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

    `models` says what stands behind the names of the judge's models; `done` is called after each answer.

    Raises:
        ConfigError: the judge needs a persona and a row has none.
        CallError: a model call failed for good; what was answered is kept.
    """
    refuse_without_persona(judge, rows)
    identity = _hash([judge.identity(), models or {}])
    slots = asyncio.Semaphore(_AT_A_TIME)
    last: list[float] = []

    async def one(row: Judgement, repeat: int) -> Asked:
        content = _hash(row.model_dump(mode="json", include={"persona", "history", "a", "b"}))
        found = answers.get(identity, content, repeat)
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
    """The verdict; and that on the swapped replies, where the first has not come from both orders."""
    forward = await judge.compare(row.context, row.a, row.b, caller, key=f"{key}/ab")
    if {vote.order for vote in forward.votes} == {"ab", "ba"}:
        return forward, None
    backward = await judge.compare(row.context, row.b, row.a, caller, key=f"{key}/ba")
    return forward, backward.mirrored()


def settled(asked: Asked) -> Outcome:
    """The outcome that counts: where the card had to ask for the other order, both orders must agree, or it is a tie."""
    first, second = asked.forward.outcome, (asked.backward or asked.forward).outcome
    if "unscored" in (first, second):
        return "unscored"
    return first if first == second else "tie"


def by_order(verdict: Verdict, backward: Verdict | None = None) -> tuple[Outcome, Outcome] | None:
    """The outcomes with a shown first, and with b shown first; None where only one order was asked."""
    if backward is not None:
        return verdict.outcome, backward.outcome
    orders = {vote.order for vote in verdict.votes}
    if orders != {"ab", "ba"}:
        return None
    return _most(verdict, "ab"), _most(verdict, "ba")


def _most(verdict: Verdict, order: str) -> Outcome:
    """What most of the readable votes in an order say; a tie where two say it equally often."""
    outcomes = [vote.outcome for vote in verdict.votes if vote.order == order and vote.outcome != "unscored"]
    if not outcomes:
        return "unscored"
    counts = sorted(((outcomes.count(kind), kind) for kind in set(outcomes)), reverse=True)
    return "tie" if len(counts) > 1 and counts[0][0] == counts[1][0] else counts[0][1]


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
