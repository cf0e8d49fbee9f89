"""The dialogue machine: what a conversation holds, and that neither faults nor timing change it."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import growing
import pytest
from autogen_core.models import CreateResult, LLMMessage, UserMessage
from langgraph.graph.state import StateGraph
from langgraph.runtime import Runtime

from interalign.agents import Agent, Candidate, Context, EmbeddingJudge, Persona, Responder, Role
from interalign.errors import CallError, ConfigError, InteralignError
from interalign.graphs import ConversationTree, DialogueState, Full, Stage, compile_dialogue, dialogue_graph
from interalign.sim import ScriptedEngine
from tests.conftest import HOSTILE

CALLS = 24
"""Of a conversation of four turns: user, inducer, two replies and two judgements each."""


class Fixed:
    """A policy that goes on from one place all the time."""

    def __init__(self, place: int) -> None:
        self.place = place

    def continued(self, turn: int, candidates: int, draw: Random) -> tuple[int]:
        return (self.place,)

    def branches(self, turns: int, candidates: int) -> int:
        return turns


def with_node(work: Callable[[DialogueState, Runtime[Stage]], Any], after: str) -> Any:
    graph = dialogue_graph()
    graph.add_node("own", work)
    graph.add_edge(after, "own")
    return compile_dialogue(graph)


def user_messages(tree: ConversationTree) -> list[str]:
    return [node.id for node in tree if node.role == "user"]


def test_a_walk_has_two_candidates_a_turn_and_goes_on_from_one_of_them() -> None:
    *turns, (last, last_replies) = growing.grown().siblings()
    assert [user.turn for user, _ in (*turns, (last, last_replies))] == [1, 2, 3, 4]
    for _, replies in turns:
        assert [reply.agent for reply in replies] == ["plain", "hinted"]
        assert sum(reply.continued for reply in replies) == 1
    assert len(last_replies) == 2
    assert not any(reply.continued for reply in last_replies)


def test_every_turn_is_induced_and_judged() -> None:
    tree = growing.grown(growing.scripted(judge_accuracy=1.0))
    for user, replies in tree.siblings():
        assert user.induced
        assert [tree.label(reply.id) for reply in replies] == ["rejected", "chosen"]
    assert len(list(tree.pairs())) == 4


def test_a_conversation_costs_six_calls_a_turn() -> None:
    engine = growing.scripted()
    growing.grown(engine)
    assert engine.calls == CALLS


def test_a_hinted_reply_takes_up_what_was_said_this_turn_and_a_plain_one_does_not() -> None:
    for user, (plain, hinted) in growing.grown().siblings():
        assert user.induced is not None
        assert user.induced[-1] in hinted.text
        assert not any(item in plain.text for item in growing.PERSONA.items)


def test_no_responder_is_shown_the_persona_and_a_plain_one_no_hint() -> None:
    seen: list[Context] = []

    def script(context: Context) -> str:
        seen.append(context)
        return "I see."

    growing.grown(ScriptedEngine(scripts={"responder": script}))
    assert all(context.persona is None and context.disclose is None for context in seen)
    assert not any(context.inductions for context in seen)
    assert sorted(bool(context.known) for context in seen) == [False] * 4 + [True] * 4


def test_without_an_inducer_hinted_replies_get_no_hint() -> None:
    tree = growing.grown(cast=growing.cast(inducer=None))
    assert {node.induced for node in tree} == {None}
    assert not any(item in node.text for node in tree for item in growing.PERSONA.items if node.role == "assistant")


def test_without_a_judge_replies_stay_unjudged() -> None:
    tree = growing.grown(cast=growing.cast(judge=None))
    assert (len(tree), tree.verdicts) == (12, {})


def test_three_candidates_are_compared_two_by_two() -> None:
    responders = tuple(Candidate(name, Agent(Responder(), "m")) for name in ("x", "y", "z"))
    tree = growing.grown(cast=growing.cast(responders=responders, judge=EmbeddingJudge()), turns=2)
    assert [pair for pair in sorted(tree.verdicts) if pair[0].startswith("0.") and len(pair[0]) == 3] == [
        ("0.0", "0.1"),
        ("0.0", "0.2"),
        ("0.1", "0.2"),
    ]


def test_the_plan_decides_what_comes_up_at_each_turn() -> None:
    plan = (growing.PERSONA.traits[1], growing.PERSONA.facts[2])
    users = [user for user, _ in growing.grown(disclosure=plan).siblings()]
    assert [user.disclose for user in users] == [*plan, None, None]
    assert all(item in user.text for item, user in zip(plan, users, strict=False))


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_a_passing_fault_at_any_call_changes_nothing(number: int) -> None:
    engine = growing.scripted(fault_at=(number,))
    tree = growing.grown(engine)
    assert engine.calls == CALLS + 1
    assert tree.to_json() == growing.grown().to_json()


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_a_passing_fault_never_swaps_the_roles(number: int) -> None:
    tree = growing.grown(growing.scripted(fault_at=(number,)))
    for node in tree:
        assert [said.role for said in tree.path(node.id)] == ["user", "assistant"] * (node.turn - 1) + (
            ["user"] if node.role == "user" else ["user", "assistant"]
        )


@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_without_retries_a_fault_at_any_call_loses_the_conversation(number: int) -> None:
    with pytest.raises(CallError, match=r"the (user|inducer|responder|judge) \(m\) failed: the scripted engine"):
        growing.grown(growing.scripted(fault_at=(number,)), retries=0)


def test_a_lost_conversation_leaves_no_call_behind() -> None:
    async def lose() -> set[asyncio.Task[Any]]:
        caller = growing.CallPath({"m": growing.scripted(fault_at=(9,))}, growing.CallSettings(retries=0))
        with pytest.raises(CallError):
            await growing.grow(
                compile_dialogue(), id="c", persona=growing.PERSONA, cast=growing.cast(), caller=caller, turns=4
            )
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]  # inside a task

    assert asyncio.run(lose()) == set()


@pytest.mark.parametrize(
    ("policy", "turns", "users"),
    [(Full(2, 2), 4, 11), (Full(2, 0), 3, 3), (Full(1, 3), 4, 4), (Full(2, 9), 3, 7), (Full(), 5, 23)],
)
def test_a_full_tree_has_the_messages_that_its_policy_foretells(policy: Full, turns: int, users: int) -> None:
    tree = growing.grown(policy=policy, turns=turns)
    assert policy.branches(turns, 2) == len(user_messages(tree)) == users
    assert len(tree) == 3 * users
    assert len(tree.verdicts) == users


def test_each_branch_of_a_full_tree_has_a_history_and_hints_of_its_own() -> None:
    tree = growing.grown(policy=Full(2, 2), turns=3)
    for user in user_messages(tree):
        known = [item for node in tree.path(user) for item in node.induced or ()]
        assert known[-1] in tree.children(user)[1].text
        assert tree.history(user)[-1].text == tree[user].text


@pytest.mark.parametrize("policy", [None, Full(2, 2)])
def test_the_same_seed_gives_the_same_tree_whatever_the_latency(policy: Full | None) -> None:
    quick, slow = (growing.grown(growing.scripted(latency=latency), policy=policy, seed=3) for latency in (0, 0.001))
    assert quick.to_json() == slow.to_json()


def test_other_seeds_and_other_ids_give_other_trees() -> None:
    grown = [growing.grown(seed=seed, id=id) for seed, id in ((0, "c0"), (1, "c0"), (0, "c1"))]
    assert len({tuple(tree.history(user_messages(tree)[-1])) for tree in grown}) == 3


def test_conversations_side_by_side_do_not_disturb_each_other() -> None:
    async def both() -> list[ConversationTree]:
        dialogue, engine = compile_dialogue(), growing.scripted(latency=0.001)
        caller = growing.CallPath({"m": engine}, growing.CallSettings())
        options: dict[str, Any] = {"persona": growing.PERSONA, "cast": growing.cast(), "caller": caller, "turns": 4}
        return await asyncio.gather(*(growing.grow(dialogue, id=f"c{place}", **options) for place in range(5)))

    for tree in asyncio.run(both()):
        assert tree.to_json() == growing.grown(id=tree.id).to_json()


class Held(ScriptedEngine):
    """Lets inducers answer only when the user has spoken for the last time."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns
        self.released = asyncio.Event()

    async def create(self, messages: Any, **options: Any) -> CreateResult:
        role, context = options["extra_create_args"]["scene"]
        if role == "user" and context.turn == self.turns:
            self.released.set()
        if role == "inducer":
            await self.released.wait()
        return await super().create(messages, **options)


def test_a_plain_reply_that_is_continued_does_not_wait_for_the_inducer() -> None:
    async def play() -> ConversationTree:
        caller = growing.CallPath({"m": Held(turns=4)}, growing.CallSettings())
        options: dict[str, Any] = {"cast": growing.cast(), "caller": caller, "turns": 4, "policy": Fixed(0)}
        async with asyncio.timeout(10):
            return await growing.grow(compile_dialogue(), id="c0", persona=growing.PERSONA, **options)

    assert asyncio.run(play()).to_json() == growing.grown(policy=Fixed(0)).to_json()


class Critic(Role[str]):
    """A user's own role: says something about a reply."""

    def messages(self, context: Context) -> list[LLMMessage]:
        return [UserMessage(content=f"What of {context.history[-1].text}?", source="critic")]

    def parse(self, text: str) -> str:
        return text.strip()


async def criticise(state: DialogueState, runtime: Runtime[Stage]) -> None:
    stage = runtime.context
    for id in [id for user in state["users"] for id in stage.candidates(user)]:
        await stage.reply(id)
        context = Context(history=stage.tree.history(id))
        answer = await stage.caller.ask(Agent(Critic(), "m"), context, key=f"{stage.tree.id}/{id}/critic")
        stage.tree.annotate(id, criticism=answer.value)


@pytest.mark.parametrize("after", ["branch", "judge"])
def test_a_critic_of_the_users_own_annotates_every_reply(after: str) -> None:
    engine = ScriptedEngine(scripts={"critic": lambda context: f"Hm: {context.history[-1].text}"})
    tree = growing.grown(engine, with_node(criticise, after))
    replies = [reply for _, found in tree.siblings() for reply in found]
    assert len(replies) == 8
    assert all(tree.notes(reply.id) == {"criticism": f"Hm: {reply.text}"} for reply in replies)
    assert len(tree.verdicts) == 4


async def enough(state: DialogueState, runtime: Runtime[Stage]) -> dict[str, Any]:
    return {"stop": "enough said"} if state["turn"] == 2 else {}


@pytest.mark.parametrize("after", ["user", "plain", "hinted"])
def test_a_node_of_the_users_own_stops_the_conversation(after: str) -> None:
    tree = growing.grown(dialogue=with_node(enough, "branch"))
    assert tree.stop == "enough said"
    assert [user.turn for user, _ in tree.siblings()] == [1, 2]
    assert len(tree.verdicts) == 2
    assert ConversationTree.from_json(tree.to_json()).stop == "enough said"


def test_a_stop_set_when_the_replies_are_there_ends_this_very_turn() -> None:
    tree = growing.grown(dialogue=with_node(enough, "branch"))
    assert [user.turn for user, _ in tree.siblings()] == [1, 2]


def test_a_conversation_that_was_stopped_did_not_go_on_from_its_last_replies() -> None:
    tree = growing.grown(dialogue=with_node(enough, "user"))
    assert not any(node.continued for node in tree if node.role == "assistant" and node.turn == 2)
    assert tree.main_path()[-1].role == "user"


def test_a_conversation_that_was_played_to_its_end_was_not_stopped() -> None:
    assert growing.grown().stop is None


def in_a_row(count: int) -> "StateGraph[DialogueState, Stage, DialogueState, DialogueState]":
    """A graph with so many nodes of one's own between `user` and `plain`."""

    async def look(state: DialogueState, runtime: Runtime[Stage]) -> None:
        assert state["users"]

    graph = dialogue_graph()
    graph.edges.remove(("user", "plain"))
    names = ["user", *(f"own{place}" for place in range(count)), "plain"]
    for name in names[1:-1]:
        graph.add_node(name, look)
    for before, after in pairwise(names):
        graph.add_edge(before, after)
    return graph


def test_some_nodes_more_a_turn_are_no_matter() -> None:
    assert len(growing.grown(dialogue=compile_dialogue(in_a_row(2)), turns=30)) == 90


def test_many_nodes_more_a_turn_are_no_matter() -> None:
    assert len(growing.grown(dialogue=compile_dialogue(in_a_row(6)), turns=30)) == 90


def test_a_model_that_nobody_knows_is_an_error_of_the_config() -> None:
    cast = growing.cast(user=Agent(growing.UserAgent(), "ghost"))
    with pytest.raises(ConfigError, match="no model 'ghost' for the user; known are m"):
        growing.grown(cast=cast)


def test_an_error_raised_on_purpose_in_a_node_comes_out_as_it_is() -> None:
    async def fail(state: DialogueState, runtime: Runtime[Stage]) -> None:
        raise InteralignError("no more")

    with pytest.raises(InteralignError, match="no more"):
        growing.grown(dialogue=with_node(fail, "branch"))


def test_hostile_personas_are_talked_about_word_for_word() -> None:
    persona = Persona(id=HOSTILE, facts=(HOSTILE,), traits=("$profile {x}",))
    tree = growing.grown(persona=persona, turns=2, id=HOSTILE)
    assert {item for user, _ in tree.siblings() for item in user.induced or ()} == set(persona.items)
    assert ConversationTree.from_json(tree.to_json()).to_json() == tree.to_json()
