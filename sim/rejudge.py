"""rejudge: judge the trees of a run again, by another judge, without simulating again. Both verdicts are kept."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from filelock import FileLock, Timeout

from interalign.agents import Judge
from interalign.errors import ConfigError, RunFolderError
from interalign.files import write_lines, write_text
from interalign.graphs import ConversationTree, judging_context
from interalign.sim.calls import CallPath
from interalign.sim.config import RunConfig
from interalign.sim.engines import make_engine
from interalign.sim.judge_config import OwnJudgeConfig, judge_players, members_of
from interalign.sim.judging import make_judge
from interalign.sim.runner import open_cache
from interalign.sim.store import read_manifest, read_trees

__all__ = ["Rejudged", "judging_calls", "rejudge"]

_AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What a judge said of the trees, beside what the first judge had said."""

    judge: str
    outcomes: Counter[str]
    """How many comparisons it decided, called a tie, or left unscored."""
    agreed: int
    """Comparisons that both judges decided, and decided alike."""
    flipped: int
    """Comparisons that both judges decided, and decided differently."""


async def rejudge(run: Path, config: RunConfig, name: str | None = None) -> Rejudged:
    """Let the judge of `config` compare all siblings in the trees of the folder `run`.

    Its verdicts are added under `name` (its own name unless given); verdicts that stood under that name are replaced. The
    trees are written when all are judged: if it is stopped, the answers are in the run's cache.

    Raises:
        ConfigError: the first judge of the trees has that name.
        RunFolderError: a process works in the folder, or it cannot be written.
        CallError: a model call failed for good.
    """
    judge = make_judge(config, name, run)
    trees = list(read_trees(run))
    if any(found[0].judge == judge.name for tree in trees for found in tree.verdicts.values()):
        raise ConfigError(
            f"{run} was judged by {judge.name!r} in the first place; give the new verdicts a --name of their own"
        )
    lock = FileLock(run / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunFolderError(f"another process is running in {run}; wait for it") from None
    try:
        await _judge_all(run, config, judge, trees)
        write_lines(run / "trees.jsonl", (tree.to_json() + "\n" for tree in trees))
        _update_manifest(run, judge)
    finally:
        lock.release()
    return _compare(trees, judge.name)


@asynccontextmanager
async def judging_calls(config: RunConfig, folder: Path) -> AsyncIterator[CallPath]:
    """A call path to the models that the judge of `config` is played by; what they answer is kept in `folder`."""
    players = judge_players(config.cast.judge, "cast.judge")
    names = dict.fromkeys(config.model_of(player, where) for where, player in players)
    if any(isinstance(member, OwnJudgeConfig) for member in members_of(config.cast.judge)):
        names |= dict.fromkeys(config.models)  # a judge of the user's own may ask any of them
    clients = {name: make_engine(config.models[name]) for name in names}
    cache = open_cache(config, folder, clients)
    calls = CallPath(clients, config.calls, cache=cache)
    try:
        yield calls
    finally:
        await calls.close()
        if cache is not None:
            cache.close()


async def _judge_all(run: Path, config: RunConfig, judge: Judge, trees: Sequence[ConversationTree]) -> None:
    slots = asyncio.Semaphore(max(_AT_A_TIME, getattr(judge, "at_a_time", 0)))

    async def judge_pair(calls: CallPath, tree: ConversationTree, a: str, b: str) -> None:
        async with slots:
            context = judging_context(tree, a, b, config.run.turns)
            key = f"{tree.seed}/{tree.id}/rejudge/{judge.name}/{a}/{b}"
            first, second = context.replies
            verdict = await judge.compare(context, first, second, calls, key=key)
        tree.add_verdict(a, b, verdict)

    try:
        async with judging_calls(config, run) as calls, asyncio.TaskGroup() as tasks:
            for tree in trees:
                tree.drop_verdicts(judge.name)
                for _, replies in tree.siblings():
                    for a, b in combinations(replies, 2):
                        tasks.create_task(judge_pair(calls, tree, a.id, b.id))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def _update_manifest(run: Path, judge: Judge) -> None:
    manifest = read_manifest(run)
    if manifest is None:
        return
    manifest["trees_sha256"] = hashlib.sha256((run / "trees.jsonl").read_bytes()).hexdigest()
    manifest.setdefault("rejudged_by", {})[judge.name] = judge.identity()
    write_text(run / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _compare(trees: Sequence[ConversationTree], name: str) -> Rejudged:
    outcomes: Counter[str] = Counter()
    agreed = flipped = 0
    for tree in trees:
        for a, b in tree.verdicts:
            first, second = tree.verdict(a, b), tree.verdict(a, b, name)
            if second is None:
                continue
            outcomes["decided" if second.decided else second.outcome] += 1
            if first is not None and first.decided and second.decided:
                agreed += first.outcome == second.outcome
                flipped += first.outcome != second.outcome
    return Rejudged(name, outcomes, agreed, flipped)
