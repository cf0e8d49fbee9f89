"""What each role is shown, flips of the persona, endings, and agents that nodes of one's own ask."""

import asyncio
from collections import defaultdict
from typing import Any

import growing
import pytest
from autogen_core.models import LLMMessage, UserMessage
from langgraph.runtime import Runtime
from pydantic import BaseModel

from interalign.agents import Agent, Answer, Candidate, Context, Message, Persona, Responder, Role
from interalign.errors import ConfigError, TreeError
from interalign.graphs import (
    Beam,
    BestFirst,
    ConversationTree,
    DialogueState,
    Ending,
    Flip,
    Full,
    Stage,
    compile_dialogue,
    dialogue_graph,
    grow,
    judging_context,
)
from interalign.sim import CallPath, ScriptedEngine

OTHER = Persona(id="p1>q", facts=growing.PERSONA.facts, traits=("I answer in riddles.", "I hate jokes."))


class Watching(CallPath):
    """Notes what each role was shown, by the last part of the call's key."""

    def __init__(self) -> None:
        super().__init__({"m": growing.scripted()})
        self.shown: defaultdict[str, list[Context]] = defaultdict(list)

    async def ask(self, agent: Agent[Any], context: Context, *, key: str) -> Answer[Any]:
        self.shown[key.split("/")[2]].append(context)
        return await super().ask(agent, context, key=key)


def responder(strategy: Any) -> Candidate:
    return Candidate(strategy, Agent(Responder(strategy), "m"), strategy)


FOUR = growing.cast(
    responders=(
        *(responder(strategy) for strategy in ("plain", "hinted", "informed")),
        Candidate("own", Agent(Responder("hinted"), "m"), "mirror"),
    )
)


def watched(**options: Any) -> tuple[ConversationTree, Watching]:
    caller = Watching()
    options = {"id": "c0", "persona": growing.PERSONA, "cast": FOUR, "turns": 4, **options}
    return asyncio.run(grow(compile_dialogue(), caller=caller, **options)), caller


# -- contexts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["plain", "own"])
def test_a_plain_responder_and_one_of_ones_own_are_shown_the_conversation_alone(who: str) -> None:
    _, caller = watched(disclosure=growing.PERSONA.items, flip=Flip(2, OTHER))
    assert len(caller.shown[who]) == 4
    for context in caller.shown[who]:
        assert context == Context(history=context.history, turn=context.turn, turns=4)


def test_a_hinted_responder_is_shown_what_was_induced_and_no_more() -> None:
    tree, caller = watched(disclosure=growing.PERSONA.items, flip=Flip(2, OTHER))
    known = [item for node in tree.main_path() for item in node.induced or ()]
    for context in caller.shown["hinted"]:
        assert (context.persona, context.disclose, context.inductions) == (None, None, ())
        assert list(context.known) == known[: context.turn]


def test_an_informed_responder_is_shown_the_persona_of_the_turn() -> None:
    _, caller = watched(flip=Flip(3, OTHER))
    shown = {context.turn: context for context in caller.shown["informed"]}
    assert [shown[turn].persona for turn in (1, 2, 3, 4)] == [growing.PERSONA, growing.PERSONA, OTHER, OTHER]
    assert all((context.known, context.disclose) == ((), None) for context in shown.values())


def test_an_informed_responders_prompt_lists_the_persona_and_a_plain_ones_nothing() -> None:
    context = Context(history=(Message("user", "Hi."),), persona=growing.PERSONA, known=("x",))
    informed = str(Responder("informed").messages(context)[-1].content)
    assert all(f"- {item}" in informed for item in growing.PERSONA.items)
    assert [message.content for message in Responder("plain").messages(context)][1:] == ["Hi."]


# -- flips ---------------------------------------------------------------------------------------


def test_from_the_flip_on_user_inducer_and_judge_go_by_the_new_persona() -> None:
    tree, caller = watched(flip=Flip(3, OTHER))
    for who in ("user", "inducer", "judge"):
        found = {context.turn: context.persona for context in caller.shown[who]}
        assert [found[turn] for turn in (1, 2, 3, 4)] == [growing.PERSONA, growing.PERSONA, OTHER, OTHER]
    for user, (a, b, *_) in tree.siblings():
        assert judging_context(tree, a.id, b.id, 4).persona == tree.persona_at(user.turn)


def test_a_flip_survives_the_file_and_a_tree_without_one_says_nothing_of_it() -> None:
    tree, _ = watched(flip=Flip(3, OTHER))
    again = ConversationTree.from_json(tree.to_json())
    assert (again.flip, again.to_json()) == (Flip(3, OTHER), tree.to_json())
    assert "flip" not in watched()[0].to_dict()["graph"]


@pytest.mark.parametrize("flip", [{"turn": 1}, {"turn": "3"}, {"turn": True}, {"persona": {}}, {"turn": None}])
def test_a_broken_flip_is_refused(flip: dict[str, Any]) -> None:
    data = watched(flip=Flip(3, OTHER))[0].to_dict()
    data["graph"]["flip"].update(flip)
    with pytest.raises(TreeError):
        ConversationTree.from_dict(data)


# -- endings -------------------------------------------------------------------------------------


def talking(*lines: str) -> ScriptedEngine:
    """A user who says these lines, one a turn, the last again and again."""
    return ScriptedEngine(scripts={"user": lambda context: lines[min(context.turn, len(lines)) - 1]})


@pytest.mark.parametrize(
    ("lines", "ending", "turns", "stop"),
    [
        (("I row.", "I must go now. Bye!", "x"), Ending(goodbye=True), 2, "goodbye"),
        (("I row.", "I must go now. Bye!", "x"), Ending(), 4, None),
        (("I row.", "ok", "I see.", "I bake."), Ending(stall=2), 3, "stall"),
        (("I row.",), Ending(stall=2), 3, "stall"),
        (("I row.", "ok", "I bake.", "ok"), Ending(stall=2), 4, None),
        (("I row.", "I bake.", "I sing.", "Goodbye!"), Ending(goodbye=True, stall=3), 4, None),
    ],
)
def test_a_conversation_ends_with_the_replies_to_what_ends_it(
    lines: tuple[str, ...], ending: Ending, turns: int, stop: str | None
) -> None:
    tree = growing.grown(talking(*lines), ending=ending)
    users = [node for node in tree if node.role == "user"]
    assert (len(users), tree.stop) == (turns, stop)
    assert all(len(tree.children(user.id)) == 2 for user in users)
    assert len(tree.verdicts) == turns
    assert not any(node.continued for node in tree.children(users[-1].id))


def test_a_branch_that_ends_leaves_the_others_going() -> None:
    def user(context: Context) -> str:
        return "Bye!" if context.turn == 2 and "hinted" in context.history[-1].text else growing.PERSONA.facts[0]

    engine = ScriptedEngine(scripts={"user": user, "responder": lambda c: "hinted" if c.known else "plain"})
    tree = growing.grown(engine, ending=Ending(goodbye=True), policy=Full(2, 4), turns=3)
    ended = [node.id for node in tree if node.text == "Bye!"]
    assert len(ended) == 1
    assert tree.stop is None
    assert all(not tree.children(reply.id) for reply in tree.children(ended[0]))
    assert sum(node.role == "user" and node.turn == 3 for node in tree) == 2


@pytest.mark.parametrize("policy", [Beam(2), BestFirst(5)])
def test_guided_policies_leave_branches_that_have_ended(policy: Any) -> None:
    tree = growing.grown(talking("I row.", "Bye!"), ending=Ending(goodbye=True), policy=policy, turns=4)
    assert tree.stop == "goodbye"
    assert max(node.turn for node in tree) == 2


def test_a_stall_of_a_negative_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="stall = -1"):
        Ending(stall=-1)


# -- nodes of one's own --------------------------------------------------------------------------


class Note(BaseModel):
    warm: bool
    why: str


class Critic(Role[Note]):
    output = Note

    def messages(self, context: Context) -> list[LLMMessage]:
        return [UserMessage(content=context.history[-1].text, source="critic")]


async def _criticise(stage: Stage, id: str) -> None:
    note = await stage.ask("critic", stage.context(await stage.reply(id)), id)
    stage.tree.annotate(id, why=note.value.why, turn=stage.context(id).turn)


async def critic(state: DialogueState, runtime: Runtime[Stage]) -> None:
    for user in state["users"]:
        for id in runtime.context.candidates(user):
            runtime.context.start(_criticise(runtime.context, id))


def criticised(**options: Any) -> ConversationTree:
    graph = dialogue_graph()
    graph.add_node("critic", critic)
    graph.add_edge("branch", "critic")
    cast = growing.cast(extras={"critic": Agent(Critic(), "m")})
    return growing.grown(dialogue=compile_dialogue(graph), **{"cast": cast, **options})


def test_a_critic_beside_the_conversation_annotates_every_reply() -> None:
    tree = criticised()
    assert [tree.notes(node.id).get("turn") for node in tree if node.role == "assistant"] == [
        node.turn for node in tree if node.role == "assistant"
    ]
    assert all("(critic, 1 messages)" in tree.notes(id)["why"] for id in ("0.0", "0.1"))


def test_the_notes_of_a_critic_do_not_depend_on_timing() -> None:
    slow = criticised(engine=growing.scripted(latency=0.003))
    assert slow.to_json() == criticised().to_json()


def test_an_extra_that_the_cast_does_not_have_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no extra 'critic' \(it has none\); add one as \[cast.extras.critic\]"):
        criticised(cast=growing.cast())
