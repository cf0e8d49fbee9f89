"""roles: what a language model is asked as a judge: which of two replies a person would rather get, or how good one is.

The person stands in the system message, then comes the conversation, then the replies, and the question last: prompts of one
conversation share their beginning, whichever reply and criterion they are about.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from autogen_core.models import LLMMessage
from pydantic import BaseModel, Field, create_model

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.judges.choice import Choice, read_choice
from interalign.agents.judges.rating import Rating, read_score, read_scores
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Role

__all__ = ["Criterion", "PairwiseRole", "ScoreRole"]

Criterion = Literal["style", "content", "human"]

_PERSON = ("profile", "personality")
_WHOLE = "score"
"""What a score is called that is of no single criterion."""


class PairwiseRole(Role[Choice]):
    """Asks which of `context.replies` (two, in the order shown) the persona would rather get."""

    name = "judge"
    parameters: Mapping[str, Any] = {"temperature": 0.0, "max_tokens": 16}

    def __init__(self, rubric: str | None = None, history: bool = True) -> None:
        self.rubric = Prompt(load_prompt("judge") if rubric is None else rubric, _PERSON)
        self.question = Prompt(load_prompt("compare"), ("history", "first", "second"))
        self.history = history

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        first, second = context.replies
        question = self.question.fill(history=_dialogue(context, self.history), first=first, second=second)
        return [_told(self.rubric, context), say.user(question, "dialogue")]

    def parse(self, text: str) -> Choice:
        return read_choice(text)


class ScoreRole(Role[Mapping[str, Rating]]):
    """Asks how good `context.replies[0]` is, from 1 to 5: as a whole, by one criterion, or, as JSON, by several at once."""

    name = "scorer"
    parameters: Mapping[str, Any] = {"temperature": 0.0, "max_tokens": 16}

    def __init__(
        self,
        criteria: Sequence[Criterion] = (),
        rubric: str | None = None,
        history: bool = True,
        structured: bool = False,
    ) -> None:
        self.criteria = tuple(criteria)
        self.rubric = Prompt(load_prompt("score") if rubric is None else rubric, _PERSON)
        self.frame = Prompt(load_prompt("rate"), ("history", "reply", "question"))
        self.question = _question(self.criteria, structured)
        self.history = history
        self.structured = structured
        if structured:
            self.output = _score_type(self.names)
            self.parameters = {"temperature": 0.0, "max_tokens": 64}

    @property
    def names(self) -> tuple[str, ...]:
        """What the scores are called: the criteria, or "score"."""
        return self.criteria or (_WHOLE,)

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        (reply,) = context.replies
        question = self.frame.fill(history=_dialogue(context, self.history), reply=reply, question=self.question)
        return [_told(self.rubric, context), say.user(question, "dialogue")]

    def parse(self, text: str) -> Mapping[str, Rating]:
        if len(self.names) > 1:
            return read_scores(text, self.names)
        return dict.fromkeys(self.names, read_score(text, self.criteria))


def _told(rubric: Prompt, context: Context) -> LLMMessage:
    assert context.persona is not None, "a judge knows the persona it judges for"
    return say.system(rubric.fill(profile=context.persona.profile, personality=context.persona.personality))


def _dialogue(context: Context, whole: bool) -> str:
    """The conversation, or just the message that is answered."""
    shown = context.history if whole else context.history[-1:]
    return "\n".join(f"{'Person' if message.role == 'user' else 'Friend'}: {message.text}" for message in shown)


def _question(criteria: tuple[str, ...], structured: bool) -> str:
    if structured:
        return Prompt(load_prompt("rate_json"), ("criteria",)).fill(criteria=", ".join(criteria or (_WHOLE,)))
    (asked,) = criteria or ("overall",)  # several are asked for one by one, or as JSON
    return load_prompt(f"rate_{asked}")


def _score_type(names: Sequence[str]) -> type[BaseModel]:
    fields: dict[str, Any] = {name: (int, Field(ge=1, le=5)) for name in names}
    return create_model("Scores", **fields)
