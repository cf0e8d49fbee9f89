"""Screening: what is said against a draft from its text alone."""

import pytest

from interalign.sim.personas.screening import Rejection, fingerprint, screen, tidy
from interalign.sim.personas.settings import FilterConfig

GOOD = ("I keep six hens.", "My sister drives a bus.", "Rain makes my knee ache.")
LIMITS = FilterConfig(min_items=3, max_items=4)


def screened(*items: str, **limits: bool) -> Rejection | None:
    known = {"i row at dawn": "rower", "my cat is blind": "cat-owner"}
    return screen(items, LIMITS.model_copy(update=limits), known, {"cat-owner"})


def test_a_text_is_split_and_a_list_is_not() -> None:
    assert tidy(("I row at dawn. I knit. My cat is blind.",), 9) == ("I row at dawn.", "My cat is blind.")
    assert tidy(("I row at dawn. Always at dawn.", "My cat is blind."), 9) == (
        "I row at dawn. Always at dawn.",
        "My cat is blind.",
    )


def test_repeated_sentences_count_once_and_in_their_first_place() -> None:
    assert tidy(("I row at dawn.", "My cat is blind.", "i row, at DAWN"), 9) == ("I row at dawn.", "My cat is blind.")


def test_an_end_that_was_cut_off_is_dropped() -> None:
    assert tidy(("I row at dawn. My cat is blind. I have alwa",), 9) == ("I row at dawn.", "My cat is blind.")
    assert tidy(("I row at dawn",), 9) == ("I row at dawn",)


def test_more_than_wanted_is_cut() -> None:
    assert tidy(GOOD, 2) == GOOD[:2]


def test_a_sound_draft_has_nothing_against_it() -> None:
    assert screened(*GOOD) is None


REFUSED = {
    "short": (GOOD[:2], "too short", "too short: 2 sentences, at least 3 are needed"),
    "empty": ((), "too short", "too short: 0 sentences"),
    "assistant": ((*GOOD, "As an AI language model, I have no cat."), "not a persona", "nobody says 'As an AI"),
    "gap": ((*GOOD, "My name is [name]."), "not a persona", "nobody says '[name]'"),
    "third person": (
        ("He keeps hens.", "Here is a cat.", "She drives a bus.", "I row."),
        "not a persona",
        "1 of 4 sentences",
    ),
    "surrogate": ((*GOOD, "I like \ud83d a lot."), "not a persona", "half a surrogate pair"),
    "leak": ((*GOOD, "My cat is  blind!"), "leaks an example", "leaks the example cat-owner: 'My cat is  blind!'"),
    "repeat": ((*GOOD, "I row at dawn."), "repeats a sentence", "repeats a sentence of rower: 'I row at dawn.'"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_draft_with_a_fault_is_refused_with_its_reason(fault: str) -> None:
    items, reason, says = REFUSED[fault]
    found = screened(*items)
    assert found is not None
    assert found.reason == reason
    assert says in found.why


def test_other_languages_need_no_english_pronouns() -> None:
    german = ("Ich halte Hühner.", "Meine Schwester fährt Bus.", "Regen tut dem Knie weh.")
    assert screened(*german) is not None
    assert screened(*german, first_person=False) is None


def test_case_blanks_and_punctuation_make_no_other_sentence() -> None:
    assert fingerprint("I  row, at DAWN!") == fingerprint("i row at dawn")
