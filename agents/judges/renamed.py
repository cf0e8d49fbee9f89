"""renamed: a judge under another name, so that verdicts of two of its kind stand side by side."""

from typing import Any

from interalign.agents.context import Context
from interalign.agents.judges.verdict import Judge, PointwiseJudge, Score, Verdict
from interalign.agents.role import Caller

__all__ = ["Renamed"]


class Renamed:
    """Decides what `judge` decides, and can do what it can."""

    def __init__(self, judge: Judge | PointwiseJudge, name: str) -> None:
        self.judge: Any = judge
        self.name = name

    def identity(self) -> dict[str, Any]:
        return self.judge.identity()

    def __getattr__(self, attribute: str) -> Any:
        if attribute not in ("compare", "score"):
            raise AttributeError(attribute)
        getattr(self.judge, attribute)  # a judge that lacks it lacks it under any name
        return self._compare if attribute == "compare" else self._score

    async def _compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        verdict = await self.judge.compare(context, a, b, caller, key=key)
        return verdict.model_copy(update={"judge": self.name})

    async def _score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        score = await self.judge.score(context, reply, caller, key=key)
        return score.model_copy(update={"judge": self.name})
