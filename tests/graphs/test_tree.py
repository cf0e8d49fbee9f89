"""Conversation trees: their invariants, what can be read off them, and that files give back what was saved."""

import copy
import json
from collections.abc import Callable
from typing import Any

import growing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents import Persona, Verdict, Vote
from interalign.errors import TreeError
from interalign.graphs import ConversationTree
from tests.conftest import HOSTILE


def planted(replies: int = 2) -> ConversationTree:
    """Two turns; the conversation goes on from the second reply of the first."""
    tree = ConversationTree("c1", growing.PERSONA, seed=5)
    tree.add(None, "user", "Hello.")
    for place in range(replies):
        tree.add("0", "assistant", f"Reply {place}.", place=place, agent=f"r{place}")
    tree.set_continued("0.1")
    tree.add("0.1", "user", "And you?")
    tree.add("0.1.0", "assistant", "Fine.")
    return tree


def said(outcome: Any, judge: str = "j") -> Verdict:
    return Verdict(judge=judge, outcome=outcome)


def test_ids_are_paths_of_child_numbers_whatever_the_order_of_arrival() -> None:
    tree = ConversationTree("c", growing.PERSONA)
    assert tree.root is None
    assert tree.add(None, "user", "Hello.") == tree.root == "0"
    assert [tree.add("0", "assistant", "x", place=place) for place in (10, 2, 0)] == ["0.10", "0.2", "0.0"]
    assert [node.id for node in tree] == ["0", "0.0", "0.2", "0.10"]
    assert tree.add("0.10", "user", "y") == "0.10.0"


def test_a_reply_has_the_turn_of_the_message_it_answers() -> None:
    assert {node.id: node.turn for node in planted()} == {"0": 1, "0.0": 1, "0.1": 1, "0.1.0": 2, "0.1.0.0": 2}


@pytest.mark.parametrize(
    ("parent", "role", "more", "says"),
    [
        ("7", "assistant", {}, "no message '7' to add to"),
        (None, "user", {}, "a message at '0' already"),
        ("0", "assistant", {"place": 1}, r"a message at '0\.1' already"),
        ("0", "user", {"place": 9}, "of the user cannot follow one of the user"),
        ("0.0", "assistant", {}, "of the assistant cannot follow one of the assistant"),
        ("0", "assistant", {"place": 2, "mood": 1}, r"no field 'mood'; use annotate\(\)"),
    ],
)
def test_adding_what_breaks_the_tree_is_refused_and_changes_nothing(
    parent: str | None, role: Any, more: dict[str, Any], says: str
) -> None:
    tree = planted()
    before = tree.to_json()
    with pytest.raises(TreeError, match=says):
        tree.add(parent, role, "text", **more)
    assert tree.to_json() == before


def test_a_tree_begins_with_the_user() -> None:
    with pytest.raises(TreeError, match="of the assistant cannot follow"):
        ConversationTree("c", growing.PERSONA).add(None, "assistant", "Hello.")


def test_a_third_role_is_refused() -> None:
    role: Any = "system"
    with pytest.raises(TreeError, match="system"):
        planted().add("0", role, "Be nice.", place=5)


@pytest.mark.parametrize("look", ["__getitem__", "parent", "children", "path", "history", "notes", "label"])
def test_looking_at_a_message_that_is_not_there_says_so(look: str) -> None:
    with pytest.raises(TreeError, match=r"conversation 'c1' has no message '0\.9'"):
        getattr(planted(), look)("0.9")


def test_path_and_history_lead_from_the_root_to_the_message() -> None:
    tree = planted()
    assert [node.id for node in tree.path("0.1.0")] == ["0", "0.1", "0.1.0"]
    assert tree.history("0.1.0") == (("user", "Hello."), ("assistant", "Reply 1."), ("user", "And you?"))
    assert (tree.parent("0.1.0"), tree.parent("0")) == ("0.1", None)


def test_siblings_are_the_replies_to_each_user_message() -> None:
    found = [(node.id, [reply.id for reply in replies]) for node, replies in planted().siblings()]
    assert found == [("0", ["0.0", "0.1"]), ("0.1.0", ["0.1.0.0"])]


def test_the_main_path_is_the_branch_that_was_continued() -> None:
    tree = planted()
    assert [node.id for node in tree.main_path()] == ["0", "0.1", "0.1.0"]
    assert ConversationTree("c", growing.PERSONA).main_path() == []


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        ("a", ("chosen", "rejected")),
        ("b", ("rejected", "chosen")),
        ("tie", ("tie", "tie")),
        ("unscored", ("unscored", "unscored")),
    ],
)
def test_two_candidates_are_labelled_by_their_verdict(outcome: str, labels: tuple[str, str]) -> None:
    tree = planted()
    assert tree.label("0.0") is None
    tree.add_verdict("0.0", "0.1", said(outcome))
    assert (tree.label("0.0"), tree.label("0.1")) == labels
    assert (tree.label("0"), tree.label("0.1.0.0")) == (None, None)


@pytest.mark.parametrize(
    ("outcomes", "labels"),
    [
        (("a", "a", "a"), ("chosen", "tie", "rejected")),
        (("a", "b", "a"), ("tie", "tie", "tie")),
        (("tie", "tie", "b"), ("tie", "rejected", "chosen")),
        (("a", "unscored", "unscored"), ("chosen", "rejected", "unscored")),
        (("tie", "unscored", "unscored"), ("tie", "tie", "unscored")),
    ],
)
def test_three_candidates_are_chosen_when_they_win_and_never_lose(
    outcomes: tuple[str, str, str], labels: tuple[str, str, str]
) -> None:
    tree = planted(replies=3)
    for (a, b), outcome in zip((("0.0", "0.1"), ("0.0", "0.2"), ("0.1", "0.2")), outcomes, strict=True):
        tree.add_verdict(a, b, said(outcome))
    assert tuple(tree.label(f"0.{place}") for place in range(3)) == labels


def test_decided_verdicts_make_pairs_and_ties_and_unscored_make_none() -> None:
    tree = planted(replies=4)
    for place, outcome in ((1, "b"), (2, "tie"), (3, "unscored")):
        tree.add_verdict("0.0", f"0.{place}", said(outcome))
    [pair] = tree.pairs()
    assert (pair.chosen.id, pair.rejected.id) == ("0.1", "0.0")
    assert pair.history == (("user", "Hello."),)


def test_pairs_and_labels_follow_the_judge_that_is_named() -> None:
    tree = planted()
    tree.add_verdict("0.0", "0.1", said("a", "one"))
    tree.add_verdict("0.0", "0.1", said("b", "other"))
    assert [pair.chosen.id for pair in tree.pairs()] == ["0.0"]
    assert [pair.chosen.id for pair in tree.pairs("other")] == ["0.1"]
    assert list(tree.pairs("nobody")) == []
    assert (tree.label("0.0", "other"), tree.label("0.0", "nobody")) == ("rejected", None)


def test_two_replies_judged_in_both_orders_make_one_pair() -> None:
    tree = planted()
    tree.add_verdict("0.0", "0.1", said("a", "one"))
    tree.add_verdict("0.1", "0.0", said("a", "other"))
    assert len(list(tree.pairs())) == 1


def test_a_verdict_is_found_mirrored_when_the_replies_are_named_the_other_way() -> None:
    tree = planted()
    vote = Vote(order="ab", outcome="a", raw="first")
    tree.add_verdict("0.0", "0.1", Verdict(judge="j", outcome="a", margin=1, votes=(vote,), scores=(0.5, 0.25)))
    mirrored = tree.verdict("0.1", "0.0")
    assert mirrored is not None
    assert (mirrored.outcome, mirrored.scores, mirrored.margin) == ("b", (0.25, 0.5), 1)
    assert mirrored.votes == (Vote(order="ba", outcome="b", raw="first"),)
    assert mirrored.mirrored() == tree.verdict("0.0", "0.1", "j")
    assert tree.verdict("0.1", "0.0", "nobody") is None


@pytest.mark.parametrize(("a", "b"), [("0.0", "0.0"), ("0.0", "0.1.0.0"), ("0", "0"), ("0", "0.1"), ("0.0", "0.9")])
def test_only_siblings_can_be_compared(a: str, b: str) -> None:
    tree = planted()
    with pytest.raises(TreeError):
        tree.add_verdict(a, b, said("a"))
    assert tree.verdicts == {}


def test_notes_of_ones_own_survive_the_file() -> None:
    tree = planted()
    tree.annotate("0.0", mood={"score": 1.5, "words": ["dry", HOSTILE]})
    tree.annotate("0.0", seen=True)
    again = ConversationTree.from_json(tree.to_json())
    assert again.notes("0.0") == {"mood": {"score": 1.5, "words": ["dry", HOSTILE]}, "seen": True}
    assert again.notes("0.1") == {}


def test_a_note_may_be_called_id() -> None:
    tree = planted()
    notes: Any = {"id": 3}
    tree.annotate("0.0", **notes)


def test_a_note_that_no_file_can_hold_is_refused_at_once() -> None:
    with pytest.raises(TreeError):
        planted().annotate("0.0", mood=object())


texts = st.text(max_size=30)
items = st.lists(texts.filter(str.strip), min_size=1, max_size=3).map(tuple)


@st.composite
def trees(draw: Any) -> ConversationTree:
    persona = Persona(id=draw(texts.filter(len)), facts=draw(items), traits=draw(items))
    tree = ConversationTree(draw(texts), persona, seed=draw(st.integers(0, 2**63)))
    frontier: str | None = None
    for _ in range(draw(st.integers(0, 3))):
        user = tree.add(frontier, "user", draw(texts), disclose=draw(st.none() | texts), tokens=draw(st.integers(0, 9)))
        tree.set_induced(user, draw(st.lists(texts, max_size=2).map(tuple)))
        replies = [tree.add(user, "assistant", draw(texts), place=place, agent=draw(texts)) for place in range(2)]
        for judge in draw(st.lists(texts, max_size=2)):
            votes = (Vote(order="ab", outcome="a", raw=draw(texts)),)
            outcome = draw(st.sampled_from(["a", "b", "tie", "unscored"]))
            tree.add_verdict(*replies, Verdict(judge=judge, outcome=outcome, reason=draw(texts), votes=votes))
        frontier = draw(st.sampled_from(replies))
        tree.set_continued(frontier)
        tree.annotate(frontier, note=draw(texts))
    return tree


@settings(deadline=None)
@given(trees())
def test_any_tree_comes_back_from_its_one_line_of_json(tree: ConversationTree) -> None:
    line = tree.to_json()
    again = ConversationTree.from_json(line.encode().decode())
    assert "\n" not in line
    assert list(again) == list(tree)
    assert (again.id, again.seed, again.persona) == (tree.id, tree.seed, tree.persona)
    assert again.verdicts == tree.verdicts
    assert again.to_json() == line


def test_attributes_of_ones_own_and_the_stop_survive_the_file() -> None:
    tree = ConversationTree("c", growing.PERSONA, stop="enough", batch={"day": 3})
    again = ConversationTree.from_json(tree.to_json())
    assert again.stop == "enough"
    assert again.graph.graph["batch"] == {"day": 3}
    assert again.to_json() == tree.to_json()


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    tree = planted()
    tree.add_verdict("0.0", "0.1", said("a"))
    data = copy.deepcopy(tree.to_dict())
    change(data)
    return json.loads(json.dumps(data))


def change(place: int, **values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["nodes"][place].update(values)


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a missing parent": (lambda data: data["edges"][0].update(source="0.7"), "no message"),
    "two parents": (lambda data: data["edges"].append({"source": "0.0", "target": "0.1"}), "no parent, or several"),
    "two parents for one and none for another": (
        lambda data: data["edges"][1].update(target="0.0"),
        "no parent, or sev",
    ),
    "an edge too few": (lambda data: data["edges"].pop(), "no parent, or several"),
    "a loop": (lambda data: data["edges"][0].update(source="0.0"), "no message '0.0' to add to"),
    "a message twice": (lambda data: data["nodes"].append(data["nodes"][1]), "no parent, or several"),
    "another turn": (change(2, turn=4), "message '0.1' does not fit its place"),
    "roles out of order": (change(1, role="user"), "of the user cannot follow one of the user"),
    "a third role": (change(4, role="system"), "not of 'system'"),
    "an assistant at the root": (change(0, role="assistant"), "of the assistant cannot follow"),
    "a text that is none": (change(0, text=None), "does not fit its place"),
    "an id in another form": (lambda data: [data["nodes"][4].update(id="x"), data["edges"][3].update(target="x")], "x"),
    "an id with a leading zero": (
        lambda data: [data["nodes"][1].update(id="0.00"), data["edges"][0].update(target="0.00")],
        "does not fit its place",
    ),
    "an id that is a number": (change(0, id=0), "not a conversation tree"),
    "an unknown field": (change(1, mood="glad"), "no field 'mood'"),
    "notes that are none": (change(1, notes=[1]), "not a conversation tree"),
    "another format": (lambda data: data["graph"].update(format=2), "another format than 1"),
    "no format": (lambda data: data["graph"].pop("format"), "format"),
    "no id": (lambda data: data["graph"].pop("id"), "id"),
    "no persona": (lambda data: data["graph"].pop("persona"), "persona"),
    "a wrong persona": (lambda data: data["graph"]["persona"].update(facts=[]), "at least 1 item"),
    "no nodes": (lambda data: data.pop("nodes"), "nodes"),
    "nodes that are no list": (lambda data: data.update(nodes=None), "not a conversation tree"),
    "edges without targets": (lambda data: data["edges"][0].pop("target"), "target"),
    "a verdict on strangers": (lambda data: data["graph"]["verdicts"][0].update(b="0.1.0.0"), "same message"),
    "a verdict on nobody": (lambda data: data["graph"]["verdicts"][0].update(b="0.9"), "no message '0.9'"),
    "a wrong verdict": (lambda data: data["graph"]["verdicts"][0]["by"][0].update(outcome="c"), "'a', 'b', 'tie'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_refused_in_a_sentence(fault: str) -> None:
    change, says = FAULTS[fault]
    with pytest.raises(TreeError) as caught:
        ConversationTree.from_dict(broken(change))
    assert says in str(caught.value)
    assert len(str(caught.value).split()) >= 5


@pytest.mark.parametrize("field", [{"continued": "no"}, {"tokens": "many"}, {"agent": 3}, {"induced": "hens"}])
def test_a_field_of_the_wrong_type_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(TreeError):
        ConversationTree.from_dict(broken(change(0, **field)))


def test_a_later_format_is_named_as_such_whatever_else_it_changed() -> None:
    with pytest.raises(TreeError, match="another format"):
        ConversationTree.from_dict(broken(lambda data: data["graph"].update(format=2, persona={"new": True})))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON at column 1"),
        ('{"graph": ', "not valid JSON"),
        ("{} {}", "not valid JSON at column 4: Extra data"),
        ("[]", "a JSON object is needed"),
        ("null", "a JSON object is needed"),
        ("{}", "not a conversation tree in node-link JSON"),
    ],
)
def test_a_line_that_is_no_tree_is_refused(text: str, says: str) -> None:
    with pytest.raises(TreeError, match=says):
        ConversationTree.from_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"graph": ' + "1" * 5000 + "}"], ids=["nested", "huge number"])
def test_json_beyond_the_parsers_limits_is_refused_too(text: str) -> None:
    with pytest.raises(TreeError):
        ConversationTree.from_json(text)


def test_a_tree_shows_what_it_holds() -> None:
    assert repr(planted()) == "<ConversationTree 'c1': 5 messages, 0 verdicts>"
    assert len(planted()) == 5
    assert "0.1.0" in planted()
    assert "0.9" not in planted()
