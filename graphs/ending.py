"""ending: when a conversation is over before its last turn, by what the user said last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from interalign.agents.speech import is_stalled, says_goodbye
from interalign.errors import ConfigError

__all__ = ["Ending"]


@dataclass(frozen=True, slots=True)
class Ending:
    """Both conditions are off unless asked for: turns of equal number are what curves over turns are made of.

    The replies to the message that ends a branch are still written and judged; none of them is continued.
    """

    goodbye: bool = False
    """The user says goodbye."""
    stall: int = 0
    """The user's last so many messages bring nothing new: no content, or what was said before. 0: never."""

    def __post_init__(self) -> None:
        if self.stall < 0:
            raise ConfigError(f"stall = {self.stall}: a number of messages is needed, or 0 for never")

    def reason(self, said: Sequence[str]) -> Literal["goodbye", "stall"] | None:
        """Why a branch on which the user has said this is over; None if it is not."""
        if self.goodbye and said and says_goodbye(said[-1]):
            return "goodbye"
        if self.stall and is_stalled(said, self.stall):
            return "stall"
        return None
