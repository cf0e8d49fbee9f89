"""machine: the dialogue as a LangGraph state machine.

    user -> plain ----------> branch -> judge -> user ... -> settle
         -> induce -> hinted ->

`dialogue_graph()` returns the uncompiled StateGraph: add nodes and edges of your own before compiling it. The nodes
`plain`, `induce`, `hinted` and `judge` start calls and return at once; `branch` waits for the replies that are continued,
`settle` for everything that is still under way (see stage). A node of yours that needs all candidates of a turn awaits
`runtime.context.reply(id)` for each of `runtime.context.candidates(user)`. One that ends the conversation returns
`{"stop": "why"}` and is led to from `branch`: what follows `judge` runs beside the next user message. One that only looks on
starts its work with `runtime.context.start(...)` and holds up nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from interalign.agents import Caller, Cast, Persona
from interalign.errors import BudgetError, ConfigError, InteralignError
from interalign.graphs.ending import Ending
from interalign.graphs.node import Flip
from interalign.graphs.policies import Guided, Policy, Walk
from interalign.graphs.stage import Stage
from interalign.graphs.tree import ConversationTree

__all__ = ["Dialogue", "DialogueState", "compile_dialogue", "dialogue_graph", "grow"]


class DialogueState(TypedDict):
    """What the nodes of the machine pass on. The tree itself grows in the runtime context."""

    turn: int
    """How many rounds have been played: turns, but for a best-first policy, whose rounds play one branch each."""
    users: tuple[str, ...]
    """The user messages of the turn at hand; several where a policy continues several branches."""
    frontier: tuple[str | None, ...]
    """The replies that the next user messages answer; (None,) at the start."""
    stop: str | None
    """Why the conversation ends before its last turn; a node of yours may set it."""


Dialogue = CompiledStateGraph[DialogueState, Stage, DialogueState, DialogueState]


async def _user(state: DialogueState, runtime: Runtime[Stage]) -> dict[str, Any]:
    if state["stop"]:  # set beside the edge that led here: nobody speaks any more, and the turn comes to nothing
        return {"users": ()}
    spoken = await asyncio.gather(*(runtime.context.speak(parent) for parent in state["frontier"]))
    return {"users": tuple(spoken), "turn": state["turn"] + 1}


async def _plain(state: DialogueState, runtime: Runtime[Stage]) -> None:
    for user in state["users"]:
        runtime.context.start_replies(user, hinted=False)


async def _induce(state: DialogueState, runtime: Runtime[Stage]) -> None:
    for user in state["users"]:
        runtime.context.start_induction(user)


async def _hinted(state: DialogueState, runtime: Runtime[Stage]) -> None:
    for user in state["users"]:
        runtime.context.start_replies(user, hinted=True)


async def _branch(state: DialogueState, runtime: Runtime[Stage]) -> dict[str, Any]:
    reasons = {user: runtime.context.ended(user) for user in state["users"]}
    frontier = tuple(await runtime.context.follow([user for user, reason in reasons.items() if reason is None]))
    over = [reason for reason in reasons.values() if reason is not None]
    if over and not frontier and state["turn"] < runtime.context.rounds:
        return {"frontier": (), "stop": over[0]}
    return {"frontier": frontier}


async def _judge(state: DialogueState, runtime: Runtime[Stage]) -> None:
    for user in state["users"]:
        runtime.context.start_judging(user)


async def _settle(state: DialogueState, runtime: Runtime[Stage]) -> None:
    await runtime.context.settle()


async def _next(state: DialogueState, runtime: Runtime[Stage]) -> Literal["user", "settle"]:
    over = state["stop"] or not state["frontier"] or state["turn"] >= runtime.context.rounds
    return "settle" if over else "user"


def dialogue_graph() -> "StateGraph[DialogueState, Stage, DialogueState, DialogueState]":
    """The dialogue machine, not yet compiled: nodes user, plain, induce, hinted, branch, judge, settle."""
    graph: StateGraph[DialogueState, Stage, DialogueState, DialogueState] = StateGraph(
        DialogueState, context_schema=Stage
    )
    graph.add_node("user", _user)
    graph.add_node("plain", _plain)
    graph.add_node("induce", _induce)
    graph.add_node("hinted", _hinted)
    graph.add_node("branch", _branch)
    graph.add_node("judge", _judge)
    graph.add_node("settle", _settle)
    graph.add_edge(START, "user")
    graph.add_edge("user", "plain")
    graph.add_edge("user", "induce")
    graph.add_edge("induce", "hinted")
    graph.add_edge(["plain", "hinted"], "branch")
    graph.add_edge("branch", "judge")
    graph.add_conditional_edges("judge", _next)
    graph.add_edge("settle", END)
    return graph


def compile_dialogue(graph: "StateGraph[DialogueState, Stage, DialogueState, DialogueState] | None" = None) -> Dialogue:
    """Compile the machine once; it then plays any number of conversations at the same time."""
    return (graph or dialogue_graph()).compile()


async def grow(
    dialogue: Dialogue,
    *,
    id: str,
    persona: Persona,
    cast: Cast,
    caller: Caller,
    turns: int,
    seed: int = 0,
    policy: Policy | Guided | None = None,
    disclosure: tuple[str, ...] = (),
    ending: Ending | None = None,
    flip: Flip | None = None,
    watch: Callable[[ConversationTree], None] | None = None,
) -> ConversationTree:
    """Play one conversation and return its tree, with all candidates and verdicts in place.

    `watch` gets the tree before it grows. When the budget runs out on the way, the tree has what there is, and `tree.stop`
    is "budget".

    Raises:
        ConfigError: the policy is led by verdicts, and the cast has no judge.
        InteralignError: a call failed for good; the conversation is lost, its sibling calls are cancelled.
    """
    if isinstance(policy, Guided) and (cast.judge is None or len(cast.responders) < 2):
        raise ConfigError(
            f"{type(policy).__name__} is led by verdicts: the cast needs a judge and two responders at least"
        )
    tree = ConversationTree(id, persona, seed=seed, **({} if flip is None else {"flip": flip}))
    if watch is not None:
        watch(tree)
    start: DialogueState = {"turn": 0, "users": (), "frontier": (None,), "stop": None}
    try:
        async with asyncio.TaskGroup() as tasks:
            stage = Stage(tree, cast, policy or Walk(), caller, turns, tasks, disclosure, ending or Ending())
            config: Any = {"recursion_limit": 25 + (len(dialogue.nodes) + 1) * stage.rounds}
            state = await dialogue.ainvoke(start, config, context=stage)
    except BaseExceptionGroup as group:
        error = _first(group)
        if not isinstance(error, BudgetError):
            raise error from None
        tree.graph.graph["stop"] = "budget"
    else:
        if state["stop"]:
            tree.graph.graph["stop"] = state["stop"]
    return tree


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to report: one raised on purpose before any other."""
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat.append(_first(error) if isinstance(error, BaseExceptionGroup) else error)
    return next((error for error in flat if isinstance(error, InteralignError)), flat[0])
