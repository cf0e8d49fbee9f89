"""What can be told of a message without a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interalign.agents.speech import content_words, is_stalled, near_identical, says_goodbye

FAREWELLS = [
    *("Bye!", "Goodbye.", "Okay, bye for now!", "I have to go now. Talk to you later!", "Well, I've got to go."),
    *("Thanks for the chat. Good night, my friend!", "See you tomorrow, Anna 👋", "Take care!", "Anyway, gotta run"),
    *("Have a great day!", "I need to go now", "Goodbye, and thanks", "Alright, catch you later.", "So long!"),
    *("It was nice talking to you. Take care of yourself.", "Bye, dear", "I\u2019d better go", "ok bye bye"),
]
NONE = [
    *("I have to go to work at five.", "I said goodbye to my cat yesterday.", "By the way, I keep bees."),
    *("I take care of my mother.", "See you have a dog?", "Goodbye kisses annoy me.", "Thanks a lot!", "", "..."),
    *("I never say good night to anyone at home.", "I must go shopping soon.", "Should I go?", "Night shift again."),
    *("We talk later in the evening usually, my brother and I.", "Have a great recipe for rye bread?"),
    *("Time to go fishing, I think.", "So long as it is quiet, I sleep.", "Do you think I should leave him?"),
]


@pytest.mark.parametrize("text", FAREWELLS)
def test_a_farewell_is_one(text: str) -> None:
    assert says_goodbye(text)


@pytest.mark.parametrize("text", NONE)
def test_words_of_leaving_are_no_farewell(text: str) -> None:
    assert not says_goodbye(text)


def test_content_words_are_stems_without_function_words() -> None:
    assert content_words("She keeps six hens, and I'm keeping the hen's eggs") == {"keep", "six", "hen", "egg"}
    assert content_words("It is what it is.") == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("I keep six hens.", "i keep six hens!!", True),
        ("I keep six hens behind the garage.", "I keep six hens behind the old garage.", True),
        ("I keep six hens.", "I keep three cats.", False),
        ("👋", "...", True),
        ("", "Hello.", False),
    ],
)
def test_nearly_the_same_words_are_the_same(one: str, other: str, same: bool) -> None:
    assert near_identical(one, other) is near_identical(other, one) is same


@pytest.mark.parametrize(
    ("said", "messages", "stalled"),
    [
        (["I keep hens.", "ok", "I see."], 2, True),
        (["I keep hens.", "ok", "I see."], 3, False),
        (["ok", "fine"], 2, True),
        (["I keep hens.", "I keep hens!", "I keep hens"], 2, True),
        (["I keep hens.", "I row.", "I keep hens."], 1, True),
        (["I keep hens.", "ok", "I row."], 2, False),
        (["ok"], 2, False),
        (["ok", "ok"], 0, False),
        ([], 1, False),
    ],
)
def test_a_stall_is_a_row_of_messages_without_anything_new(said: list[str], messages: int, stalled: bool) -> None:
    assert is_stalled(said, messages) is stalled


@given(st.text(), st.text())
def test_any_text_can_be_looked_at(one: str, other: str) -> None:
    assert near_identical(one, other) is near_identical(other, one)
    assert near_identical(one, one)
    says_goodbye(one)
    is_stalled([one, other], 2)


def test_long_texts_take_no_time() -> None:
    for text in ("okay, bye " * 20_000, "so " * 50_000 + "long", " " * 200_000, "-" * 100_000):
        says_goodbye(text)
    assert says_goodbye(f"{'I row. ' * 20_000}Bye!")
