"""role: what one kind of agent is asked, and how its answer is read. Two pure methods; who calls the model is somebody else.

    class Critic(Role[str]):
        def messages(self, context):
            return [UserMessage(content=f"Say what is wrong with: {context.history[-1].text}", source="critic")]

        def parse(self, text):
            return text.strip()

A role whose answer is JSON names its type instead of reading it itself, and a prompt that a config may replace is an attribute:

    class Critic(Role[Note]):
        output = Note  # a pydantic model
        prompt = Prompt("What is wrong with: $reply", ("reply",))

        def messages(self, context):
            return [UserMessage(content=self.prompt.fill(reply=context.history[-1].text), source="critic")]

Bind a role to a model with `Agent(Critic(), "my-model")` and let a caller play it: `await caller.ask(agent, context, key="...")`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar, cast

from autogen_core.models import ChatCompletionTokenLogprob, LLMMessage
from pydantic import BaseModel

from interalign.agents.context import Context
from interalign.agents.prompts import Prompt
from interalign.agents.structured import read_json
from interalign.errors import ConfigError

__all__ = ["Agent", "Answer", "Caller", "Performer", "Role", "Usage"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Role(ABC, Generic[T_co]):
    """One kind of agent. Subclass it; nothing has to be registered."""

    name: str = ""
    """Stands in usage tables and errors; the class name in lower case unless set."""
    parameters: Mapping[str, Any] = {}
    """Sampling defaults of the role (OpenAI names, such as max_tokens); an agent's own come on top."""
    prompt: Prompt = Prompt("", ())
    """The text that a config can replace; what `messages` does with it is the role's own."""
    output: type[BaseModel] | None = None
    """The type of an answer in JSON. Its schema is sent to engines that take one; `parse` then reads the answer as this type."""

    def __new__(cls, *arguments: Any, **keywords: Any) -> Self:
        if cls.parse is Role.parse and cls.output is None:
            raise TypeError(f"{cls.__name__} has neither a method parse(text) nor an `output` type to read answers by")
        return super().__new__(cls)

    def __init__(self, prompt: str | None = None) -> None:
        if prompt is not None:
            self.prompt = self.with_prompt(prompt).prompt

    def with_prompt(self, text: str) -> Self:
        """The role with another prompt, with the same placeholders to fill.

        Raises:
            ConfigError: it has a placeholder that the role does not fill, or the role has no prompt to replace.
        """
        if self.prompt is Role.prompt:
            name = type(self).__name__
            raise ConfigError(f"{name} has no prompt to replace; give the class one: prompt = Prompt('...', ('name',))")
        role = copy(self)
        role.prompt = Prompt(text, self.prompt.names)
        return role

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__.lower()

    @abstractmethod
    def messages(self, context: Context) -> Sequence[LLMMessage]:
        """The prompt. Keep it append-only over the turns of a branch, so that engines can reuse their prefix cache."""

    def parse(self, text: str) -> T_co:
        """Read the model's answer. Raise ParseError when it is not one: the model is then asked again."""
        assert self.output is not None, "checked when the role was made"
        return cast(T_co, read_json(text, self.output))


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
    logprobs: Sequence[ChatCompletionTokenLogprob] = ()
    """Of the completion's tokens, where the agent's parameters asked for them and the engine gives them."""


class Performer(Protocol[T]):
    """Answers by itself, with calls of its own: an AutoGen agent, say, that uses tools before it replies."""

    @property
    def model(self) -> str:
        """The name of the model that its calls go to."""
        ...

    async def perform(self, context: Context, caller: "Caller", *, key: str) -> Answer[T]:
        """Answer in the place that `context` shows; `key` names that place, as for `Caller.ask`."""
        ...


class Caller(Protocol):
    """Plays agents: the call path of a run, or a test's stand-in."""

    async def ask(self, agent: Agent[T], context: Context, *, key: str) -> Answer[T]:
        """Send the agent's prompt and parse the reply.

        `key` names the place of the call, such as "c3/0.1/judge": it seeds the sampling, so equal keys repeat a call exactly.

        Raises:
            CallError: the call failed for good, or every reply was unreadable.
        """
        ...
