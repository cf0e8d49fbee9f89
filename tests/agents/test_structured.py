"""Answers in JSON: asked for in words, and found in whatever a model wrote around them."""

from enum import StrEnum
from typing import Literal

import pytest
from autogen_core.models import LLMMessage, UserMessage
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from interalign.agents import Context, Prompt, Role, json_request, read_json
from interalign.errors import ConfigError, ParseError
from tests.conftest import HOSTILE


class Note(BaseModel):
    warmth: int = Field(ge=1, le=5, description="1 is cold")
    comment: str = ""


GOOD = '{"warmth": 4, "comment": "fine"}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Let me think. {{not json}} Here it is:\n\n{GOOD}\nI hope that helps {{}}!",
        f'First I thought {{"warmth": 1}}, but no: {GOOD}',
        f"<think>{{'warmth': 9}}</think>{GOOD}",
        "{'warmth': 4, 'comment': 'fine'}",
        '{"warmth": 4, "comment": "fine",}',
        '{"warmth": "4", "comment": "fine"}',
        f'{GOOD} {{"warmth": 77}}',
    ],
)
def test_the_object_is_found(text: str) -> None:
    assert read_json(text, Note) == Note(warmth=4, comment="fine")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no JSON object"),
        ("I would say four.", "there is no JSON object"),
        (GOOD[:-1], "there is no JSON object"),
        ("[1, 2]", "there is no JSON object"),
        ('{"comment": "x"}', "key 'warmth': Field required"),
        ('{"warmth": 9}', "key 'warmth': Input should be less than or equal to 5"),
        ("{" * 100_000, "there is no JSON object"),
        ('{"a":' * 20_000, "there is no JSON object"),
        ("{'a': " * 3_000 + "}" * 3_000, "there is no JSON object"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_why(text: str, says: str) -> None:
    with pytest.raises(ParseError, match=f"the answer is no Note: {says}"):
        read_json(text, Note)


def test_true_and_null_inside_texts_stay_what_they_are() -> None:
    text = '{\'warmth\': 2, "comment": "true, null, it\'s ,} so",}'
    assert read_json(text, Note).comment == "true, null, it's ,} so"


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(1, 5))
def test_any_text_around_and_inside_leaves_the_object_readable(before: str, comment: str, warmth: int) -> None:
    note = Note(warmth=warmth, comment=comment)
    clean = before.replace("{", "(").replace('"', "'")
    assert read_json(f"{clean}\n{note.model_dump_json()}", Note) == note


@given(st.text(alphabet="{}[]\"':,atru1 \n"))
def test_garbage_is_never_more_than_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        read_json(text, Note)


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Inner(BaseModel):
    name: str


class Rich(BaseModel):
    mood: Mood
    kind: Literal["a", "b"] = "a"
    inner: list[Inner]
    maybe: float | None = None
    warmth: int = Field(ge=1, le=5, description="how warm")


def test_the_request_names_every_key_and_what_may_stand_there() -> None:
    assert json_request(Rich).splitlines() == [
        "Answer with one JSON object and nothing else. Its keys:",
        '- mood: one of "good", "bad"',
        '- kind: one of "a", "b"',
        "- inner: a list, each object",
        "- maybe: number or null",
        "- warmth: integer from 1 to 5 (how warm)",
    ]


class Critic(Role[Note]):
    output = Note
    prompt = Prompt("Criticise $reply", ("reply",))

    def messages(self, context: Context) -> list[LLMMessage]:
        return [UserMessage(content=self.prompt.fill(reply=context.history[-1].text), source="x")]


def test_a_role_with_an_output_type_needs_no_parser() -> None:
    assert Critic().parse(f"Well: {GOOD}").warmth == 4


def test_a_role_with_neither_is_refused_when_it_is_made() -> None:
    class Bare(Role[str]):
        def messages(self, context: Context) -> list[LLMMessage]:
            return []

    with pytest.raises(TypeError, match="Bare has neither a method parse"):
        Bare()


def test_the_prompt_of_a_role_can_be_replaced_and_the_first_one_stays() -> None:
    first = Critic()
    second = first.with_prompt(f"{HOSTILE.replace('$', '$$')}: $reply")
    assert second.prompt.fill(reply="R") == f"{HOSTILE}: R"
    assert first.prompt.fill(reply="R") == "Criticise R"
    assert Critic("Say $reply").prompt.text == "Say $reply"


def test_a_replaced_prompt_is_held_to_the_same_placeholders() -> None:
    with pytest.raises(ConfigError, match=r"placeholder \$said, but only \$reply can be filled in"):
        Critic("Say $said")


def test_a_role_without_a_prompt_has_none_to_replace() -> None:
    class Mute(Role[Note]):
        output = Note

        def messages(self, context: Context) -> list[LLMMessage]:
            return []

    with pytest.raises(ConfigError, match="Mute has no prompt to replace; give the class one"):
        Mute("x")
