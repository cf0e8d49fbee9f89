"""llm: a language model as judge. Of two replies both orders are asked, since models favour a position.

Each order may be asked several times (`votes`). What an order says is what most of its votes say; the two orders must then
say the same. A single reply gets a score from 1 to 5: the mean of its votes and criteria.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from interalign.agents.context import Context
from interalign.agents.judges.choice import Choice
from interalign.agents.judges.expected import expected_score
from interalign.agents.judges.rating import Rating
from interalign.agents.judges.roles import Criterion, PairwiseRole, ScoreRole
from interalign.agents.judges.verdict import Order, Outcome, Score, Spent, Verdict, Vote, prompt_digest
from interalign.agents.role import Agent, Answer, Caller, Usage
from interalign.errors import ConfigError

__all__ = ["LLMJudge"]

_ORDERS: tuple[Order, Order] = ("ab", "ba")
_WARM = 0.7
"""The temperature of several votes, unless the parameters say another: at 0 they would all be the same."""
_PROBABILITIES = {"logprobs": True, "top_logprobs": 20}


class LLMJudge:
    """Compares and scores. Different answers to the two orders are a tie: the position decided, not the reply.

    Raises:
        ConfigError: the rubric has a placeholder other than $profile and $personality, or the votes have no temperature.
    """

    name: str

    def __init__(
        self,
        model: str,
        rubric: str | None = None,
        name: str = "llm",
        parameters: Mapping[str, Any] | None = None,
        *,
        votes: int = 1,
        history: bool = True,
        criteria: Sequence[Criterion] = (),
        expected: bool = False,
        structured: bool = False,
    ) -> None:
        given = {**({"temperature": _WARM} if votes > 1 else {}), **(parameters or {})}
        if votes > 1 and given["temperature"] == 0:
            raise ConfigError(
                f"{votes} votes at temperature 0 are {votes} times the same; raise it, or ask for one vote"
            )
        if expected and (structured or votes > 1):
            raise ConfigError("an expected score is read from one plain answer; leave out `structured` and `votes`")
        self.name = name
        self.votes = votes
        self.expected = expected
        self.agent = Agent(PairwiseRole(rubric, history), model, given)
        groups: list[tuple[Criterion, ...]] = [(criterion,) for criterion in criteria]
        if structured or not criteria:
            groups = [tuple(criteria)]
        scoring = {**given, **_PROBABILITIES} if expected else given
        self.scorers = [Agent(ScoreRole(group, rubric, history, structured), model, scoring) for group in groups]

    def identity(self) -> dict[str, Any]:
        compared, scored = self.agent.role, self.scorers[0].role
        assert isinstance(compared, PairwiseRole)
        assert isinstance(scored, ScoreRole)
        return {
            "judge": "llm",
            "model": self.agent.model,
            "rubric": compared.rubric.text,
            "score_rubric": scored.rubric.text,
            "criteria": [name for agent in self.scorers for name in _role(agent).criteria],
            "parameters": self.agent.settings,
            "votes": self.votes,
            "history": compared.history,
            "expected": self.expected,
            "structured": scored.structured,
        }

    # -- two replies -------------------------------------------------------------------------------

    async def compare(self, context: Context, a: str, b: str, caller: Caller, *, key: str) -> Verdict:
        asked = [
            self._vote(context, a, b, order, caller, _nth(f"{key}/{order}", place)) for place, order in self._places()
        ]
        found = await asyncio.gather(*asked)
        votes = tuple(vote for vote, _ in found)
        return decide(self.name, votes).model_copy(update={"spent": Spent.of(usage for _, usage in found)})

    def _places(self) -> list[tuple[int, Order]]:
        return [(place, order) for order in _ORDERS for place in range(self.votes)]

    async def _vote(
        self, context: Context, a: str, b: str, order: Order, caller: Caller, key: str
    ) -> tuple[Vote, Usage]:
        shown = replace(context, replies=(a, b) if order == "ab" else (b, a))
        answer = await caller.ask(self.agent, shown, key=key)
        prompt = prompt_digest(self.agent.role.messages(shown))
        vote = Vote(order=order, outcome=_in_terms_of_a(answer.value, order), raw=answer.text, prompt=prompt)
        return vote, answer.usage

    # -- one reply ---------------------------------------------------------------------------------

    async def score(self, context: Context, reply: str, caller: Caller, *, key: str) -> Score:
        shown = replace(context, replies=(reply,))
        asked = [
            caller.ask(agent, shown, key=_nth(f"{key}/{'+'.join(_role(agent).names)}", place))
            for agent in self.scorers
            for place in range(self.votes)
        ]
        answers = await asyncio.gather(*asked)
        found: dict[str, list[Rating]] = {}
        for answer in answers:
            for name, rating in self._ratings(answer).items():
                found.setdefault(name, []).append(rating)
        score = _summed_up(self.name, found)
        more = {
            "raw": tuple(answer.text for answer in answers),
            "prompts": tuple(
                prompt_digest(agent.role.messages(shown)) for agent in self.scorers for _ in range(self.votes)
            ),
            "spent": Spent.of(answer.usage for answer in answers),
        }
        return score.model_copy(update=more)

    def _ratings(self, answer: Answer[Mapping[str, Rating]]) -> Mapping[str, Rating]:
        """As written, or as expected where what is written is a score, too."""
        if not self.expected:
            return answer.value
        return {
            name: rating if rating.value is None else expected_score(answer.logprobs)
            for name, rating in answer.value.items()
        }


def _role(agent: Agent[Any]) -> ScoreRole:
    assert isinstance(agent.role, ScoreRole)
    return agent.role


def _nth(key: str, place: int) -> str:
    """The key of one vote of several; that of a single vote has no number."""
    return f"{key}/{place}" if place else key


def _in_terms_of_a(choice: Choice, order: Order) -> Outcome:
    if choice == "first":
        return "a" if order == "ab" else "b"
    if choice == "second":
        return "b" if order == "ab" else "a"
    return choice


def decide(judge: str, votes: tuple[Vote, ...]) -> Verdict:
    """Both orders must come to the same reply; the margin is the share of all votes that it leads by."""
    orders: list[Outcome] = [_majority([vote.outcome for vote in votes if vote.order == order]) for order in _ORDERS]
    if "unscored" in orders:
        some = "" if set(orders) == {"unscored"} else "one of "
        verb = "name" if not some else "names"
        reason = f"{some}the judge's answers {verb} no reply"
        return Verdict(judge=judge, outcome="unscored", reason=reason, votes=votes)
    if orders[0] != orders[1]:
        reason = "the judge's choice changed with the order of the replies"
        return Verdict(judge=judge, outcome="tie", reason=reason, votes=votes)
    if orders[0] == "tie":
        return Verdict(judge=judge, outcome="tie", reason="the judge calls it a tie", votes=votes)
    counts: Counter[Outcome] = Counter(vote.outcome for vote in votes)
    lead = abs(counts["a"] - counts["b"]) / len(votes)
    return Verdict(judge=judge, outcome=orders[0], margin=round(lead, 6), votes=votes)


def _majority(outcomes: Sequence[Outcome]) -> Outcome:
    """What most votes of one order say; a tie where no outcome leads, unscored where half of them or more cannot be read."""
    counts: Counter[Outcome] = Counter(outcome for outcome in outcomes if outcome != "unscored")
    if counts.total() * 2 <= len(outcomes):
        return "unscored"
    (first, most), *others = counts.most_common()
    return "tie" if others and others[0][1] == most else first


def _summed_up(judge: str, found: Mapping[str, Sequence[Rating]]) -> Score:
    """The mean over the criteria of the mean over their votes. No criterion may lack more than half of its votes."""
    means: dict[str, float] = {}
    problems: list[str] = []
    for name, ratings in found.items():
        values = [rating.value for rating in ratings if rating.value is not None]
        if len(values) * 2 > len(ratings):
            means[name] = round(fmean(values), 6)
        else:
            reason = next(rating.reason for rating in ratings if rating.value is None)
            problems.append(f"{name}: {reason}" if len(found) > 1 else reason)
    criteria = {name: mean for name, mean in means.items() if name != "score"}
    value = None if problems else round(fmean(means.values()), 6)
    return Score(judge=judge, value=value, reason="; ".join(problems), criteria=criteria)
