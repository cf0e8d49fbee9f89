"""llm: a language model as pairwise judge. Both orders are asked, since models favour a position."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from autogen_core.models import LLMMessage

from interalign.agents import messages as say
from interalign.agents.context import Context
from interalign.agents.judges.verdict import Outcome, Verdict, Vote
from interalign.agents.prompts import Prompt, load_prompt
from interalign.agents.role import Agent, Caller, Role

__all__ = ["LLMJudge", "PairwiseRole", "read_choice"]

Choice = Literal["first", "second", "tie", "unscored"]

_WORDS: dict[str, Choice] = {
    "first": "first", "1st": "first", "second": "second", "2nd": "second",
    "tie": "tie", "tied": "tie", "draw": "tie", "equal": "tie", "equally": "tie", "same": "tie",
    "both": "tie", "neither": "tie",
}  # fmt: skip
_SHORT: dict[str, Choice] = {"1": "first", "a": "first", "2": "second", "b": "second"}
"""Count where they are named as a reply ("Reply 2", "option B"), or are all that a line says."""
_TOKEN = re.compile(r"[a-z0-9]+")
_LABELLED = re.compile(r"\b(?:reply|answer|option|response|candidate|message|choice|number|no\.)\W{0,3}([12ab])\b")
_LED = re.compile(r"\s*([AB])(?: is (?:the )?(?:better|best|preferable)|\s*[.:,-])")
_ALONE = re.compile(r"\W*([12ab])\W*")
_IDIOM = re.compile(r"\bat first\b|\bfirst (?:glance|sight|of all)\b|\ba second\b|\bon second thoughts?\b")
_UNSAID = re.compile(r"\b(?:not?|never|cannot|nor|worse|worst|weaker)\b|n't\b")


class PairwiseRole(Role[Choice]):
    """Asks which of `context.replies` (two, in the order shown) the persona would rather get."""

    name = "judge"
    parameters: Mapping[str, Any] = {"temperature": 0.0, "max_tokens": 16}

    def __init__(self, rubric: str | None = None) -> None:
        self.rubric_text = load_prompt("judge") if rubric is None else rubric
        self.rubric = Prompt(self.rubric_text, ("profile", "personality"))
        self.question = Prompt(load_prompt("compare"), ("history", "first", "second"))

    def messages(self, context: Context) -> Sequence[LLMMessage]:
        assert context.persona is not None, "a judge knows the persona it judges for"
        first, second = context.replies
        lines = (f"{'Person' if message.role == 'user' else 'Friend'}: {message.text}" for message in context.history)
        return [
            say.system(self.rubric.fill(profile=context.persona.profile, personality=context.persona.personality)),
            say.user(self.question.fill(history="\n".join(lines), first=first, second=second), "dialogue"),
        ]

    def parse(self, text: str) -> Choice:
        return read_choice(text)


def read_choice(text: str) -> Choice:
    """Which reply an answer names. Whatever names none, or more than one, is unscored: it never counts for the second.

    The last line decides where it alone is clear (models reason first and conclude last).
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for part in (lines[-1] if lines else "", text):
        named = _named(part)
        if len(named) == 1:
            return named.pop()
    return "unscored"


def _named(text: str) -> set[Choice]:
    """The replies that a text names. None where it says what a reply is not, or names one as the worse."""
    lowered = _IDIOM.sub(" ", text.lower().replace("\u2019", "'"))
    if _UNSAID.search(lowered):
        return set()
    if alone := _ALONE.fullmatch(lowered):
        return {_SHORT[alone[1]]}
    if led := _LED.match(text):
        return {_SHORT[led[1].lower()]}
    named: set[Choice] = {_WORDS[token] for token in _TOKEN.findall(lowered) if token in _WORDS}
    named.update(_SHORT[label] for label in _LABELLED.findall(lowered))
    return named


class LLMJudge:
    """A model asked in both orders. Different answers to the two orders are a tie: the position decided, not the reply."""

    name: str

    def __init__(
        self, model: str, rubric: str | None = None, name: str = "llm", parameters: Mapping[str, Any] | None = None
    ) -> None:
        self.name = name
        self.agent = Agent(PairwiseRole(rubric), model, parameters or {})

    def identity(self) -> dict[str, Any]:
        role = self.agent.role
        assert isinstance(role, PairwiseRole)
        return {
            "judge": "llm",
            "model": self.agent.model,
            "rubric": role.rubric_text,
            "parameters": self.agent.settings,
        }

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        votes = await asyncio.gather(
            self._vote(context, a, b, "ab", caller, key), self._vote(context, b, a, "ba", caller, key)
        )
        return _decide(self.name, votes)

    async def _vote(
        self, context: Context, first: str, second: str, order: Literal["ab", "ba"], caller: Caller, key: str
    ) -> Vote:
        shown = replace(context, replies=(first, second))
        answer = await caller.ask(self.agent, shown, key=f"{key}/{order}")
        return Vote(order=order, outcome=_in_terms_of_a(answer.value, order), raw=answer.text)


def _in_terms_of_a(choice: Choice, order: Literal["ab", "ba"]) -> Outcome:
    if choice == "first":
        return "a" if order == "ab" else "b"
    if choice == "second":
        return "b" if order == "ab" else "a"
    return choice


def _decide(judge: str, votes: Sequence[Vote]) -> Verdict:
    """Both orders must name the same reply; the margin is then 1."""
    outcomes: set[Outcome] = {vote.outcome for vote in votes}
    if len(outcomes) == 1:
        outcome = outcomes.pop()
        reasons: dict[Outcome, str] = {
            "tie": "the judge calls it a tie",
            "unscored": "the judge's answers name no reply",
        }
        margin = float(outcome in ("a", "b"))
        return Verdict(judge=judge, outcome=outcome, margin=margin, reason=reasons.get(outcome, ""), votes=tuple(votes))
    if "unscored" in outcomes:
        return Verdict(
            judge=judge, outcome="unscored", reason="one of the judge's answers names no reply", votes=tuple(votes)
        )
    reason = "the judge's choice changed with the order of the replies"
    return Verdict(judge=judge, outcome="tie", reason=reason, votes=tuple(votes))
