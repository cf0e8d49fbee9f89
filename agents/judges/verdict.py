"""verdict: what a judge decided about two replies, or of one, with everything needed to check it later."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, Protocol

from autogen_core.models import LLMMessage
from pydantic import BaseModel, ConfigDict

from interalign.agents.context import Context
from interalign.agents.role import Caller, Usage

__all__ = ["Judge", "Order", "Outcome", "PointwiseJudge", "Score", "Spent", "Verdict", "Vote", "prompt_digest"]

Outcome = Literal["a", "b", "tie", "unscored"]
Order = Literal["ab", "ba"]

_MIRROR: dict[Outcome, Outcome] = {"a": "b", "b": "a", "tie": "tie", "unscored": "unscored"}
_TURNED: dict[Order, Order] = {"ab": "ba", "ba": "ab"}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Vote(_Record):
    """One answer of a judge."""

    order: Order
    """Which reply was shown first."""
    outcome: Outcome
    """In terms of a and b, whatever the order was."""
    raw: str = ""
    """The judge's answer as it came."""
    prompt: str = ""
    """`prompt_digest` of what the judge was asked; the judge writes the same prompt again from the tree."""
    judge: str = ""
    """Who voted, where it is not the judge as a whole: a human judge's annotator."""

    def mirrored(self) -> "Vote":
        """The same vote with a and b swapped."""
        return self.model_copy(update={"order": _TURNED[self.order], "outcome": _MIRROR[self.outcome]})


class Spent(_Record):
    """What the calls of a judgement took. Tokens out of a prefix cache are not told apart: their number depends on timing."""

    calls: int = 0
    prompt: int = 0
    completion: int = 0

    @classmethod
    def of(cls, usages: Iterable[Usage]) -> "Spent":
        """The sum of what some answers took."""
        found = list(usages)
        return cls(
            calls=sum(usage.calls for usage in found),
            prompt=sum(usage.prompt for usage in found),
            completion=sum(usage.completion for usage in found),
        )

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            calls=self.calls + other.calls,
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
        )


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
    members: tuple["Verdict", ...] = ()
    """What each judge of a panel decided."""
    spent: Spent = Spent()

    @property
    def decided(self) -> bool:
        return self.outcome in ("a", "b")

    def mirrored(self) -> "Verdict":
        """The same verdict with a and b swapped."""
        changes = {
            "outcome": _MIRROR[self.outcome],
            "votes": tuple(vote.mirrored() for vote in self.votes),
            "scores": None if self.scores is None else (self.scores[1], self.scores[0]),
            "members": tuple(member.mirrored() for member in self.members),
        }
        return self.model_copy(update=changes)


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
    prompts: tuple[str, ...] = ()
    """`prompt_digest` of what it was asked each time."""
    members: tuple["Score", ...] = ()
    """What each judge of a panel scored."""
    spent: Spent = Spent()


def prompt_digest(messages: Sequence[LLMMessage]) -> str:
    """The first half of the SHA-256 of a prompt's messages, in hex: enough to see whether a prompt is the one that was sent."""
    digest = sha256()
    for message in messages:
        text = f"{message.type}\x1f{message.content}\x1e"
        digest.update(text.encode(errors="surrogatepass"))
    return digest.hexdigest()[:32]


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
