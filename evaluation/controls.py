"""controls: what a model has to be held against before its score says anything about adapting.

generic  the same neutral replies to everybody: what a score is worth that needs no adapting. 29 % of naive personalisations are
         worse than such a reply (PrefDisco).
echo     the user's own words given back: a judge that likes this takes repetition for alignment.
oracle   the evaluated model, told the whole persona: what could be reached by knowing all that adapting has to find out.
swap     the evaluated model's dialogues, scored against somebody else's persona: what of the score is not about this user.

Generic and echo are engines, so that their dialogues are real ones: the user agent answers what they say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from autogen_core import CancellationToken
from autogen_core.models import CreateResult, LLMMessage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from interalign.sim.engines.base import Engine, EngineSettings, EngineUsage, wire_messages

__all__ = ["GENERIC_REPLIES", "ControlEngine"]

GENERIC_REPLIES = (
    "Hello! It is good to hear from you. What is on your mind?",
    "I see what you mean. Please go on.",
    "That is worth thinking about. How do you see it yourself?",
    "Thank you for telling me. Is there more to it?",
    "There are often several sides to such things. What matters most to you here?",
    "I understand. Take your time, there is no hurry.",
    "That makes sense to me. What would you like to talk about next?",
    "Everybody has days like that now and then. Tell me more if you like.",
    "It is always interesting to hear how other people live. What else is new?",
    "It was nice talking with you. I hope that the rest of your day goes well.",
)
"""At turn 1, 2, ...; from the beginning again after the last."""


class ControlEngine(Engine[EngineSettings]):
    """Answers without a model."""

    worth_caching: ClassVar[bool] = False

    def __init__(self, control: Literal["generic", "echo"]) -> None:
        self.config = EngineSettings(max_in_flight=256)
        self.control = control

    def identity(self) -> dict[str, Any]:
        replies: dict[str, Any] = {"replies": list(GENERIC_REPLIES)} if self.control == "generic" else {}
        return {"engine": "control", "control": self.control, **replies}

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Any = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        said = [message["content"] for message in wire_messages(messages) if message["role"] == "user"]
        text = said[-1] if self.control == "echo" else GENERIC_REPLIES[(len(said) - 1) % len(GENERIC_REPLIES)]
        usage = EngineUsage(sum(len(one.split()) for one in said), len(text.split()))
        self._record(usage)
        return CreateResult(finish_reason="stop", content=text, usage=usage, cached=False)
