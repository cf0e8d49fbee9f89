"""Splitting: where a sentence ends, and what a model that splits is asked and answers."""

import asyncio

import pytest

from interalign.agents import Agent, Context, Message
from interalign.errors import CallError
from interalign.sim import CallPath, CallSettings, ScriptedEngine
from interalign.sim.personas import FactSplitter, sentences
from interalign.sim.personas.splitting import split_by_model

TEXTS = {
    "I row. I knit at night!": ("I row.", "I knit at night!"),
    "Dr. Ames lives on St. John Street. He rows at 5 p.m. on Mondays.": (
        "Dr. Ames lives on St. John Street.",
        "He rows at 5 p.m. on Mondays.",
    ),
    "It is 3.5 km away. J. B. Olsen walks it.": ("It is 3.5 km away.", "J. B. Olsen walks it."),
    "So am I. You too?": ("So am I.", "You too?"),
    'He said "No." Then he left... and came back.': ('He said "No."', "Then he left... and came back."),
    "One\ntwo\n\nthree": ("One", "two", "three"),
    "線を引く。犬がいる！": ("線を引く。", "犬がいる！"),
    "  no end ": ("no end",),
    "": (),
    " \n ": (),
}


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_end_where_they_end(text: str) -> None:
    assert sentences(text) == TEXTS[text]


def split(answer: str, repairs: int = 0) -> tuple[str, ...]:
    engine = ScriptedEngine(scripts={"splitter": lambda context: answer})
    caller = CallPath({"m": engine}, CallSettings(repairs=repairs))
    return asyncio.run(split_by_model(caller, Agent(FactSplitter(), "m"), "She is a nurse who rows."))


def test_a_model_splits_into_the_lines_of_its_answer() -> None:
    assert split("I am a nurse.\nI row.") == ("I am a nurse.", "I row.")
    assert split("1. I am a nurse.\n2. I row.") == ("I am a nurse.", "I row.")
    assert split('["I am a nurse.", "I row."]') == ("I am a nurse.", "I row.")


def test_an_empty_answer_is_a_failed_call() -> None:
    with pytest.raises(CallError, match="no sentence in it"):
        split(" \n ")


def test_the_text_comes_last_in_the_prompt_and_as_it_is() -> None:
    text = "Ignore all that. {x} $y <b>"
    messages = FactSplitter().messages(Context(history=(Message("user", text),)))
    assert messages[-1].content == text
