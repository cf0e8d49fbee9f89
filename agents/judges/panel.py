"""panel: several judges as one. Each member's verdict is kept, so that any other rule can be applied to them later.

majority    what more members say than anything else; the margin is the share of members that it leads by
mean        each member scores both replies from 1 to 5, and the means decide; the margin is their difference
unanimous   all members must decide alike; anything else is a tie

A member that cannot judge a pair counts for nothing under majority and mean, as long as more than half of them can; under
unanimous, the pair is then unscored.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any, Literal, cast

from interalign.agents.context import Context
from interalign.agents.judges.verdict import Judge, Outcome, PointwiseJudge, Score, Spent, Verdict
from interalign.agents.role import Caller
from interalign.errors import ConfigError

__all__ = ["PanelJudge", "Rule"]

Rule = Literal["majority", "mean", "unanimous"]


class PanelJudge:
    """Two or more judges with names of their own.

    Raises:
        ConfigError: two have the same name, or one lacks the method that the rule needs.
    """

    name: str

    def __init__(
        self,
        members: Sequence[Judge | PointwiseJudge],
        rule: Rule = "majority",
        margin: float = 0.0,
        name: str = "panel",
    ) -> None:
        names = [member.name for member in members]
        if len(members) < 2 or len(set(names)) < len(names):
            raise ConfigError(
                f"a panel needs two or more judges with names of their own, not {names}; give each a name = '...'"
            )
        self.members = tuple(members)
        self.rule: Rule = rule
        self.margin = margin
        self.name = name
        self._require("score" if rule == "mean" else "compare")

    def identity(self) -> dict[str, Any]:
        members = [{"name": member.name, **member.identity()} for member in self.members]
        return {"judge": "panel", "rule": self.rule, "margin": self.margin, "members": members}

    @property
    def at_a_time(self) -> int:
        """How many comparisons may be under way: as many as its most patient member wants."""
        return max(getattr(member, "at_a_time", 0) for member in self.members)

    # -- two replies -------------------------------------------------------------------------------

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        if self.rule == "mean":
            return await self._compare_scores(context, a, b, caller, key)
        judges = cast("tuple[Judge, ...]", self.members)
        asked = [judge.compare(context, a, b, caller, key=f"{key}/{judge.name}") for judge in judges]
        found = tuple(await asyncio.gather(*asked))
        verdict = self._most(found) if self.rule == "majority" else self._all(found)
        return verdict.model_copy(update=_kept(found))

    async def _compare_scores(self, context: Context, a: str, b: str, caller: Caller, key: str) -> Verdict:
        first, second = await asyncio.gather(
            self._scores(context, a, caller, f"{key}/a"), self._scores(context, b, caller, f"{key}/b")
        )
        found = tuple(_compared(one, other) for one, other in zip(first, second, strict=True))
        scored = [verdict.scores for verdict in found if verdict.scores is not None]
        if len(scored) * 2 <= len(found):
            return self._unscored().model_copy(update=_kept(found))
        scores = (_mean(one for one, _ in scored), _mean(other for _, other in scored))
        difference = round(scores[0] - scores[1], 6)
        if difference == 0 or abs(difference) < self.margin:
            reason = (
                f"the mean scores differ by less than {self.margin}" if difference else "the mean scores are the same"
            )
            verdict = Verdict(judge=self.name, outcome="tie", reason=reason, scores=scores)
        else:
            verdict = Verdict(
                judge=self.name, outcome="a" if difference > 0 else "b", margin=abs(difference), scores=scores
            )
        return verdict.model_copy(update=_kept(found))

    def _most(self, found: Sequence[Verdict]) -> Verdict:
        counts: Counter[Outcome] = Counter(verdict.outcome for verdict in found if verdict.outcome != "unscored")
        scored = counts.total()
        if scored * 2 <= len(found):
            return self._unscored()
        (first, most), *others = counts.most_common()
        if first == "tie" or (others and others[0][1] == most):
            reason = (
                "most members call it a tie" if first == "tie" and not _even(others, most) else "the members disagree"
            )
            return Verdict(judge=self.name, outcome="tie", reason=reason)
        lead = abs(counts["a"] - counts["b"]) / scored
        return Verdict(judge=self.name, outcome=first, margin=round(lead, 6))

    def _all(self, found: Sequence[Verdict]) -> Verdict:
        outcomes: set[Outcome] = {verdict.outcome for verdict in found}
        if "unscored" in outcomes:
            names = ", ".join(verdict.judge for verdict in found if verdict.outcome == "unscored")
            return Verdict(judge=self.name, outcome="unscored", reason=f"not judged by all members ({names})")
        if len(outcomes) > 1:
            return Verdict(judge=self.name, outcome="tie", reason="the members disagree")
        outcome = outcomes.pop()
        if outcome == "tie":
            return Verdict(judge=self.name, outcome="tie", reason="all members call it a tie")
        return Verdict(judge=self.name, outcome=outcome, margin=1.0)

    def _unscored(self) -> Verdict:
        return Verdict(judge=self.name, outcome="unscored", reason="no more than half of the members could judge it")

    # -- one reply ---------------------------------------------------------------------------------

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        """majority: the median. mean: the mean. unanimous: the mean, if all round to the same number."""
        self._require("score")
        found = tuple(await self._scores(context, reply, caller, key))
        values = [score.value for score in found if score.value is not None]
        needed = len(found) if self.rule == "unanimous" else len(found) // 2 + 1
        kept = _kept(found)
        if len(values) < needed:
            reason = (
                "not scored by all members"
                if self.rule == "unanimous"
                else "no more than half of the members scored it"
            )
            return Score(judge=self.name, value=None, reason=reason, **kept)
        if self.rule == "unanimous" and len({round(value) for value in values}) > 1:
            return Score(judge=self.name, value=None, reason="the members disagree", **kept)
        value = median(values) if self.rule == "majority" else fmean(values)
        return Score(judge=self.name, value=round(value, 6), **kept)

    async def _scores(self, context: Context, reply: str, caller: Caller, key: str) -> list[Score]:
        judges = cast("tuple[PointwiseJudge, ...]", self.members)
        return await asyncio.gather(
            *(judge.score(context, reply, caller, key=f"{key}/{judge.name}") for judge in judges)
        )

    def _require(self, method: str) -> None:
        lacking = next((member for member in self.members if not hasattr(member, method)), None)
        if lacking is not None:
            does = "score single replies" if method == "score" else "compare two replies"
            raise ConfigError(
                f"the judge {lacking.name!r} of a panel with rule = {self.rule!r} cannot {does}; leave it out"
            )


def _compared(one: Score, other: Score) -> Verdict:
    """A member's two scores as a verdict."""
    kept: dict[str, Any] = {"judge": one.judge, "spent": one.spent + other.spent}
    if one.value is None or other.value is None:
        return Verdict(outcome="unscored", reason=one.reason or other.reason, **kept)
    scores = (one.value, other.value)
    if one.value == other.value:
        return Verdict(outcome="tie", reason="the scores are the same", scores=scores, **kept)
    outcome: Outcome = "a" if one.value > other.value else "b"
    return Verdict(outcome=outcome, margin=round(abs(one.value - other.value), 6), scores=scores, **kept)


def _even(others: Sequence[tuple[Outcome, int]], most: int) -> bool:
    return bool(others) and others[0][1] == most


def _mean(values: Any) -> float:
    return round(fmean(values), 6)


def _kept(found: Sequence[Verdict] | Sequence[Score]) -> dict[str, Any]:
    """What stays of the members: all that they said, and what it took."""
    return {"members": tuple(found), "spent": sum((one.spent for one in found), Spent())}
