"""Judges: how an answer is read, what both orders come to, and what embeddings prefer."""

import asyncio
from collections.abc import Callable

import pytest

from interalign.agents import Context, EmbeddingJudge, Judge, LLMJudge, Message, Persona, Verdict, Vote
from interalign.agents.judges import read_choice
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.engines import ScriptedConfig

ABOUT = "I keep six hens behind the garage. How are they?"
GENERIC = "That sounds nice. What else is going on?"
PAGE = "The person is warm and likes hens. One reply asks about them, the other stays vague.\n" * 40


def verdict_of(
    judge: Judge, persona: Persona, a: str, b: str, script: Callable[[Context], str] | None = None
) -> Verdict:
    config = ScriptedConfig(engine="scripted", judge_accuracy=1.0)
    engine = ScriptedEngine(config, scripts={} if script is None else {"judge": script})
    caller = CallPath({"m": engine}, CallSettings(retry_delay=0))
    context = Context(history=(Message("user", "Hello."),), persona=persona)
    return asyncio.run(judge.compare(context, a, b, caller, key="k"))


def sorted_votes(verdict: Verdict) -> list[Vote]:
    return sorted(verdict.votes, key=lambda vote: vote.order)


BOTH_WAYS = [
    ("A", "B"),
    ("a", "b"),
    ("(a)", "(b)"),
    ("1", "2"),
    ("1.", "2."),
    ("1st", "2nd"),
    ("first", "second"),
    ("FIRST!", "SECOND!"),
    ("**first**", "**second**"),
    ('"first"', '"second"'),
    ("Reply 1", "Reply 2"),
    ("Answer: A", "Answer: B"),
    ("A is better", "B is better"),
    ("The first.", "The second."),
    ("The first reply is better.", "The second reply is better."),
    ("I would choose the first one.", "I would choose the second one."),
    ("  first\n\n", "  second\n\n"),
    ("The second is longer.\nfirst", "The first is longer.\nsecond"),
    ("The second does not fit.\nAnswer: 1", "The first does not fit.\nAnswer: 2"),
    ("first\n\nBoth of them are short.\nThe first", "first\n\nBoth of them are short.\nThe second"),
    (PAGE + "first", PAGE + "second"),
    ("first\n" + PAGE, "second\n" + PAGE),
]


@pytest.mark.parametrize(("first", "second"), BOTH_WAYS, ids=lambda text: ascii(text[:20]))
def test_a_choice_is_read_in_both_directions(first: str, second: str) -> None:
    assert (read_choice(first), read_choice(second)) == ("first", "second")


@pytest.mark.parametrize(
    "text", ["tie", "Tie.", "A tie", "It's a tie.", "a draw", "**tie**", "equal", "equally good", "the same", "neither"]
)
def test_a_tie_is_read_as_a_tie(text: str) -> None:
    assert read_choice(text) == "tie"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n ",
        "The first reply is better than the second",
        "The second reply is better than the first",
        "A or B",
        "not the first",
        "not the second",
        "I don't like the first",
        "never the second",
        "Both are good, but the first",
        "I'm sorry, but I can't help with comparing people.",
        "As an assistant, no preference is mine to state.",
        "banana",
        "???",
        "3",
        "🦜",
        PAGE,
        "The first is warm.\nThe second is dry.\nHard to say.",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_what_names_no_reply_or_several_is_unscored(text: str) -> None:
    assert read_choice(text) == "unscored"


@pytest.mark.parametrize("text", ["a is better than b", "I prefer a over b", "a beats b"])
def test_a_lower_case_comparison_does_not_name_its_loser(text: str) -> None:
    assert read_choice(text) in ("first", "unscored")


@pytest.mark.parametrize(
    "text",
    ["I don\u2019t prefer the first", "It isn\u2019t the first", "I cannot choose the first", "The first is worse."],
)
def test_a_reply_that_is_turned_down_is_not_chosen(text: str) -> None:
    assert read_choice(text) in ("second", "unscored")


@pytest.mark.parametrize("text", ["She has 2 dogs.", "At first glance, hard to say.", "A tough call."])
def test_words_that_name_a_reply_only_by_accident_do_not_count(text: str) -> None:
    assert read_choice(text) in ("tie", "unscored")


@pytest.mark.parametrize("judge", [LLMJudge("m"), EmbeddingJudge()], ids=["llm", "embedding"])
@pytest.mark.parametrize(("a", "b"), [(ABOUT, GENERIC), (GENERIC, ABOUT), (GENERIC, GENERIC)])
def test_swapping_the_replies_mirrors_the_verdict(judge: Judge, a: str, b: str, persona: Persona) -> None:
    one = verdict_of(judge, persona, a, b)
    other = verdict_of(judge, persona, b, a).mirrored()
    assert (one.outcome, one.margin, one.scores) == (other.outcome, other.margin, other.scores)
    assert sorted_votes(one) == sorted_votes(other)
    assert one.outcome == ("tie" if a == b else "a" if a == ABOUT else "b")


def test_a_judge_that_agrees_with_itself_decides_with_margin_one(persona: Persona) -> None:
    verdict = verdict_of(LLMJudge("m"), persona, GENERIC, ABOUT)
    assert (verdict.outcome, verdict.margin, verdict.reason, verdict.decided) == ("b", 1.0, "", True)
    assert [(vote.order, vote.outcome, vote.raw) for vote in verdict.votes] == [
        ("ab", "b", "second"),
        ("ba", "b", "first"),
    ]


@pytest.mark.parametrize("always", ["first", "second", "The first reply is lovely."])
def test_a_judge_that_always_names_one_position_gives_ties(always: str, persona: Persona) -> None:
    for a, b in ((ABOUT, GENERIC), (GENERIC, ABOUT)):
        verdict = verdict_of(LLMJudge("m"), persona, a, b, lambda context: always)
        assert (verdict.outcome, verdict.margin, verdict.decided) == ("tie", 0.0, False)
        assert verdict.reason == "the judge's choice changed with the order of the replies"


@pytest.mark.parametrize("garbage", ["banana", "", "I'm sorry, I can't.", PAGE])
def test_garbage_gives_unscored_and_stays_on_the_record(garbage: str, persona: Persona) -> None:
    verdict = verdict_of(LLMJudge("m"), persona, ABOUT, GENERIC, lambda context: garbage)
    assert (verdict.outcome, verdict.margin) == ("unscored", 0.0)
    assert [vote.raw for vote in verdict.votes] == [garbage, garbage]
    assert "name no reply" in verdict.reason


def test_one_readable_answer_of_two_is_not_enough(persona: Persona) -> None:
    verdict = verdict_of(
        LLMJudge("m"), persona, ABOUT, GENERIC, lambda context: "first" if context.replies[0] == ABOUT else "banana"
    )
    assert verdict.outcome == "unscored"
    assert [vote.outcome for vote in verdict.votes] == ["a", "unscored"]


def test_a_tie_in_one_order_alone_is_a_tie(persona: Persona) -> None:
    verdict = verdict_of(
        LLMJudge("m"), persona, ABOUT, GENERIC, lambda context: "first" if context.replies[0] == ABOUT else "tie"
    )
    assert (verdict.outcome, verdict.margin) == ("tie", 0.0)


def test_the_embedding_judge_prefers_the_reply_about_the_persona(persona: Persona) -> None:
    for about in ("How are your hens doing?", "Does your sister still drive the night bus?", "Did the rye bread rise?"):
        assert verdict_of(EmbeddingJudge(), persona, about, "The match ended in extra time.").outcome == "a"


def test_differences_below_the_margin_are_ties_with_their_scores(persona: Persona) -> None:
    verdict = verdict_of(EmbeddingJudge(margin=2.0), persona, ABOUT, GENERIC)
    assert (verdict.outcome, verdict.margin, verdict.reason) == ("tie", 0.0, "the scores differ by less than 2.0")
    assert verdict.scores is not None
    assert verdict.scores[0] > verdict.scores[1]


def test_equal_replies_are_a_tie_even_without_a_margin(persona: Persona) -> None:
    assert verdict_of(EmbeddingJudge(margin=0), persona, GENERIC, GENERIC).outcome == "tie"


def test_a_judge_names_what_decides_its_verdicts() -> None:
    assert EmbeddingJudge(margin=0.5).identity() == {"judge": "embedding", "margin": 0.5, "nearest": 3}
    identity = LLMJudge("m", rubric="Judge.", parameters={"temperature": 0.5}).identity()
    assert (identity["model"], identity["rubric"], identity["parameters"]["temperature"]) == ("m", "Judge.", 0.5)
