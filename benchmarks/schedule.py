"""schedule: how close the runner comes to the best that the latencies allow.

    python benchmarks/schedule.py [--mean 0.05] [--json FILE]

A stub server in a second process takes lognormal times (sigma 0.8), 1 % of the calls 20 times as long; 64 conversations of 10
turns, at most 32 calls in flight. The run's calls and their dependencies are then scheduled again in a simulation without any
overhead: free-running (the ideal of our own way), in lock-step (every conversation waits for the slowest at each step), and
one call after the other (the serial pipeline of the paper). The latency of a call depends on its request alone, so all of
them have the same latencies.
"""

import asyncio
import heapq
import json
import random
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import arguments, report
from stub_server import latency_of, running

from interalign.agents.seeds import derive
from interalign.config import parse_config
from interalign.graphs import ConversationTree
from interalign.sim import RunConfig, read_trees, simulate
from interalign.sim.engines import OpenAIConfig, OpenAIEngine

CAP, CONVERSATIONS, TURNS = 32, 64, 10
SIGMA, TAIL = 0.8, 0.01


class Recording(OpenAIEngine):
    """Knows how long the stub takes for each call, by the call's seed."""

    def __init__(self, config: OpenAIConfig, mean: float) -> None:
        super().__init__(config)
        self.mean = mean
        self.seconds: dict[int, float] = {}

    async def _post(self, body: dict[str, Any]) -> Any:
        self.seconds[body["seed"]] = latency_of(json.dumps(body).encode(), self.mean, SIGMA, TAIL)
        return await super()._post(body)


@dataclass
class Call:
    """A call of the run, with those it waits for."""

    conversation: int
    step: int
    """The place in the paper's serial order of a turn: user, induce, hinted, plain, judge."""
    turn: int
    seconds: float
    needs: list["Call"] = field(default_factory=list)
    chain: int = 0
    """Calls on the longest chain that ends here."""


def calls_of(place: int, tree: ConversationTree, seconds: dict[int, float]) -> list[Call]:
    """The calls of a walk with their dependencies, as the dialogue machine has them."""
    calls: list[Call] = []
    continued: Call | None = None
    induced: Call | None = None
    for user, replies in tree.siblings():

        def call(at: str, who: str, step: int, *needs: Call | None, turn: int = user.turn) -> Call:
            taken = seconds[derive(f"{derive(tree.seed, tree.id):x}/{at}/{who}", 0)]
            waits = [need for need in needs if need is not None]
            made = Call(place, step, turn, taken, waits, 1 + max((need.chain for need in waits), default=0))
            calls.append(made)
            return made

        spoken = call(tree.parent(user.id) or "", "user", 0, continued)
        induced = call(user.id, "inducer", 1, spoken, induced)
        hinted = call(user.id, "hinted", 2, spoken, induced)
        plain = call(user.id, "plain", 3, spoken)
        a, b = (reply.id for reply in replies)
        for order in ("ab", "ba"):
            call(user.id, f"judge/{a}/{b}/{order}", 4, plain, hinted)
        continued = next((reply for reply, node in zip((plain, hinted), replies, strict=True) if node.continued), None)
    return calls


def makespan(calls: list[Call], cap: int) -> float:
    """When the last call ends, if each starts as soon as what it needs is there and a place is free; first come first served."""
    waiting = {id(call): len(call.needs) for call in calls}
    unlocks: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        for need in call.needs:
            unlocks[id(need)].append(call)
    ready = [call for call in calls if not call.needs]
    under_way: list[tuple[float, int, Call]] = []
    now, number = 0.0, 0
    while ready or under_way:
        while ready and len(under_way) < cap:
            call = ready.pop(0)
            number += 1
            heapq.heappush(under_way, (now + call.seconds, number, call))
        now, _, done = heapq.heappop(under_way)
        for call in unlocks[id(done)]:
            waiting[id(call)] -= 1
            if not waiting[id(call)]:
                ready.append(call)
    return now


def lock_step(calls: list[Call], cap: int) -> float:
    """All conversations do one step, and wait for the slowest, before any does the next (plain beside induce)."""
    total = 0.0
    groups: dict[tuple[int, int], list[Call]] = defaultdict(list)
    for call in calls:
        step = {0: 0, 1: 1, 3: 1, 2: 2, 4: 3}[call.step]
        groups[call.turn, step].append(Call(call.conversation, step, call.turn, call.seconds))
    for group in groups.values():
        total += makespan(group, cap)
    return total


def longest(calls: list[Call]) -> float:
    """The longest chain of a conversation, in seconds."""
    ends: dict[int, float] = {}
    for call in calls:
        ends[id(call)] = call.seconds + max((ends[id(need)] for need in call.needs), default=0.0)
    return max(ends.values())


def play(url: str, mean: float, folder: Path) -> tuple[float, list[list[Call]]]:
    """Seconds of a real run, and its calls."""
    stub = {"engine": "openai_api", "base_url": url, "model": "stub", "max_in_flight": CAP}
    config = parse_config(
        {"models": {"stub": stub}, "run": {"conversations": CONVERSATIONS, "turns": TURNS}}, RunConfig
    )
    engine = Recording(OpenAIConfig.model_validate(stub), mean)

    async def run() -> float:
        started = time.perf_counter()
        await simulate(config, folder, clients={"stub": engine})
        seconds = time.perf_counter() - started
        await engine.close()
        return seconds

    seconds = asyncio.run(run())
    return seconds, [calls_of(place, tree, engine.seconds) for place, tree in enumerate(read_trees(folder))]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--mean", type=float, default=0.05, help="mean latency of a call in seconds")
    options = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder, running(options.mean, SIGMA, TAIL) as url:
        measured, conversations = play(url, options.mean, Path(folder) / "run")
    calls = [call for turn in zip(*conversations, strict=True) for call in turn]
    work = sum(call.seconds for call in calls)
    ideal = makespan(calls, CAP)
    bound = max(work / CAP, max(longest(one) for one in conversations))
    replies = [max(call.chain for call in one if call.step in (2, 3)) for one in conversations]
    ends = [max(call.chain for call in one) for one in conversations]
    rows = [
        {"schedule": name, "seconds": seconds, "of the ideal": seconds / ideal, "of the bound": seconds / bound}
        for name, seconds in (
            ("interalign, measured", measured),
            ("free-running, no overhead", ideal),
            ("lock-step", lock_step(calls, CAP)),
            ("one call after the other", work),
        )
    ]
    notes = [
        f"{len(calls)} calls, {CONVERSATIONS} conversations x {TURNS} turns, cap {CAP}; "
        "bound: max(work / cap, longest conversation)",
        f"target: at most 1.10 of the ideal: {measured / ideal:.3f}",
        f"calls on the critical path per turn, up to the last reply: {sum(replies) / len(replies) / TURNS:.2f} "
        f"(target 2.6; the paper's serial order: 5); with the last verdict: {sum(ends) / len(ends) / TURNS:.2f}",
    ]
    report("Time of a run", rows, options.json, notes)


if __name__ == "__main__":
    main()
