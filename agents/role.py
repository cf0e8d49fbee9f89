"""role: what one kind of agent is asked, and how its answer is read. Two pure methods; who calls the model is somebody else.

    class Critic(Role[str]):
        def messages(self, context):
            return [UserMessage(content=f"Say what is wrong with: {context.history[-1].text}", source="critic")]

        def parse(self, text):
            return text.strip()

Bind a role to a model with `Agent(Critic(), "my-model")` and let a caller play it: `await caller.ask(agent, context, key="...")`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from autogen_core.models import LLMMessage

from interalign.agents.context import Context

__all__ = ["Agent", "Answer", "Caller", "Role", "Usage"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Role(ABC, Generic[T_co]):
    """One kind of agent. Subclass it; nothing has to be registered."""

    name: str = ""
    """Stands in usage tables and errors; the class name in lower case unless set."""
    parameters: Mapping[str, Any] = {}
    """Sampling defaults of the role (OpenAI names, such as max_tokens); an agent's own come on top."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__.lower()

    @abstractmethod
    def messages(self, context: Context) -> Sequence[LLMMessage]:
        """The prompt. Keep it append-only over the turns of a branch, so that engines can reuse their prefix cache."""

    @abstractmethod
    def parse(self, text: str) -> T_co:
        """Read the model's answer. Raise ParseError when it is not one: the model is then asked again."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls."""

    prompt: int = 0
    """Tokens of the prompts, cached ones included."""
    cached: int = 0
    """Prompt tokens that the engine took from its prefix cache."""
    completion: int = 0
    """Tokens of the replies."""
    calls: int = 1

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.calls + other.calls,
        )


@dataclass(frozen=True, slots=True)
class Agent(Generic[T]):
    """A role played by a model."""

    role: Role[T]
    model: str
    """The name of a model in the config, or of a client handed to the run."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters of this agent, over those of its role."""

    @property
    def settings(self) -> dict[str, Any]:
        """All sampling parameters that a call of this agent sends."""
        return {**self.role.parameters, **self.parameters}


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of one call."""

    value: T
    text: str
    """The raw completion."""
    usage: Usage


class Caller(Protocol):
    """Plays agents: the call path of a run, or a test's stand-in."""

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        """Send the agent's prompt and parse the reply.

        `key` names the place of the call, such as "c3/0.1/judge": it seeds the sampling, so equal keys repeat a call exactly.

        Raises:
            CallError: the call failed for good, or every reply was unreadable.
        """
        ...
