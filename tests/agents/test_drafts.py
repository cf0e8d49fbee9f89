"""Drafts: whatever shape a model lists people in, the people are found, and the talk around them is not."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents.drafts import read_drafts

ONE, TWO = ("I am a nurse. I own a cat.",), ("I fish. I row.",)
FIRST, SECOND = ("I am a nurse.", "I own a cat."), ("I fish.", "I row.")

TEXTS = {
    "numbered": "1. I am a nurse. I own a cat.\n2. I fish. I row.",
    "numbered with talk": "Here are two people:\n\n1. I am a nurse. I own a cat.\n2) I fish. I row.\n\nI hope these help you!",
    "numbered in bold": "**1.** **I am a nurse.** I own a cat.\n**2.** I fish. I row.",
    "numbered in brackets": "(1) I am a nurse. I own a cat.\n\n(2) I fish. I row.",
    "numbered and wrapped": "1. I am a nurse.\nI own a cat.\n2. I fish.\n   I row.",
    "named": "Person 1: I am a nurse. I own a cat.\nPerson 2: I fish. I row.",
    "under headings": "### Person 1\nI am a nurse. I own a cat.\n\n### Person 2\n\nI fish. I row.\n\nShall I write more of them?",
    "bulleted": "Sure!\n\n- I am a nurse. I own a cat.\n- I fish. I row.",
    "bulleted apart": "* I am a nurse. I own a cat.\n\n* I fish. I row.",
    "lines": "I am a nurse. I own a cat.\nI fish. I row.",
    "blank lines": "Here you are:\n\nI am a nurse. I own\na cat.\n\nI fish. I row.\n",
    "quoted": '1. “I am a nurse. I own a cat.”\n2. "I fish. I row."',
    "JSON texts": '["I am a nurse. I own a cat.", "I fish. I row."]',
    "JSON in a fence": 'Of course:\n```json\n["I am a nurse. I own a cat.",\n "I fish. I row."]\n```\nBye!',
    "JSON cut off": '["I am a nurse. I own a cat.", "I fish. I row.", "I kn',
    "JSON under a name": '{"people": ["I am a nurse. I own a cat.", "I fish. I row."]}',
    "JSON in a numbered list": '1. {"profile": "I am a nurse. I own a cat."}\n2. {"profile": "I fish. I row."}',
}
LISTS = {
    "bullets under numbers": "1. Ana, 45\n   - I am a nurse.\n   - I own a cat.\n2. Bob:\n   - I fish.\n   - I row.",
    "numbers under headings": "**Profile 1**\n1. I am a nurse.\n2. I own a cat.\n\n**Profile 2**\n1. I fish.\n2. I row.",
    "numbers that begin anew": "1. I am a nurse.\n2. I own a cat.\n\n1. I fish.\n2. I row.",
    "groups of bullets": "Ana:\n- I am a nurse.\n- I own a cat.\n\nBob:\n- I fish.\n- I row.",
    "JSON lists": '[["I am a nurse.", "I own a cat."], ["I fish.", "I row."]]',
    "JSON objects": '[{"id": 1, "facts": ["I am a nurse.", "I own a cat."]}, {"traits": ["I fish.", "I row."]}]',
    "JSON objects cut off": '[{"facts": ["I am a nurse.", "I own a cat."]}, {"facts": ["I fish.", "I row."]}, {"facts": ["I',
    "JSON Lines": '{"facts": ["I am a nurse.", "I own a cat."]}\n{"facts": ["I fish.", "I row."]}',
}


@pytest.mark.parametrize("shape", TEXTS)
def test_people_who_are_a_text_each_are_found(shape: str) -> None:
    assert read_drafts(TEXTS[shape]) == (ONE, TWO)


@pytest.mark.parametrize("shape", LISTS)
def test_people_who_are_a_list_each_are_found(shape: str) -> None:
    assert read_drafts(LISTS[shape]) == (FIRST, SECOND)


@pytest.mark.parametrize("text", ["", " \n\n\t", "```\n```", "[]", "{}", '[""]', "1.\n2.\n"])
def test_an_answer_without_text_has_nobody(text: str) -> None:
    assert read_drafts(text) == ()


def test_numbers_and_brackets_inside_a_sentence_list_nothing() -> None:
    text = '45 years ago I was born.\n30 cats [and "Rex"] live here.'
    assert read_drafts(text) == (("45 years ago I was born.",), ('30 cats [and "Rex"] live here.',))


def test_json_escapes_are_decoded() -> None:
    assert read_drafts(json.dumps(['I said "no" to Zoë.\nI left.'])) == (('I said "no" to Zoë. I left.',),)


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, '{"' * 20_000, '{"a":' * 600 + "1" + "}" * 600, "- a\n\n" * 20_000, "*" * 50_000],
    ids=lambda text: text[:5],
)
def test_what_is_built_to_break_a_reader_is_read_in_time(text: str) -> None:
    started = time.monotonic()
    read_drafts(text)
    assert time.monotonic() - started < 10


PIECES = [
    "[",
    "{",
    '"',
    "]",
    "}",
    ",",
    ":",
    "1.",
    "2)",
    "- ",
    "* ",
    "\n",
    "\n\n",
    "I row.",
    "**",
    "```",
    "###",
    "Person 1:",
    "\\ud83d",
    "\\",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200))
def test_any_answer_can_be_read(text: str) -> None:
    assert all(isinstance(part, str) and part.strip() for draft in read_drafts(text) for part in draft)


@given(st.lists(st.lists(st.sampled_from(["I row.", "I knit at night.", "My cat is old."]), min_size=1), max_size=5))
def test_json_comes_back_as_it_was(people: list[list[str]]) -> None:
    assert read_drafts(json.dumps(people)) == tuple(tuple(person) for person in people)
