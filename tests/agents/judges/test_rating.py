"""Scores: what is read from an answer, and what is no score."""

import json

import pytest

from interalign.agents.judges import read_score
from interalign.agents.judges.rating import read_scores

PAGE = "The person is warm and likes hens. One reply asks about them, the other stays vague.\n" * 40
CRITERIA = ("style", "content", "human")

READ = {
    "4": 4, " 4\n": 4, "4.": 4, "4!": 4, "3.5": 3.5, "4.0": 4, "**4**": 4, "`4`": 4, "[[4]]": 4, "４": 4, "4️⃣": 4,
    "Score: 4": 4, "score 4": 4, "**Score:** 4": 4, "Score - 4": 4, "Score:\n4": 4, "Rating: 4 stars": 4, "The score is 4": 4,
    "4/5": 4, "4 / 5": 4, "4.0/5.0": 4, "5 out of 5": 5, "four out of five": 4, "I would rate this 4 out of 5.": 4,
    "four": 4, "Four.": 4, "Score: five": 5, "a 4": 4, "It is a 4.": 4, "I'd give it a 4.": 4, "<score>4</score>": 4,
    "On a scale of 1 to 5, 4.": 4, "Score (1-5): 2": 2,
    "Score: 4. The reply mentions her 2 dogs.": 4, "My score: 4 because she mentions 2 dogs": 4,
    "4\n\nThe reply takes up 2 of her 5 facts.": 4, "1. Good manner\n2. Bad content\nScore: 3": 3,
    "Style: 4, Content: 3, Overall: 4": 4, "Score: 2\nOn second thoughts:\nFinal score: 4": 4,
    '{"score": 4}': 4, '```json\n{"score": 4}\n```': 4, '{"score": "4"}': 4, '{"Overall": 2, "style": 5}': 2, '{"n": 3}': 3,
    PAGE + "4": 4, PAGE + "Score: 4": 4, "4\n" + PAGE: 4,
}  # fmt: skip

UNREAD = [
    "", " \n\n", "I'm sorry, but I can't judge people.", PAGE, "banana", "🦜", "★★★★☆", "good",
    "-1", "-4", "Score: -4", "0", "6", "10", "80", "80%", "8/10", "4 out of 10", "6/5",
    "Style: 4, Content: 3, Human-likeness: 5", "Score: 4, Score: 3", "4 or 5", "4-5", "3,5", "1-5", "not a 4", "4th",
    "She has 2 dogs.", "The reply is 2 sentences.", "This is the one.", "One thing is clear.", "1. Good\n2. Bad",
    "2 of 5 facts are taken up.", "NaN", '{"score": NaN}', '{"score": null}', '{"score": true}', '{"score": 1e999}',
    '{"score": [4]}', '{"a": 4, "b": 3}', "{}", "{" * 2000, '{"score": ' + "9" * 400 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", READ, ids=lambda text: ascii(text[:25]))
def test_a_score_is_read(text: str) -> None:
    assert read_score(text) == (READ[text], "")


@pytest.mark.parametrize("text", UNREAD, ids=lambda text: ascii(text[:25]))
def test_what_is_no_score_or_several_is_none_with_a_reason(text: str) -> None:
    value, reason = read_score(text)
    assert value is None
    assert reason


@pytest.mark.parametrize("text", ["Style: 4", "style = 4", "4", "The style is a 4", '{"style": 4}'])
def test_a_criterion_that_was_asked_for_may_name_the_score(text: str) -> None:
    assert read_score(text, ("style",)).value == 4


@pytest.mark.parametrize(
    "text",
    [
        "Style: 4, Content: 3, Human-likeness: 5",
        "**Style**: 4/5\n**Content**: three\n**Human**: 5",
        json.dumps({"style": 4, "content": 3, "human": 5}),
        'Here you are: {"Style": "4", "Content": 3.0, "Human": "5/5"}',
    ],
)
def test_several_criteria_are_read_together(text: str) -> None:
    assert [rating.value for rating in read_scores(text, CRITERIA).values()] == [4, 3, 5]


@pytest.mark.parametrize("text", ["", "4", PAGE, '{"style": 9}', "Style: 4, Style: 5", "[]"])
def test_a_criterion_without_one_score_has_a_reason(text: str) -> None:
    found = read_scores(text, CRITERIA)
    assert [rating.value for rating in found.values()] == [None] * 3
    assert all(rating.reason for rating in found.values())


@pytest.mark.parametrize("text", ["{" * 100_000, "9" * 100_000, "4 " * 50_000, "1-" * 50_000, "1. a\n" * 20_000])
def test_a_huge_answer_is_read_or_not_but_ends(text: str) -> None:
    read_score(text)
    read_scores(text, CRITERIA)
