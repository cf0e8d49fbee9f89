"""likelihood: a judge that asks no question: how much likelier does a reply become when the persona is known?

The gain of a reply is log p(reply | persona, history) - log p(reply | history), as a mean over its tokens. What suits this person
gains more than what would suit anybody; length and position play no part. Even a model that is too small to answer questions about
two replies has such probabilities. But it also takes any friendly reply to be likelier once it is told of a person at all: look at
what the control `generic` scores.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from autogen_core.models import LLMMessage

from interalign.agents.context import Context
from interalign.agents.judges.chats import FRIEND_OF, chat_of, informed_chat
from interalign.agents.judges.scale import to_scale
from interalign.agents.judges.verdict import Score, Spent, Verdict
from interalign.agents.prompts import load_prompt
from interalign.agents.role import Caller

__all__ = ["LikelihoodJudge", "LogProb", "LogProbs"]

_CENTRE, _UNIT = 0.0, 0.3
"""A gain of nothing is a score of 3; 0.3 nats, the standard deviation over the shipped judgements, more or less are 3.9 or 2.1."""


class LogProb(NamedTuple):
    """How likely a reply is."""

    mean: float | None
    """Log-probability a token, in nats."""
    reason: str = ""
    """Why there is none."""
    spent: Spent = Spent()


class LogProbs(Protocol):
    """Where log-probabilities come from: a model loaded here, or a server that gives those of prompts."""

    def identity(self) -> dict[str, Any]:
        """Which model, and how it is reached."""
        ...

    async def of_replies(
        self, prompt: Sequence[LLMMessage], replies: Sequence[str], caller: Caller, *, key: str
    ) -> list[LogProb]:
        """How likely each of `replies` is as the next message after `prompt`.

        Raises:
            MissingError: there is no such model.
            CallError: a call of the server failed for good.
        """
        ...


class LikelihoodJudge:
    """Prefers the reply that gains more from the persona. Gains that differ by less than `margin` nats a token are a tie."""

    name: str

    def __init__(self, logprobs: LogProbs, margin: float = 0.05, name: str = "likelihood") -> None:
        self.logprobs = logprobs
        self.margin = margin
        self.name = name

    def identity(self) -> dict[str, Any]:
        prompts = {"with": FRIEND_OF.text, "without": load_prompt("friend")}
        return {"judge": "likelihood", "margin": self.margin, "prompts": prompts, **self.logprobs.identity()}

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        one, other = sorted((a, b))  # the same computation whichever is called a
        found = await self._gains(context, (one, other), caller, key)
        first, second = found if a == one else found[::-1]
        spent = first.spent + second.spent
        if first.mean is None or second.mean is None:
            return Verdict(judge=self.name, outcome="unscored", reason=first.reason or second.reason, spent=spent)
        scores = (first.mean, second.mean)
        difference = round(first.mean - second.mean, 6)
        if difference == 0 or abs(difference) < self.margin:
            reason = f"the gains differ by less than {self.margin}" if difference else "the gains are the same"
            return Verdict(judge=self.name, outcome="tie", reason=reason, scores=scores, spent=spent)
        outcome = "a" if difference > 0 else "b"
        return Verdict(judge=self.name, outcome=outcome, margin=abs(difference), scores=scores, spent=spent)

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        """3 where the persona makes no difference to the reply's likelihood; see `interalign.agents.judges.scale`."""
        (gain,) = await self._gains(context, (reply,), caller, key)
        value = None if gain.mean is None else to_scale(gain.mean, _CENTRE, _UNIT)
        return Score(judge=self.name, value=value, reason=gain.reason, spent=gain.spent)

    async def _gains(self, context: Context, replies: Sequence[str], caller: Caller, key: str) -> list[LogProb]:
        if not all(reply.strip() for reply in replies):
            return [LogProb(None, "a reply is empty")] * len(replies)
        known = await self.logprobs.of_replies(informed_chat(context), replies, caller, key=f"{key}/with")
        alone = chat_of(context, load_prompt("friend"))
        plain = await self.logprobs.of_replies(alone, replies, caller, key=f"{key}/without")
        return [_gain(one, other) for one, other in zip(known, plain, strict=True)]


def _gain(known: LogProb, plain: LogProb) -> LogProb:
    spent = known.spent + plain.spent
    if known.mean is None or plain.mean is None:
        return LogProb(None, known.reason or plain.reason, spent)
    return LogProb(round(known.mean - plain.mean, 6), "", spent)
