"""The shipped roles: who sees what, prompts that only grow, and how answers are read."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents import Context, Inducer, LLMJudge, Message, Persona, Responder, Role, UserAgent
from interalign.agents.few_shot import FewShotInducer, FewShotResponder, FewShotUser
from interalign.errors import ParseError
from tests.conftest import HOSTILE

PERSONA = Persona(id="p", facts=("I keep six hens.", "I row."), traits=("I whisper.", "I am blunt."))
SAID = ("Hi, I row.", HOSTILE, "Truly?", "$known {items}")
REPLIES = ("Where?", "I see.", HOSTILE, "Ha.")
FOUND = (("The user rows.",), (), ("The user doubts.", "The user asks."), ("The user is odd.",))

GROWING: dict[str, Role[Any]] = {
    "user": UserAgent(),
    "inducer": Inducer(),
    "plain": Responder(),
    "hinted": Responder("hinted"),
}
FEW_SHOT: dict[str, Role[Any]] = {
    "user": FewShotUser(),
    "inducer": FewShotInducer(),
    "plain": FewShotResponder(),
    "hinted": FewShotResponder("hinted"),
}


def at(turn: int, reader: str, transient: bool = False) -> Context:
    """What the role is shown at a turn; `transient` adds the hint or cue of that turn."""
    history = [message for k in range(turn) for message in (Message("user", SAID[k]), Message("assistant", REPLIES[k]))]
    shown = history[: 2 * turn - (2 if reader == "user" else 1)]
    context = Context(history=tuple(shown), persona=PERSONA, turn=turn, turns=4, inductions=FOUND[: turn - 1])
    if not transient:
        return context
    known = tuple(item for found in FOUND[:turn] for item in found)
    return replace(context, known=known, disclose=PERSONA.items[turn - 1])


def plain(messages: Sequence[LLMMessage]) -> list[tuple[str, str]]:
    return [(type(message).__name__, str(message.content)) for message in messages]


@pytest.mark.parametrize("reader", GROWING)
def test_the_prompt_of_a_turn_begins_with_the_prompt_of_the_turn_before(reader: str) -> None:
    prompts = [plain(GROWING[reader].messages(at(turn, reader))) for turn in (1, 2, 3, 4)]
    for before, after in pairwise(prompts):
        assert after[: len(before)] == before
        assert len(after) == len(before) + 2


@pytest.mark.parametrize("turn", [1, 2, 3, 4])
@pytest.mark.parametrize("reader", ["user", "hinted"])
def test_cue_and_hint_stand_at_the_end_of_the_last_message_alone(reader: str, turn: int) -> None:
    without = plain(GROWING[reader].messages(at(turn, reader)))
    given = plain(GROWING[reader].messages(at(turn, reader, transient=True)))
    assert given[:-1] == without[:-1]
    assert given[-1][1].startswith(without[-1][1] + "\n\n(")


@pytest.mark.parametrize("turn", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "role", [*GROWING.items(), *FEW_SHOT.items()], ids=lambda pair: type(pair[1]).__name__ + pair[0]
)
def test_after_the_system_message_user_and_assistant_alternate(role: tuple[str, Role[Any]], turn: int) -> None:
    for transient in (False, True):
        first, *rest = role[1].messages(at(turn, role[0], transient))
        assert isinstance(first, SystemMessage)
        assert all(isinstance(message, UserMessage) for message in rest[::2])
        assert all(isinstance(message, AssistantMessage) for message in rest[1::2])
        assert len(rest) % 2 == 1


@pytest.mark.parametrize("reader", FEW_SHOT)
def test_few_shot_prompts_begin_with_the_same_examples_at_every_turn(reader: str) -> None:
    prompts = [plain(FEW_SHOT[reader].messages(at(turn, reader, transient=True))) for turn in (1, 2, 3, 4)]
    shots = len(prompts[0]) - 1
    assert shots >= 5
    assert all(prompt[:shots] == prompts[0][:shots] for prompt in prompts)


def test_the_judges_prompt_grows_with_the_history_and_shows_both_replies() -> None:
    role = LLMJudge("m").agent.role
    prompts = [plain(role.messages(replace(at(turn, "plain"), replies=("<A>", "<B>")))) for turn in (1, 2, 3)]
    for before, after in pairwise(prompts):
        assert after[0] == before[0]
        assert after[1][1].startswith(before[1][1].partition("\n\nThe first reply:")[0])
        assert after[1][1].index("<A>") < after[1][1].index("<B>")


@pytest.mark.parametrize("responder", [Responder(), FewShotResponder()])
@settings(deadline=None)
@given(facts=st.lists(st.uuids().map(lambda id: f"I live at number {id}."), min_size=1, max_size=5, unique=True))
def test_a_plain_responders_prompt_holds_no_fact_that_was_not_said(responder: Role[str], facts: list[str]) -> None:
    persona = Persona(id="p", facts=tuple(facts), traits=("I talk of zeppelins.",))
    history = (Message("user", f"Hi! {facts[0]}"),)
    context = Context(history=history, persona=persona, known=(*facts,), disclose=facts[-1], inductions=((*facts,),))
    prompt = "\n".join(text for _, text in plain(responder.messages(context)))
    assert [fact for fact in persona.items if fact in prompt] == facts[:1]


def test_a_plain_and_a_hinted_responder_share_their_prompt_where_nothing_is_known() -> None:
    context = at(3, "plain")
    assert plain(Responder().messages(context)) == plain(Responder("hinted").messages(context))


def test_the_hint_lists_everything_known_and_no_other_fact() -> None:
    prompt = plain(Responder("hinted").messages(at(3, "hinted", transient=True)))
    assert "- The user rows.\n- The user doubts.\n- The user asks." in prompt[-1][1]
    assert "six hens" not in str(prompt)


def test_the_user_sees_the_whole_persona_and_its_own_messages_as_the_assistants() -> None:
    prompt = plain(UserAgent().messages(at(2, "user", transient=True)))
    assert all(item in prompt[0][1] for item in PERSONA.items)
    assert ("AssistantMessage", SAID[0]) in prompt
    assert prompt[-1][1].endswith(f"{PERSONA.items[1]})")


def test_the_inducer_sees_the_persona_and_its_former_findings() -> None:
    prompt = plain(Inducer().messages(at(3, "inducer")))
    assert all(f"- {item}" in prompt[0][1] for item in PERSONA.items)
    assert [text for kind, text in prompt if kind == "AssistantMessage"] == ["The user rows.", "nothing"]
    assert prompt[-1][1] == f"Friend: {REPLIES[1]}\n\nThe person: {SAID[2]}"


def test_an_empty_system_prompt_is_left_out() -> None:
    assert plain(Responder(prompt="").messages(at(1, "plain"))) == [("UserMessage", SAID[0])]


SPEAKERS: list[Role[str]] = [UserAgent(), Responder(), FewShotUser(), FewShotResponder()]
speakers = pytest.mark.parametrize("role", SPEAKERS, ids=lambda role: type(role).__name__)


@speakers
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  Hello there.\n", "Hello there."),
        ("User: Hello.", "Hello."),
        ("me : Hello.", "Hello."),
        ("Friend:\n\nHello.", "Hello."),
        ("Assistant: User: Hello.", "User: Hello."),
        ("To whom it may concern: hello.", "To whom it may concern: hello."),
        ("*waves from the window* Hello.", "Hello."),
        ("Hello. *grins*", "Hello."),
        ("You: *sighs* Hello.", "Hello."),
        ("*waves*", "*waves*"),
        ("one * two", "one * two"),
        ("{a} ${b} <b>", "{a} ${b} <b>"),
    ],
)
def test_a_message_is_read_without_speaker_and_stage_directions(role: Role[str], text: str, message: str) -> None:
    assert role.parse(text) == message


@speakers
@pytest.mark.parametrize("text", ["", " \n\t", "User:", "  me:  \n"])
def test_an_empty_message_is_no_answer(role: Role[str], text: str) -> None:
    with pytest.raises(ParseError, match="the reply is empty"):
        role.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("I **really** mean it.", "I **really** mean it."),
        ("2 * 3 * 4 is 24.", "2 * 3 * 4 is 24."),
        ("**User:** Hello.", "Hello."),
        ("Hello *waves* there.", "Hello there."),
    ],
)
def test_asterisks_that_are_no_stage_direction_cost_no_words(text: str, message: str) -> None:
    assert UserAgent().parse(text) == message


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("The user rows.", ("The user rows.",)),
        ("- The user rows.\n* The user sings.\n", ("The user rows.", "The user sings.")),
        ("1. The user rows.\n\n2) The user sings.", ("The user rows.", "The user sings.")),
        ("The user rows.\nThe user rows.", ("The user rows.",)),
        ("The user rows.\nnothing", ("The user rows.",)),
        *[(text, ()) for text in ("", "nothing", "Nothing.", "- none", "N/A", "(nothing)", "No new information.")],
    ],
)
def test_the_inducers_answer_is_read_as_one_item_a_line(text: str, items: tuple[str, ...]) -> None:
    assert Inducer().parse(text) == items


@pytest.mark.parametrize("text", ["Nothing new.", "nothing new", "Nothing new was given away."])
@pytest.mark.parametrize("role", [Inducer(), FewShotInducer()], ids=["inducer", "few_shot"])
def test_nothing_new_is_nothing(role: Role[tuple[str, ...]], text: str) -> None:
    assert role.parse(text) == ()


@pytest.mark.parametrize("text", ["**The user** rows.", "3.5 km a day is what the user rows."])
def test_what_only_looks_like_a_bullet_is_kept(text: str) -> None:
    assert Inducer().parse(text) == (text,)


@pytest.mark.parametrize(
    ("text", "items"), [("The user rows.\nMore.", ("The user rows.",)), ("nothing", ()), (" Nothing.", ()), ("\n", ())]
)
def test_the_few_shot_inducer_reads_the_first_line_alone(text: str, items: tuple[str, ...]) -> None:
    assert FewShotInducer().parse(text) == items


def test_the_few_shot_user_tells_the_plan_or_else_the_facts_in_their_order() -> None:
    notes = [plain(FewShotUser().messages(at(turn, "user")))[-1][1] for turn in (1, 2, 3)]
    assert notes == ["Note: I keep six hens.", "Note: I row.", "Note: I keep six hens."]
    assert plain(FewShotUser().messages(at(3, "user", transient=True)))[-1][1] == "Note: I whisper."


def test_the_few_shot_responder_sees_three_messages_and_two_known_things() -> None:
    prompt = plain(FewShotResponder("hinted").messages(at(4, "hinted", transient=True)))
    shots = len(FewShotResponder.shots["hinted"])
    assert [text for _, text in prompt[shots:-1]] == [SAID[2], REPLIES[2]]
    assert prompt[-1][1] == f"{SAID[3]} (Known: The user asks. The user is odd.)"


def test_the_informed_few_shot_responder_sees_what_is_nearest_to_the_last_message() -> None:
    facts = ("I row on the lake.", "My sister drives a bus.", "I keep six hens.", "I fix old clocks.")
    context = Context(
        (Message("user", "My hens are loud and my sister is late."),), Persona(id="p", facts=facts, traits=("x",))
    )
    prompt = plain(FewShotResponder("informed").messages(context))
    assert prompt[-1][1].endswith("(Known: My sister drives a bus. I keep six hens.)")


def test_a_role_is_called_by_its_class_unless_it_has_a_name() -> None:
    class Critic(Role[str]):
        def messages(self, context: Context) -> Sequence[LLMMessage]:
            return [UserMessage(content="Well?", source="test")]

        def parse(self, text: str) -> str:
            return text

    assert (Critic().name, UserAgent().name) == ("critic", "user")
