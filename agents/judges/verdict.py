"""verdict: what a judge decided about two replies, or of one, with everything needed to check it later."""

from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from interalign.agents.context import Context
from interalign.agents.role import Caller

__all__ = ["Judge", "Outcome", "PointwiseJudge", "Score", "Verdict", "Vote"]

Outcome = Literal["a", "b", "tie", "unscored"]

_MIRROR: dict[Outcome, Outcome] = {"a": "b", "b": "a", "tie": "tie", "unscored": "unscored"}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Vote(_Record):
    """One answer of a judge."""

    order: Literal["ab", "ba"]
    """Which reply was shown first."""
    outcome: Outcome
    """In terms of a and b, whatever the order was."""
    raw: str = ""
    """The judge's answer as it came."""


class Verdict(_Record):
    """A pairwise decision. Only `a` and `b` decide; a tie is a tie, and what could not be judged is unscored."""

    judge: str
    outcome: Outcome
    margin: float = 0.0
    """How clear it is, >= 0: a difference of scores, or the share of votes that the winner leads by."""
    reason: str = ""
    """Why it is a tie or unscored; empty otherwise."""
    votes: tuple[Vote, ...] = ()
    scores: tuple[float, float] | None = None
    """The scores of a and b, for judges that give some."""

    @property
    def decided(self) -> bool:
        return self.outcome in ("a", "b")

    def mirrored(self) -> "Verdict":
        """The same verdict with a and b swapped."""
        votes = tuple(
            Vote(order="ba" if vote.order == "ab" else "ab", outcome=_MIRROR[vote.outcome], raw=vote.raw)
            for vote in self.votes
        )
        scores = None if self.scores is None else (self.scores[1], self.scores[0])
        return self.model_copy(update={"outcome": _MIRROR[self.outcome], "votes": votes, "scores": scores})


class Score(_Record):
    """A pointwise decision: how well one reply is aligned with the persona, from 1 to 5."""

    judge: str
    value: float | None
    """None where it could not be scored: never a zero."""
    reason: str = ""
    """Why it is unscored; empty otherwise."""
    criteria: dict[str, float] = {}
    """Scores of single criteria (style, content, ...), 1 to 5 each, for judges that give some."""
    raw: tuple[str, ...] = ()
    """The judge's answers as they came, one for each time it was asked."""


class Judge(Protocol):
    """Decides which of two replies the persona in `context` would rather get."""

    @property
    def name(self) -> str: ...

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        """Judge `a` against `b` as answers to the end of `context.history`. Swapping them mirrors the verdict.

        Raises:
            CallError: a model call failed for good. An unreadable answer is no error but an unscored verdict.
        """
        ...

    def identity(self) -> dict[str, Any]:
        """What decides its verdicts: kind, model, prompt."""
        ...


class PointwiseJudge(Protocol):
    """Scores one reply for the persona in `context`. A class may be a Judge and a PointwiseJudge."""

    @property
    def name(self) -> str: ...

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        """Score `reply` as the answer to the end of `context.history`.

        Raises:
            CallError: a model call failed for good. An unreadable answer is no error but a score of None with its reason.
        """
        ...

    def identity(self) -> dict[str, Any]:
        """What decides its scores: kind, model, prompt."""
        ...
