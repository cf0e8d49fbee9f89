"""The LLM judge: several votes, scores, criteria, expected scores, and what stays on the record."""

import math
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from autogen_core.models import ChatCompletionTokenLogprob, TopLogprob
from judging import ABOUT, CONTEXT, GENERIC, caller_of, compared, scored

from interalign.agents import Answer, Context, LLMJudge, Usage
from interalign.agents.judges import PairwiseRole, ScoreRole
from interalign.agents.judges.expected import expected_score
from interalign.agents.judges.verdict import prompt_digest
from interalign.errors import ConfigError


def prompt_of(judge: LLMJudge, *replies: str) -> str:
    role = judge.agent.role if len(replies) == 2 else judge.scorers[0].role
    return "\n".join(str(message.content) for message in role.messages(_shown(*replies)))


def _shown(*replies: str) -> Context:
    return Context(history=CONTEXT.history, persona=CONTEXT.persona, replies=replies)


def taking_turns(*answers: str) -> Callable[[Context], str]:
    """A judge that gives these answers one after the other."""
    number = count()
    return lambda context: answers[next(number) % len(answers)]


# -- votes ---------------------------------------------------------------------------------------


def test_each_vote_is_a_call_of_its_own_and_stays() -> None:
    verdict = compared(LLMJudge("m", votes=3))
    assert (verdict.outcome, verdict.margin) == ("a", 1.0)
    assert [vote.order for vote in verdict.votes] == ["ab"] * 3 + ["ba"] * 3
    assert verdict.spent.calls == 6


def test_one_vote_asks_as_it_always_did() -> None:
    keys: list[str] = []

    class Listening:
        async def ask(self, agent: Any, context: Context, *, key: str) -> Answer[Any]:
            keys.append(key)
            return Answer("first", "first", Usage())

    compared(LLMJudge("m"), caller=Listening())
    compared(LLMJudge("m", votes=2), caller=Listening())
    assert keys == ["k/ab", "k/ba", "k/ab", "k/ab/1", "k/ba", "k/ba/1"]


def test_most_votes_of_each_order_decide_and_the_margin_is_their_lead() -> None:
    says = taking_turns("first", "first", "second", "second", "second", "first")
    verdict = compared(LLMJudge("m", votes=3), caller=caller_of(judge=says))
    assert (verdict.outcome, verdict.margin) == ("a", round(2 / 6, 6))


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("first", "first", "first", "first"), "tie"),  # the position decides
        (("first", "second", "second", "second"), "tie"),  # one order cannot make up its mind
        (("tie", "tie", "tie", "tie"), "tie"),
        (("first", "banana", "second", "second"), "unscored"),  # half of an order cannot be read
        (("banana", "banana", "banana", "banana"), "unscored"),
        (("first", "first", "second", "second"), "a"),
    ],
)
def test_what_the_votes_come_to(answers: tuple[str, ...], outcome: str) -> None:
    verdict = compared(LLMJudge("m", votes=2), caller=caller_of(judge=taking_turns(*answers)))
    assert (verdict.outcome, bool(verdict.reason)) == (outcome, outcome != "a")


def test_several_votes_are_warm_and_cold_ones_are_refused() -> None:
    assert LLMJudge("m").agent.settings["temperature"] == 0
    assert LLMJudge("m", votes=2).agent.settings["temperature"] == 0.7
    assert LLMJudge("m", votes=2, parameters={"temperature": 1}).agent.settings["temperature"] == 1
    with pytest.raises(ConfigError, match="2 votes at temperature 0 are 2 times the same"):
        LLMJudge("m", votes=2, parameters={"temperature": 0})


# -- prompts -------------------------------------------------------------------------------------


def test_without_history_a_judge_sees_the_last_message_alone() -> None:
    for replies in ((ABOUT, GENERIC), (ABOUT,)):
        assert "Friend: Hi!" in prompt_of(LLMJudge("m"), *replies)
        alone = prompt_of(LLMJudge("m", history=False), *replies)
        assert "Person: What a day." in alone
        assert "Friend: Hi!" not in alone


def test_a_rubric_replaces_the_shipped_one_in_both_tasks() -> None:
    judge = LLMJudge("m", rubric="Be strict. $profile")
    for replies in ((ABOUT, GENERIC), (ABOUT,)):
        assert prompt_of(judge, *replies).startswith("Be strict. I keep six hens")
    with pytest.raises(ConfigError, match=r"placeholder \$person"):
        LLMJudge("m", rubric="Judge for $person.")


def test_prompts_of_one_reply_share_all_but_their_question() -> None:
    style, content = (ScoreRole((name,)).messages(_shown(ABOUT)) for name in ("style", "content"))
    assert style[0] == content[0]
    assert str(style[1].content).split("\n\n")[:-1] == str(content[1].content).split("\n\n")[:-1]


def test_a_vote_keeps_the_digest_of_a_prompt_that_can_be_written_again() -> None:
    judge = LLMJudge("m")
    verdict = compared(judge)
    ab, ba = (prompt_digest(judge.agent.role.messages(_shown(*pair))) for pair in ((ABOUT, GENERIC), (GENERIC, ABOUT)))
    assert [vote.prompt for vote in verdict.votes] == [ab, ba]
    assert ab != ba
    (kept,) = scored(judge).prompts
    assert kept == prompt_digest(judge.scorers[0].role.messages(_shown(ABOUT)))


def test_texts_with_braces_and_dollars_stay_as_they_are() -> None:
    hostile = "{0} $profile ${x} </s> %s"
    assert hostile in prompt_of(LLMJudge("m"), hostile, GENERIC)
    assert hostile in str(PairwiseRole().messages(_shown(GENERIC, hostile))[-1].content)


# -- scores --------------------------------------------------------------------------------------


def test_a_score_keeps_what_was_said_and_spent() -> None:
    found = scored(LLMJudge("m"))
    assert (found.value, found.reason, found.raw, found.spent.calls) == (2.0, "", ("2",), 1)
    assert scored(LLMJudge("m"), GENERIC).value == 1.0


def test_criteria_are_asked_one_by_one_and_averaged() -> None:
    says = caller_of(scorer=taking_turns("Style: 4", "2", "3"))
    found = scored(LLMJudge("m", criteria=("style", "content", "human")), caller=says)
    assert (found.value, found.criteria) == (3.0, {"style": 4.0, "content": 2.0, "human": 3.0})
    assert found.spent.calls == 3


def test_the_script_answers_in_json_where_it_is_asked_to() -> None:
    found = scored(LLMJudge("m", criteria=("style", "content"), structured=True))
    assert (found.criteria, found.raw) == ({"style": 2.0, "content": 2.0}, ('{"style": 2, "content": 2}',))


def test_structured_criteria_take_one_call() -> None:
    says = caller_of(scorer=lambda context: '{"style": 4, "content": 2}')
    found = scored(LLMJudge("m", criteria=("style", "content"), structured=True), caller=says)
    assert (found.value, found.spent.calls, found.criteria) == (3.0, 1, {"style": 4.0, "content": 2.0})


def test_a_criterion_that_cannot_be_read_leaves_no_score_but_the_others() -> None:
    says = caller_of(scorer=taking_turns("4", "no idea"))
    found = scored(LLMJudge("m", criteria=("style", "content")), caller=says)
    assert (found.value, found.reason, found.criteria) == (None, "content: the answer gives no score", {"style": 4.0})


@pytest.mark.parametrize("garbage", ["", "banana", "-1", "9", "4 or 5", "I'm sorry, I can't."])
def test_garbage_is_unscored_and_stays_on_the_record(garbage: str) -> None:
    found = scored(LLMJudge("m"), caller=caller_of(scorer=lambda context: garbage))
    assert (found.value, found.raw) == (None, (garbage,))
    assert found.reason


def test_the_mean_of_several_votes_is_the_score() -> None:
    says = caller_of(scorer=taking_turns("4", "banana", "5"))
    assert scored(LLMJudge("m", votes=3), caller=says).value == 4.5
    says = caller_of(scorer=taking_turns("4", "banana"))
    assert scored(LLMJudge("m", votes=2), caller=says).value is None


# -- expected scores -----------------------------------------------------------------------------


def token(text: str, **tops: float) -> ChatCompletionTokenLogprob:
    found = [TopLogprob(math.log(share), list(name.strip("_").encode())) for name, share in tops.items()]
    return ChatCompletionTokenLogprob(token=text, logprob=0.0, top_logprobs=found)


def expecting(text: str, *tokens: ChatCompletionTokenLogprob) -> Any:
    class Engine:
        async def ask(self, agent: Any, context: Context, *, key: str) -> Answer[Any]:
            assert agent.settings["logprobs"] is True
            return Answer(agent.role.parse(text), text, Usage(), tokens)

    return Engine()


def test_the_expected_score_weighs_the_numbers_by_their_probability() -> None:
    engine = expecting("**4", token("**"), token("4", _4=0.5, _5=0.25, _x=0.25))
    assert scored(LLMJudge("m", expected=True), caller=engine).value == round((4 * 0.5 + 5 * 0.25) / 0.75, 6)


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        ((), "gave no token probabilities"),
        ((token("four", _x=1.0),), "no token of the answer is a number"),
        ((token("4", _4=0.3, _x=0.7),), "only 30% of its probability"),
        ((token("4", _4=float("nan")),), "of its probability"),
    ],
)
def test_without_probabilities_of_numbers_nothing_is_expected(
    tokens: tuple[ChatCompletionTokenLogprob, ...], reason: str
) -> None:
    value, why = expected_score(tokens)
    assert value is None
    assert reason in why


def test_an_answer_that_is_no_score_has_no_expected_one() -> None:
    engine = expecting("4 or 5", token("4", _4=1.0))
    assert scored(LLMJudge("m", expected=True), caller=engine).value is None


def test_expected_scores_and_votes_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match="leave out"):
        LLMJudge("m", expected=True, votes=3)
