"""The simulator card: what is counted, how far apart two sides are, and files of people that are no conversations."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents import Message
from interalign.errors import ConfigError, MissingError
from interalign.evaluation.simulator import (
    Card,
    Talk,
    card_grids,
    read_talks,
    render_card,
    simulator_card,
    talks_of,
)
from interalign.evaluation.simulator.distances import jensen_shannon, wasserstein
from interalign.evaluation.simulator.side import WINDOW, moving_ratio
from interalign.sim import read_trees

SAID = "I keep six hens behind the garage and they wake me up before the first tram every single day of the year."


def talk(cluster: str, *said: str) -> Talk:
    messages = [message for text in said for message in (Message("user", text), Message("assistant", "Tell me."))]
    return Talk(cluster, tuple(messages))


def talks(*said: str, count: int = 8) -> list[Talk]:
    return [talk(str(place), *said) for place in range(count)]


def test_lengths_questions_and_endings_are_counted() -> None:
    card = simulator_card(talks("One two three.", "Four five?", "Goodbye!")).simulated
    assert (card.conversations, card.clusters, card.messages) == (8, 8, 24)
    assert card.words.value == pytest.approx(2)
    assert (card.spread, card.lengths[:4]) == ((1, 2, 3), (0, 8, 8, 8))
    assert card.asking.value == pytest.approx(1 / 3)
    assert (card.turns.value, card.goodbye.value) == (3, 1)
    assert card.variety.note == "too few words"


def test_role_flips_are_found() -> None:
    card = simulator_card(talks("How can I help you today?", "I keep hens.")).simulated
    assert card.faults["role_flips"].value == 0.5


def test_a_card_of_a_run_shows_disclosure(scripted_run: Path) -> None:
    card = simulator_card(talks_of(read_trees(scripted_run))).simulated
    assert card.disclosed is not None
    assert len(card.disclosed) == 4
    assert list(card.disclosed) == sorted(card.disclosed)


def test_the_intervals_of_a_mixed_side_hold_its_values() -> None:
    mixed = [talk(str(place), *["word " * (1 + place % 5)] * 3) for place in range(30)]
    found = simulator_card(mixed).simulated.words
    assert found.value == pytest.approx(3)
    assert found.low is not None
    assert found.high is not None
    assert 1 < found.low < 3 < found.high < 5


def test_a_side_is_no_further_from_itself_than_its_halves_are() -> None:
    mixed = [talk(str(place), *[f"{SAID} " * (1 + place % 5)] * 3) for place in range(30)]
    card = simulator_card(mixed, mixed)
    assert [one.value.value for one in card.distances] == pytest.approx([0] * 7)
    assert card.distances[0].halves is not None
    assert card.distances[0].halves > 0


def test_two_sides_that_differ_are_apart_by_that_much() -> None:
    card = simulator_card(talks("one two three four"), talks("five six?"))
    found = {one.name: one.value.value for one in card.distances}
    assert found["length of messages"] == pytest.approx(2)
    assert found["choice of words"] == pytest.approx(1)
    assert found["messages with a question"] == pytest.approx(-1)
    assert found["length of conversations"] == 0


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
)
def test_distances_agree_with_scipy(one: list[int], other: list[int]) -> None:
    scipy = pytest.importorskip("scipy", reason="needs scipy, which the extra agreement brings")
    from scipy.spatial.distance import jensenshannon

    first, second = (np.bincount(values, minlength=10).astype(float) for values in (one, other))
    assert float(wasserstein(first, second)) == pytest.approx(scipy.stats.wasserstein_distance(one, other))
    theirs = np.nan_to_num(jensenshannon(first, second, base=2)) ** 2
    assert float(jensen_shannon(first, second)) == pytest.approx(theirs, abs=1e-7)


def test_variety_does_not_depend_on_length() -> None:
    words = [f"w{place % 80}" for place in range(400)]
    assert moving_ratio(words) == moving_ratio(words[:200]) == 1
    assert moving_ratio(["a"] * 90) == pytest.approx(1 / WINDOW)
    slow = [len(set(words[at : at + 60])) / 60 for at in range(341)]
    assert moving_ratio([*words[:60], *words[60:]], 60) == pytest.approx(np.mean(slow))
    assert np.isnan(moving_ratio(words[: WINDOW - 1]))


def lines(path: Path, *records: Any) -> Path:
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records), encoding="utf-8")
    return path


def messages(*pairs: Sequence[str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in pairs], "more": 1}


def test_conversations_of_people_are_read(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "people.jsonl",
        messages(("system", "x"), ("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d")),
        "",
        messages(("assistant", "nobody answers")),
        {"messages": [{"role": "tool", "content": None}, {"role": "user", "content": "e"}]},
    )
    found = read_talks(file)
    assert [[(one.role, one.text) for one in talk.messages] for talk in found] == [
        [("user", "a\nb"), ("assistant", "c"), ("user", "d")],
        [("user", "e")],
    ]
    assert [talk.cluster for talk in found] == ["line 1", "line 4"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("{", "people.jsonl, line 2: not valid JSON"),
        ([1], 'line 2: no list of "messages"'),
        ({"messages": "x"}, 'line 2: no list of "messages"'),
        ({"messages": ["x"]}, "a message needs a role and a content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "a message needs a role and a content"),
    ],
)
def test_a_line_that_is_no_conversation_is_refused(tmp_path: Path, record: Any, words: str) -> None:
    with pytest.raises(ConfigError, match="people") as error:
        read_talks(lines(tmp_path / "people.jsonl", messages(("user", "a")), record))
    assert words in str(error.value)


def test_a_file_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nobody speaks in it"):
        read_talks(lines(tmp_path / "people.jsonl", messages(("assistant", "a"))))
    with pytest.raises(MissingError, match="check the path"):
        read_talks(tmp_path / "absent.jsonl")


@pytest.mark.parametrize("said", ["", "?", "word " * 2000, "<script>alert(1)</script> {0} $x \x1b[31m 🦜"])
def test_any_text_makes_a_card(said: str) -> None:
    card = simulator_card(talks(said, said), talks(said))
    page = render_card(card, said)
    assert "<script" not in page
    assert "nan" not in card.model_dump_json().lower()
    assert Card.model_validate_json(card.model_dump_json()) == card
    assert len(list(card_grids(card))) == 2


def test_one_conversation_has_figures_and_no_interval() -> None:
    found = simulator_card(talks(SAID, count=1), talks(SAID, count=1))
    assert found.simulated.words.value == 22
    assert found.simulated.words.low is None
    assert found.distances[0].halves is None
