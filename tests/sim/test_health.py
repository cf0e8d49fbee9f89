"""The health of simulated users: each fault with messages that have it and messages that only look like it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import growing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interalign.agents import Message, Persona
from interalign.graphs import ConversationTree, Flip
from interalign.sim import Health, RunConfig, ScriptedEngine, assess, read_manifest, read_trees, run, simulate
from interalign.sim.disclosure import disclosed
from interalign.sim.health import FAULTS, faults_of

Make = Callable[..., RunConfig]
REPLY = "That sounds lovely, how many eggs do they lay?"


def faults(text: str, reply: str = REPLY) -> tuple[str, ...]:
    return faults_of([Message("user", "I keep hens."), Message("assistant", reply), Message("user", text)])


BAD = {
    "role_flips": [
        "How can I help you today?",
        "I'm here to help with anything you need.",
        "As an AI language model I have no hens.",
        "I am an AI assistant.",
        "I'd be happy to help you with that!",
        "Is there anything else I can do for you?",
        "Let me know if you have any questions.",
        "Thank you for sharing that with me.",
        "Here are some tips for keeping hens:",
        "I\u2019m happy to assist.",
    ],
    "echoes": [REPLY, f"Well, {REPLY.lower()}", "That sounds lovely, how many eggs do they really lay?"],
    "empty": ["...", "👍", " ", "?!"],
    "over_long": ["I row. " * 31],
    "third_person": [
        "The user keeps six hens.",
        "This persona would rather talk of bread.",
        "My character likes short answers.",
        "I row. The person likes short answers.",
        "User: I row.",
    ],
    "stage_directions": [
        "(smiles) I row.",
        "I row. [laughs out loud]",
        "I row. *sighs*",
        "<waves> Hi!",
        "(She nods slowly) Yes.",
    ],
}
FINE = [
    *(
        "I help my neighbour with her hens.",
        "Can you help me?",
        "How can I help my sister?",
        "I work as an assistant to a vet.",
    ),
    *(
        "I'm an assistant at the library.",
        "I am glad you asked.",
        "Is there anything on at the cinema?",
        "Let me know how it goes.",
    ),
    *("Rye bread!", "How many eggs?", "They lay four eggs, lovely ones, every day.", "No.", "1", "Yes 👍"),
    *("The person next door hates my hens.", "The personality of a hen is plain.", "She likes the users of her app."),
    *(
        "I row (most Sundays) with a friend.",
        "It was 2 * 3 * 4.",
        "I like [square] brackets.",
        "I smiled.",
        "i <3 hens",
    ),
]


@pytest.mark.parametrize(("fault", "text"), [(fault, text) for fault, texts in BAD.items() for text in texts])
def test_a_fault_is_found_and_taken_for_no_other(fault: str, text: str) -> None:
    assert faults(text) == (fault,)


@pytest.mark.parametrize("text", FINE)
def test_what_only_looks_like_a_fault_is_none(text: str) -> None:
    assert faults(text) == ()


def test_a_short_reply_may_be_taken_up() -> None:
    assert faults("Rye bread? Yes, rye bread!", reply="Rye bread?") == ()


@given(st.text(), st.text())
def test_any_text_can_be_looked_at(text: str, reply: str) -> None:
    assert set(faults(text, reply)) <= set(FAULTS)


def test_hostile_lengths_take_no_time() -> None:
    for text in ("(smile" * 20_000, "let me know if " * 10_000, "how can i " * 20_000, "[" * 100_000):
        assert "over_long" in faults(text) or text[0] in "(["


# -- disclosure ----------------------------------------------------------------------------------

TOLD = [
    ("I teach geography at a school in Porto.", "I teach geography, so yes, I know where that is."),
    ("My grandmother taught me to repair clocks.", "I fix old clocks, something my gran showed me."),
    ("I am restoring a wooden canoe in my cellar.", "The canoe in the cellar needs another coat of varnish."),
    ("My father was a lighthouse keeper.", "Dad kept a lighthouse when I was small."),
    ("I want advice only when I ask for it.", "Don't give me advice unless I ask, please."),
    ("I am afraid of escalators.", "I took the stairs, escalators frighten me."),
]
NOT_TOLD = [
    ("I teach geography at a school in Porto.", "My son hates school."),
    ("I am restoring a wooden canoe in my cellar.", "I have a wooden table."),
    ("My father was a lighthouse keeper.", "My father likes fishing."),
    ("I want advice only when I ask for it.", "Can I ask you something?"),
    ("I have two daughters who live in Canada.", "I would like to live by the sea."),
    ("I keep six hens behind the garage.", ""),
]


@pytest.mark.parametrize(("item", "message"), TOLD)
def test_a_fact_in_other_words_is_disclosed(item: str, message: str) -> None:
    assert disclosed([item], [message]) == [{0}]


@pytest.mark.parametrize(("item", "message"), NOT_TOLD)
def test_a_word_in_common_discloses_nothing(item: str, message: str) -> None:
    assert disclosed([item], [message]) == [set()]


def chat(*said: str, persona: Persona = growing.PERSONA, **more: Any) -> ConversationTree:
    tree = ConversationTree("c", persona, **more)
    above: str | None = None
    for text in said:
        user = tree.add(above, "user", text)
        above = tree.add(user, "assistant", "I see, and what else is going on?")
        tree.set_continued(above)
    return tree


def test_the_curve_is_the_share_of_facts_told_so_far_and_traits_do_not_count() -> None:
    persona = growing.PERSONA
    health = assess(chat(persona.facts[0], persona.traits[0], persona.facts[0], persona.facts[2]))
    assert health.curve == (0.3333, 0.3333, 0.3333, 0.6667)
    assert (health.conversations, health.messages) == (1, 4)


def test_everything_at_once_is_a_leak() -> None:
    persona = growing.PERSONA
    assert assess(chat(" ".join(persona.items))).leaks == 1
    assert assess(chat(" ".join(persona.items[:2]))).leaks == 0


def test_after_a_flip_the_traits_of_the_new_persona_are_what_leaks() -> None:
    other = Persona(
        id="q", facts=growing.PERSONA.facts, traits=tuple(f"I hum tune number {n} at dawn." for n in "abcdef")
    )
    message = " ".join(other.traits)
    assert assess(chat("I row.", message)).leaks == 0
    assert assess(chat("I row.", message, flip=Flip(2, other))).leaks == 1


def test_health_adds_up_whatever_the_lengths_and_comes_back_from_json() -> None:
    one, two = assess(chat("How can I help you?", growing.PERSONA.facts[0])), assess(chat("..."))
    both = one + two
    assert both == two + one
    assert (both.conversations, both.messages, both.role_flips, both.empty, both.reached) == (2, 3, 1, 1, (2, 1))
    assert both.curve == (0.0, 0.3333)
    assert both.rate("empty") == 1 / 3
    assert Health.from_dict(json.loads(json.dumps(both.to_dict()))) == both
    assert str(both) == "role flips 33.3%, empty 33.3% (of 3 user messages); facts told by turn 2: 33%"
    assert str(Health()) == "no faults found (of 0 user messages)"


def test_an_empty_tree_is_healthy() -> None:
    assert assess(ConversationTree("c", growing.PERSONA)) == Health(conversations=1)


# -- in a run ------------------------------------------------------------------------------------


def ill(context: Any) -> str:
    return "How can I help you?" if context.turn == 2 else "I keep six hens behind the garage."


def test_a_run_counts_and_a_resumed_run_counts_all_of_it(config: Make, tmp_path: Path) -> None:
    def play(conversations: int, out: str) -> Any:
        wanted = config(run={"conversations": conversations, "turns": 3})
        engine = ScriptedEngine(scripts={"user": ill})
        return run(lambda: simulate(wanted, tmp_path / out, clients={"script": engine}))

    summary = play(4, "whole")
    assert (summary.health.conversations, summary.health.messages, summary.health.role_flips) == (4, 12, 4)
    usage = json.loads((tmp_path / "whole/usage.json").read_text())
    manifest = read_manifest(tmp_path / "whole")
    assert manifest is not None
    assert usage["health"] == manifest["health"] == summary.health.to_dict()
    [tree, *_] = read_trees(tmp_path / "whole")
    users = [node.id for node in tree.main_path() if node.role == "user"]
    assert [tree.notes(id).get("faults") for id in users] == [None, ["role_flips"], None]
    assert assess(tree).to_dict() == tree.graph.graph["health"]


def test_the_health_of_what_was_finished_before_is_counted_after_a_stop(config: Make, tmp_path: Path) -> None:
    wanted = config(run={"conversations": 4, "turns": 3, "concurrency": 1})

    async def stopped() -> None:
        engine = ScriptedEngine(scripts={"user": ill})
        task = asyncio.ensure_future(simulate(wanted, tmp_path / "r", clients={"script": engine}))
        while not (tmp_path / "r/trees.jsonl").exists() or not (tmp_path / "r/trees.jsonl").stat().st_size:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(stopped())
    left = len((tmp_path / "r/trees.jsonl").read_bytes().splitlines())
    assert 0 < left < 4
    engine = ScriptedEngine(scripts={"user": ill})
    summary = run(lambda: simulate(wanted, tmp_path / "r", clients={"script": engine}))
    assert (summary.health.conversations, summary.health.role_flips) == (4, 4)
