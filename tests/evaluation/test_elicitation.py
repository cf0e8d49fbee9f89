"""What was disclosed, what was asked, and what a model made of it."""

import pytest

from interalign.agents import Persona
from interalign.evaluation.elicitation import disclosed, part_of, profile_recall, questions, sentences


def test_items_are_disclosed_word_for_word_or_in_other_words(persona: Persona) -> None:
    said = [
        "Hello there!",
        "Guess what, my six hens behind the garage are laying again!",
        "Nothing new. Long answers make me stop reading. Anyway.",
    ]
    assert disclosed(persona.items, said) == [frozenset(), frozenset({0}), frozenset({0, 3})]


def test_what_is_said_of_something_else_discloses_nothing(persona: Persona) -> None:
    assert disclosed(persona.items, ["My flat looks over the same tracks now.", "\n", "…"]) == [frozenset()] * 3


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("How are you? And what about the hens?", 2),
        ("Really?!", 1),
        ("What??? No.", 1),
        ("He asked “why?” and left.", 1),
        ("See example.com/?q=1 for more.", 0),
        ("你好吗？", 1),
        ("No question here.", 0),
        ("", 0),
    ],
)
def test_questions_are_counted_once_each(text: str, count: int) -> None:
    assert questions(text) == count


def test_sentences_are_looked_at_one_by_one_and_together() -> None:
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three", "One. Two!\nThree"]
    assert sentences("One") == ["One"]
    assert sentences("  \n ") == []


def test_the_disclosed_part_of_a_persona_may_be_one_half(persona: Persona) -> None:
    part = part_of(persona, frozenset({1, 2}))
    assert part is not None
    assert (part.facts, part.traits) == (persona.facts[1:], ())
    traits = part_of(persona, frozenset({4}))
    assert traits is not None
    assert (traits.facts, traits.traits) == ((), persona.traits[1:])
    assert part_of(persona, frozenset()) is None


def test_claims_are_held_against_what_was_disclosed(persona: Persona) -> None:
    known = profile_recall(["You keep six hens behind the garage.", "You live on the moon."], persona.facts[:2])
    assert (known.precision, known.recall, known.f1) == (0.5, 0.5, 0.5)


def test_what_cannot_be_said_of_claims_is_none(persona: Persona) -> None:
    assert profile_recall([], persona.facts[:1]) == profile_recall([], persona.facts)
    assert (profile_recall([], persona.facts).precision, profile_recall([], persona.facts).recall) == (None, 0.0)
    assert profile_recall(["You keep hens."], []).recall is None
    assert profile_recall(["You live on the moon."], persona.facts).f1 == 0.0
