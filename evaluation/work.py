"""work: an evaluation under way: dialogues that are not there yet are held, replies that are not scored yet are scored.

Both are kept in the subjects' run folders; a dialogue when it ends, scores that were added later when all are there. Whatever is
lost by a kill in between comes out of the cache of answers.
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from interalign.errors import BudgetError
from interalign.evaluation.cases import Case
from interalign.evaluation.table import FAILED, Seat, Tables
from interalign.files import write_lines
from interalign.graphs import ConversationTree, Flip
from interalign.sim.calls import CallPath
from interalign.sim.config import RunConfig
from interalign.sim.player import Outcome
from interalign.sim.progress import Progress, Snapshot
from interalign.sim.store import RunFolder, now, read_trees

__all__ = ["Trees", "Work"]

Trees = dict[str, ConversationTree]
"""The dialogues of one subject, by case."""

_OUT_OF_BUDGET = "the budget is used up; raise calls.budget and run the same command to go on"
_AT_A_TIME = 64


class Work:
    """One call of `evaluate`."""

    def __init__(
        self,
        config: RunConfig,
        seats: Sequence[Seat],
        folders: Sequence[RunFolder],
        calls: CallPath,
        progress: Progress,
    ) -> None:
        self.config = config
        self.seats = seats
        self.folders = folders
        self.calls = calls
        self.progress = progress
        self.stopped = ""
        self.started = time.monotonic()
        self._former = (calls.ledger.calls, calls.ledger.completion_tokens)
        self._tables: Tables | None = None
        self._done = self._failed = self._goal = 0

    # -- the dialogues -----------------------------------------------------------------------------

    async def converse(self, cases: Sequence[Case], flips: Mapping[str, Flip | None]) -> None:
        """Hold the dialogues that are missing, and those again that failed or were stopped."""
        kept = [self._kept(folder) for folder in self.folders]
        jobs = [
            (f"{place}/{case.id}", case.persona)
            for case in cases
            for place in range(len(self.seats))
            if case.id not in kept[place]
        ]
        for folder in self.folders:
            folder.clear_failures()
        self._goal = len(self.seats) * len(cases)
        self._done = self._goal - len(jobs)
        if not jobs:
            return
        self._tables = Tables(self.config, self.seats, self.calls, flips)
        ticker = asyncio.create_task(self._tick())
        try:
            await self._tables.play(jobs, self._deliver)
        finally:
            ticker.cancel()
            self._tables = None
            for folder in self.folders:
                folder.sort_trees(sorted(_latest(folder)))

    def _kept(self, folder: RunFolder) -> set[str]:
        """The cases whose dialogue is there, whole."""
        failed = {tree.id for tree in _latest(folder).values() if (tree.stop or "").startswith(FAILED)}
        return folder.finished - failed

    def _deliver(self, outcome: Outcome) -> None:
        place, _, case = outcome.id.partition("/")
        folder = self.folders[int(place)]
        if outcome.failure is not None:
            self._failed += 1
            folder.add_failure(outcome.failure)
        if outcome.partial:
            self.stopped = _OUT_OF_BUDGET
        else:
            self._done += outcome.failure is None
        if outcome.tree:
            folder.add_line(case, outcome.tree, partial=outcome.partial)
        self._show()

    # -- the scores --------------------------------------------------------------------------------

    async def score(self, cases: Sequence[Case]) -> list[Trees]:
        """Score what is not scored yet: after a change of the judge or the controls, and where a call had failed.

        Returns the dialogues of each seat.
        """
        wanted = {case.id for case in cases}
        found: list[Trees] = []
        for seat, folder in zip(self.seats, self.folders, strict=True):
            trees = _latest(folder)
            asked = [(tree, id) for tree in trees.values() if tree.id in wanted for id in _unscored(tree, seat)]
            if asked and not self.stopped:
                await self._score_all(seat, asked)
                write_lines(folder.path / "trees.jsonl", (trees[id].to_json() + "\n" for id in sorted(trees)))
            self._close_folder(folder, trees)
            found.append(trees)
        return found

    def _close_folder(self, folder: RunFolder, trees: Trees) -> None:
        """A folder that has a manifest is complete."""
        if self.stopped:
            return
        manifest = {
            "conversations": len(trees),
            "failed": sum((tree.stop or "").startswith(FAILED) for tree in trees.values()),
            "config_digest": folder.config.digest(),
            "trees_sha256": hashlib.sha256((folder.path / "trees.jsonl").read_bytes()).hexdigest(),
            "finished_at": now(),
        }
        folder.write_json("manifest.json", manifest)

    async def _score_all(self, seat: Seat, replies: Sequence[tuple[ConversationTree, str]]) -> None:
        slots = asyncio.Semaphore(_AT_A_TIME)
        left = Counter(tree.id for tree, _ in replies)
        self._done, self._goal = 0, len(left)

        async def observe(tree: ConversationTree, id: str) -> None:
            async with slots:
                await seat.observer.observe(tree, id, self.calls)
            left[tree.id] -= 1
            if not left[tree.id]:
                self._done += 1
                self._show()

        try:
            async with asyncio.TaskGroup() as tasks:
                for tree, id in replies:
                    tasks.create_task(observe(tree, id))
        except BaseExceptionGroup as group:
            if not isinstance(group.exceptions[0], BudgetError):
                raise group.exceptions[0] from None
            self.stopped = _OUT_OF_BUDGET

    # -- progress ----------------------------------------------------------------------------------

    def close(self) -> None:
        self.progress.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self._show()

    def _show(self) -> None:
        ledger = self.calls.ledger
        self.progress.update(
            Snapshot(
                finished=self._done,
                failed=self._failed,
                total=self._goal,
                calls=ledger.calls - self._former[0],
                tokens=ledger.completion_tokens - self._former[1],
                seconds=time.monotonic() - self.started,
                turns=self.config.run.turns,
                in_flight=self.calls.in_flight,
                replayed=ledger.replayed,
                money=ledger.money,
                live=tuple(self._tables.live.values()) if self._tables else (),
            )
        )


def _latest(folder: RunFolder) -> Trees:
    """The trees of a folder, by id; of two with one id the later: a dialogue that was held again."""
    path = folder.path / "trees.jsonl"
    return {tree.id: tree for tree in read_trees(path)} if path.exists() else {}


def _unscored(tree: ConversationTree, seat: Seat) -> list[str]:
    """The replies about which something is left to ask."""
    return [node.id for node in tree if node.role == "assistant" and not seat.observer.is_done(tree, node.id)]
