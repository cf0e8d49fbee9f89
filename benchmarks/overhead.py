"""overhead: CPU time of this process for each LLM call, over whole conversations.

    python benchmarks/overhead.py [--rounds 3] [--json FILE]

A stub server in a second process answers at once. In each round, one after the other: a plain aiohttp client and the openai
SDK send the very requests of a run, 32 in flight; then interalign plays the 64 conversations of 10 turns with everything
switched on (dialogue machine, prompts, cache, ledger, run folder). The median over the rounds is printed. The parts of our
own time are measured by doing them alone, on the recorded calls of a run. Needs: pip install openai
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from common import arguments, report
from stub_server import TEXT, running

from interalign.agents import Agent, Answer, Context, Usage
from interalign.config import parse_config
from interalign.graphs import compile_dialogue, grow
from interalign.sim import RunConfig, read_trees, simulate
from interalign.sim.calls import CallCache
from interalign.sim.calls.cache import fingerprint
from interalign.sim.casting import make_cast, personas_of
from interalign.sim.engines import OpenAIConfig, OpenAIEngine
from interalign.sim.engines.base import wire_messages

IN_FLIGHT = 32
CONVERSATIONS, TURNS = 64, 10
Calls = list[tuple[Sequence[Any], dict[str, Any]]]


class Recording(OpenAIEngine):
    """Remembers what it was asked."""

    def __init__(self, config: OpenAIConfig) -> None:
        super().__init__(config)
        self.calls: Calls = []

    async def create(self, messages: Any, *, extra_create_args: Any = None, **keywords: Any) -> Any:
        self.calls.append((messages, dict(extra_create_args)))
        return await super().create(messages, extra_create_args=extra_create_args, **keywords)


class Instant:
    """A caller that answers without asking anybody; remembers the contexts."""

    def __init__(self) -> None:
        self.asked: list[tuple[Agent[Any], Context]] = []

    async def ask(self, agent: Agent[Any], context: Context, *, key: str) -> Answer[Any]:
        self.asked.append((agent, context))
        return Answer(agent.role.parse(TEXT), TEXT, Usage(300, 250, 26))


def config_for(url: str) -> RunConfig:
    return parse_config(
        {
            "models": {"stub": {"engine": "openai_api", "base_url": url, "model": "stub", "max_in_flight": IN_FLIGHT}},
            "run": {"conversations": CONVERSATIONS, "turns": TURNS},
        },
        RunConfig,
    )


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


async def in_flight(send: Callable[[Any], Awaitable[Any]], items: Sequence[Any]) -> None:
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def one(item: Any) -> None:
        async with slots:
            await send(item)

    await asyncio.gather(*(one(item) for item in items))


async def plain_aiohttp(url: str, calls: Calls) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def send(body: dict[str, Any]) -> None:
            async with session.post(f"{url}/chat/completions", json=body) as response:
                await response.json()

        await in_flight(send, [{"model": "stub", "messages": wire_messages(m), **extra} for m, extra in calls])


async def openai_sdk(url: str, calls: Calls) -> None:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

        async def send(call: Any) -> None:
            messages, extra = call
            await client.chat.completions.create(model="stub", messages=messages, extra_body=extra)

        await in_flight(send, [(wire_messages(messages), extra) for messages, extra in calls])


async def transport(url: str, calls: Calls) -> None:
    engine = OpenAIEngine(OpenAIConfig(engine="openai_api", base_url=url, model="stub", max_in_flight=IN_FLIGHT))
    await in_flight(lambda call: engine.create(call[0], extra_create_args=call[1]), calls)
    await engine.close()


async def machine(config: RunConfig, caller: Any) -> None:
    """The dialogue machine and the trees, with nobody at the other end."""
    dialogue, cast = compile_dialogue(), make_cast(config)
    work = [
        grow(dialogue, id=str(place), persona=persona, cast=cast, caller=caller, turns=TURNS)
        for place, persona in enumerate(personas_of(config))
    ]
    await asyncio.gather(*work)


def cache_alone(folder: Path, calls: Calls, result: Any) -> None:
    cache = CallCache(folder / "alone.sqlite")
    for messages, extra in calls:
        key = fingerprint(b"stub", messages, extra)
        cache.get(key)
        cache.put(key, "user", "stub", result, 0.1)
    cache.close()


def store_alone(folder: Path, trees: list[Any]) -> None:
    with (folder / "alone.jsonl").open("w") as file:
        for tree in trees:
            file.write(tree.to_json() + "\n")
            file.flush()


def record(url: str, folder: Path) -> tuple[Calls, list[Any]]:
    """The calls and the trees of one run."""
    config = config_for(url)
    engine = Recording(OpenAIConfig(engine="openai_api", base_url=url, model="stub", max_in_flight=IN_FLIGHT))

    async def play() -> None:
        await simulate(config, folder / "recorded", clients={"stub": engine})
        await engine.close()

    asyncio.run(play())
    return engine.calls, list(read_trees(folder / "recorded"))


def measure(url: str, folder: Path, rounds: int) -> tuple[dict[str, float], int]:
    """Median CPU seconds of each part, and the number of calls."""
    calls, trees = record(url, folder)
    caller = Instant()
    asyncio.run(machine(config_for(url), caller))
    asked = list(caller.asked)
    result = asyncio.run(_one_result(url, calls))
    seconds: dict[str, list[float]] = {}

    def take(name: str, work: Callable[[], Any]) -> None:
        seconds.setdefault(name, []).append(cpu(work))

    for _ in range(rounds):
        for leftover in ("run", "alone.sqlite"):
            path = folder / leftover
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        take("plain aiohttp", lambda: asyncio.run(plain_aiohttp(url, calls)))
        take("openai SDK", lambda: asyncio.run(openai_sdk(url, calls)))
        take("interalign, everything", lambda: asyncio.run(simulate(config_for(url), folder / "run")))
        take("  transport (engine)", lambda: asyncio.run(transport(url, calls)))
        take("  graph and trees", lambda: asyncio.run(machine(config_for(url), Instant())))
        take("  prompts", lambda: [agent.role.messages(context) for agent, context in asked])
        take("  cache", lambda: cache_alone(folder, calls, result))
        take("  store", lambda: store_alone(folder, trees))
    return {name: statistics.median(values) for name, values in seconds.items()}, len(calls)


async def _one_result(url: str, calls: Calls) -> Any:
    engine = OpenAIEngine(OpenAIConfig(engine="openai_api", base_url=url, model="stub"))
    try:
        return await engine.create(calls[0][0])
    finally:
        await engine.close()


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running() as url:
        seconds, calls = measure(url, Path(folder), options.rounds)
    ours, sdk = seconds["interalign, everything"], seconds["openai SDK"]
    parts = [name for name in seconds if name.startswith("  ")]
    seconds["  rest (call path, runner)"] = ours - sum(seconds[name] for name in parts)
    rows = [
        {"CPU of the client": name, "ms per call": value / calls * 1e3, "of the openai SDK": value / sdk}
        for name, value in seconds.items()
    ]
    notes = [
        f"{calls} calls of {CONVERSATIONS} conversations x {TURNS} turns, {IN_FLIGHT} in flight, median of {options.rounds} rounds",
        f"target: at most 0.80 ms per call: {ours / calls * 1e3:.3f};  at most 1/4 of the openai SDK: 1/{sdk / ours:.2f}",
    ]
    report("CPU time per LLM call", rows, options.json, notes)


if __name__ == "__main__":
    main()
