"""The persona writer: what it is asked, and that nothing a persona says can change that."""

import pytest

from interalign.agents import PersonaWriter
from interalign.agents.persona_writer import DraftContext, FewShotWriter
from interalign.errors import ConfigError
from tests.conftest import HOSTILE

EXAMPLES = (("I keep hens.", "My sister drives a bus."), ("I bake rye bread.",))


def test_the_prompt_has_the_examples_the_number_and_the_kind() -> None:
    for kind, word in (("profile", "facts"), ("personality", "traits")):
        (message,) = PersonaWriter().messages(DraftContext(kind=kind, examples=EXAMPLES, count=7, items="4 to 6"))
        assert isinstance(message.content, str)
        assert "1. I keep hens. My sister drives a bus.\n2. I bake rye bread." in message.content
        assert "Invent 7 more" in message.content
        assert "4 to 6 sentences" in message.content
        assert word in message.content


def test_hostile_examples_stand_in_the_prompt_as_they_are() -> None:
    for role in (PersonaWriter(), FewShotWriter()):
        text = "".join(str(message.content) for message in role.messages(DraftContext(examples=((HOSTILE,),))))
        assert " ".join(HOSTILE.split()) in text


def test_the_few_shot_writer_plays_the_examples_as_turns() -> None:
    messages = FewShotWriter().messages(DraftContext(examples=EXAMPLES))
    assert [message.type for message in messages] == [
        *("SystemMessage", "UserMessage", "AssistantMessage", "UserMessage", "AssistantMessage", "UserMessage")
    ]


def test_answers_are_read_as_drafts() -> None:
    for role in (PersonaWriter(), FewShotWriter()):
        assert role.parse("I fish. I row.") == (("I fish. I row.",),)
        assert role.parse("") == ()


def test_a_prompt_of_ones_own_is_checked() -> None:
    (message,) = PersonaWriter("Write $count like:\n$examples").messages(DraftContext(examples=EXAMPLES, count=2))
    assert str(message.content).startswith("Write 2 like:\n1. I keep hens.")
    with pytest.raises(ConfigError, match=r"placeholder \$mood"):
        PersonaWriter("Write $mood people")
