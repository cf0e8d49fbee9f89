"""judge: people compare two replies. The verdict is what most annotators of the answer file say; each is a vote with a name."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from interalign.agents import Caller, Context, Outcome, Verdict, Vote
from interalign.agents.judges.verdict import Order
from interalign.agents.seeds import generator
from interalign.sim.human.answers import Answer, AnswerFile, comparison_id
from interalign.sim.human.desk import Desk, Sheet
from interalign.sim.human.terminal import Terminal
from interalign.sim.human.web import WebPage

__all__ = ["HumanJudge"]

FrontEnd = Callable[[Desk], Awaitable[None]]


class HumanJudge:
    """Shows comparisons that `annotator` has not judged yet, and keeps the answers in the file `answers`.

    The order of the two replies is drawn by comparison and annotator. `show` replaces the terminal or the page: it is awaited
    once there is something on the desk, and returns when all is handed in.

    Raises:
        ConfigError, RunFolderError: the answers cannot be read.
    """

    name: str
    at_a_time = 1_000_000
    """Everything is laid down at once, so that the annotator sees how much there is."""

    def __init__(
        self,
        annotator: str,
        answers: Path,
        *,
        where: Literal["terminal", "web"] = "terminal",
        port: int = 0,
        name: str = "human",
        show: FrontEnd | None = None,
    ) -> None:
        self.annotator = annotator
        self.name = name
        self.answers = AnswerFile(answers)
        self.desk = Desk(annotator, self.answers)
        self._show: FrontEnd = show or (WebPage(port).show if where == "web" else Terminal().show)
        self._showing: asyncio.Task[None] | None = None
        self._laid: dict[str, asyncio.Task[None]] = {}

    def identity(self) -> dict[str, Any]:
        return {"judge": "human", "annotator": self.annotator}

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        a, b = (text.encode(errors="replace").decode() for text in (a, b))  # as the answers can keep them
        if a == b:
            return Verdict(judge=self.name, outcome="tie", reason="the replies are the same")
        id = comparison_id(context, a, b)
        if self.answers.has(id, self.annotator):
            self.desk.before += 1
        else:
            await self._lay(self._sheet(context, id, *sorted((a, b)), place=key))
        return _verdict(self.name, self.answers.of(id), a)

    def _sheet(self, context: Context, id: str, one: str, other: str, place: str) -> Sheet:
        assert context.persona is not None, "a judge knows the persona it judges for"
        turned = generator("human", id, self.annotator).random() < 0.5
        first, second = (other, one) if turned else (one, other)
        persona = context.persona
        return Sheet(id, place, persona.facts, persona.traits, context.history, first, second)

    async def _lay(self, sheet: Sheet) -> None:
        """Wait until the comparison is handed in. One that lies there already, out of another tree, is not asked twice."""
        laid = self._laid.get(sheet.comparison)
        if laid is None or laid.done():
            laid = self._laid[sheet.comparison] = asyncio.create_task(self.desk.lay(sheet))
        await asyncio.sleep(0)  # everybody else lays down first
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._run())
        await laid

    async def _run(self) -> None:
        try:
            await self._show(self.desk)
            self.desk.hand_in()
        except Exception as error:  # noqa: BLE001 - whatever ends the session ends the wait for it, too
            self.desk.fail(error)


def _verdict(judge: str, answers: Sequence[Answer], a: str) -> Verdict:
    """What most annotators say; the margin is the share of them that it leads by."""
    votes = tuple(_vote(answer, a) for answer in answers)
    if not votes:
        return Verdict(judge=judge, outcome="unscored", reason="nobody has judged it yet")
    counts: Counter[Outcome] = Counter(vote.outcome for vote in votes)
    (first, most), *others = counts.most_common()
    if first == "tie" or (others and others[0][1] == most):
        reason = "most annotators call it a tie" if first == "tie" else "the annotators disagree"
        return Verdict(judge=judge, outcome="tie", reason=reason, votes=votes)
    lead = abs(counts["a"] - counts["b"]) / len(votes)
    return Verdict(judge=judge, outcome=first, margin=round(lead, 6), votes=votes)


def _vote(answer: Answer, a: str) -> Vote:
    order: Order = "ab" if answer.first == a else "ba"
    outcome: Outcome = "tie"
    if answer.choice != "tie":
        chosen = answer.first if answer.choice == "first" else answer.second
        outcome = "a" if chosen == a else "b"
    return Vote(order=order, outcome=outcome, raw=str(answer.choice), judge=answer.annotator)
