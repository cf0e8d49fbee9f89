"""reward_model: a judge that was trained to rate replies: a classifier with one output, the reward of a whole chat.

The persona stands in the system message. Each reply is rated by itself, so position plays no part.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.judges.chats import FRIEND_OF, informed_chat
from interalign.agents.judges.scale import to_scale
from interalign.agents.judges.verdict import Score, Verdict
from interalign.agents.role import Caller

__all__ = ["Reward", "RewardModelJudge", "Rewards"]


class Reward(NamedTuple):
    """What a chat is worth."""

    value: float | None
    reason: str = ""
    """Why there is none."""


class Rewards(Protocol):
    """A model that rates chats."""

    def identity(self) -> dict[str, Any]:
        """Which model."""
        ...

    async def of_chat(self, chat: Sequence[LLMMessage]) -> Reward:
        """Rate a chat whose last message is the reply in question. Raises MissingError where there is no such model."""
        ...


class RewardModelJudge:
    """Prefers the reply with the higher reward; rewards that differ by less than `margin` are a tie.

    As a score from 1 to 5, `centre` is 3 and `scale` above it is 3.9: rewards have no common scale, so set both for your model.
    """

    name: str

    def __init__(
        self, rewards: Rewards, margin: float = 0.0, centre: float = 0.0, scale: float = 1.0, name: str = "reward_model"
    ) -> None:
        self.rewards = rewards
        self.margin = margin
        self.centre = centre
        self.scale = scale
        self.name = name

    def identity(self) -> dict[str, Any]:
        scale = {"margin": self.margin, "centre": self.centre, "scale": self.scale}
        return {"judge": "reward_model", **scale, "prompt": FRIEND_OF.text, **self.rewards.identity()}

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        one, other = await self._rate(context, a), await self._rate(context, b)
        if one.value is None or other.value is None:
            return Verdict(judge=self.name, outcome="unscored", reason=one.reason or other.reason)
        scores = (one.value, other.value)
        difference = round(one.value - other.value, 6)
        if difference == 0 or abs(difference) < self.margin:
            reason = f"the rewards differ by less than {self.margin}" if difference else "the rewards are the same"
            return Verdict(judge=self.name, outcome="tie", reason=reason, scores=scores)
        outcome = "a" if difference > 0 else "b"
        return Verdict(judge=self.name, outcome=outcome, margin=abs(difference), scores=scores)

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        found = await self._rate(context, reply)
        value = None if found.value is None else to_scale(found.value, self.centre, self.scale)
        return Score(judge=self.name, value=value, reason=found.reason)

    async def _rate(self, context: Context, reply: str) -> Reward:
        return await self.rewards.of_chat([*informed_chat(context), say.assistant(reply)])
