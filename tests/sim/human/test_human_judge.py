"""People as judges: what is asked, written down, taken back, resumed, and what several annotators come to."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from judging import ABOUT, CONTEXT, GENERIC, caller_of

from interalign.agents import Context, Message, Verdict
from interalign.errors import ConfigError, RunFolderError
from interalign.sim.human import HumanJudge
from interalign.sim.human.answers import Answer, AnswerFile, comparison_id
from interalign.sim.human.desk import Desk

Show = Callable[[Desk], Awaitable[None]]


def asked(turn: int) -> Context:
    """A comparison of its own for each turn."""
    return Context(history=(Message("user", f"Message {turn}."),), persona=CONTEXT.persona)


def judged(path: Path, show: Show, turns: Sequence[int] = (0, 1, 2), annotator: str = "anna") -> list[Verdict]:
    async def run() -> list[Verdict]:
        judge = HumanJudge(annotator, path, show=show)
        compare = judge.compare
        return await asyncio.gather(
            *(compare(asked(turn), ABOUT, GENERIC, caller_of(), key=f"k{turn}") for turn in turns)
        )

    return asyncio.run(run())


def saying(*choices: Any, seen: list[Any] | None = None) -> Show:
    """An annotator who gives these answers ("about" or "generic" for the reply meant), and then stops."""

    async def show(desk: Desk) -> None:
        for choice in choices:
            sheet = desk.current
            if choice == "undo":
                desk.undo()
            elif sheet is not None:
                if seen is not None:
                    seen.append((desk.done, desk.total, sheet))
                shown = {"about": ABOUT, "generic": GENERIC}
                desk.answer("first" if sheet.first == shown.get(choice) else "second" if choice in shown else choice)

    return show


async def never(desk: Desk) -> None:
    pytest.fail("nothing was to be asked")


def test_the_answers_are_verdicts_with_the_annotators_name(tmp_path: Path) -> None:
    found = judged(tmp_path / "a.jsonl", saying("about", "generic", "tie"))
    assert [verdict.outcome for verdict in found] == ["a", "b", "tie"]
    assert [verdict.votes[0].judge for verdict in found] == ["anna"] * 3
    assert found[0].margin == 1.0


def test_everything_is_on_the_desk_from_the_beginning(tmp_path: Path) -> None:
    seen: list[Any] = []
    judged(tmp_path / "a.jsonl", saying("tie", "tie", "tie", seen=seen))
    assert [(done, total) for done, total, _ in seen] == [(0, 3), (1, 3), (2, 3)]


def test_the_order_is_drawn_by_comparison_and_annotator(tmp_path: Path) -> None:
    orders: dict[str, list[bool]] = {}
    for annotator in ("anna", "bob", "anna"):
        seen: list[Any] = []
        path = tmp_path / f"{len(orders)}{annotator}.jsonl"
        judged(path, saying(*["tie"] * 20, seen=seen), range(20), annotator)
        drawn = [sheet.first == ABOUT for _, _, sheet in seen]
        assert orders.setdefault(annotator, drawn) == drawn
        assert 3 < sum(drawn) < 17
    assert orders["anna"] != orders["bob"]


def test_nothing_tells_who_wrote_a_reply(tmp_path: Path) -> None:
    seen: list[Any] = []
    judged(tmp_path / "a.jsonl", saying("tie", seen=seen), [0])
    sheet = seen[0][2]
    assert {sheet.first, sheet.second} == {ABOUT, GENERIC}
    assert not any(word in repr(sheet) for word in ("hinted", "plain", "model"))


def test_what_is_answered_is_on_disk_at_once_and_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    async def dies(desk: Desk) -> None:
        desk.answer("tie")
        assert len(path.read_text().splitlines()) == 1
        raise RuntimeError("the lamp went out")

    with pytest.raises(RuntimeError, match="the lamp"):
        judged(path, dies)
    seen: list[Any] = []
    found = judged(path, saying("about", "about", seen=seen))
    assert [(done, total) for done, total, _ in seen] == [(1, 3), (2, 3)]
    assert [verdict.outcome for verdict in found] == ["tie", "a", "a"]
    assert [verdict.outcome for verdict in judged(path, never)] == ["tie", "a", "a"]


def test_who_stops_early_leaves_the_rest_unscored(tmp_path: Path) -> None:
    found = judged(tmp_path / "a.jsonl", saying("about"))
    assert [verdict.outcome for verdict in found] == ["a", "unscored", "unscored"]
    assert found[1].reason == "nobody has judged it yet"


def test_answers_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    found = judged(path, saying("about", "about", "undo", "undo", "generic", "tie", "tie"))
    assert [verdict.outcome for verdict in found] == ["b", "tie", "tie"]
    assert [json.loads(line)["choice"] for line in path.read_text().splitlines()].count(None) == 2
    assert [verdict.outcome for verdict in judged(path, never)] == ["b", "tie", "tie"]


def test_an_answer_taken_back_and_not_given_again_is_none(tmp_path: Path) -> None:
    assert judged(tmp_path / "a.jsonl", saying("about", "undo"))[0].outcome == "unscored"


def test_several_annotators_vote(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    judged(path, saying("about", "about", "about"), annotator="anna")
    assert [verdict.outcome for verdict in judged(path, saying("about", "generic", "tie"), annotator="bob")] == [
        "a",
        "tie",
        "tie",
    ]
    found = judged(path, saying("generic", "about", "about"), annotator="chen")
    assert [(verdict.outcome, round(verdict.margin, 2)) for verdict in found] == [("a", 0.33), ("a", 0.33), ("a", 0.67)]
    assert [vote.judge for vote in found[0].votes] == ["anna", "bob", "chen"]


def test_a_pair_of_two_trees_is_asked_once(tmp_path: Path) -> None:
    assert [verdict.outcome for verdict in judged(tmp_path / "a.jsonl", saying("about"), [7, 7, 7])] == ["a"] * 3


def test_a_comparison_has_one_id_whichever_reply_is_called_a() -> None:
    assert comparison_id(CONTEXT, "x", "y") == comparison_id(CONTEXT, "y", "x")
    assert comparison_id(CONTEXT, "x", "y") != comparison_id(asked(1), "x", "y")


def test_hostile_texts_are_kept_as_they_can_be(tmp_path: Path) -> None:
    async def run() -> Verdict:
        judge = HumanJudge("</s> \n{0}", tmp_path / "a.jsonl", show=saying("first"))
        return await judge.compare(CONTEXT, "half a pair \ud800", 'line\nbreak "\x00', caller_of(), key="k")

    assert asyncio.run(run()).decided
    (answer,) = (Answer.model_validate_json(line) for line in (tmp_path / "a.jsonl").read_text().splitlines())
    assert {answer.first, answer.second} == {"half a pair ?", 'line\nbreak "\x00'}


# -- the file ------------------------------------------------------------------------------------


def test_an_unfinished_last_line_is_dropped_and_a_line_without_its_end_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    judged(path, saying("about", "about"))
    whole = path.read_bytes()
    for broken in (whole + whole[:40], whole[:-1]):
        path.write_bytes(broken)
        assert [verdict.outcome for verdict in judged(path, saying("tie"))] == ["a", "a", "tie"]
        assert len([Answer.model_validate_json(line) for line in path.read_text().splitlines()]) == 3


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"comparison": 1}\n')
    with pytest.raises(ConfigError, match=r"a\.jsonl, line 1 is no answer of an annotator; mend or delete it"):
        AnswerFile(path)


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="cannot be read"):
        AnswerFile(tmp_path)
    with pytest.raises(RunFolderError, match=r"/dev/full/a\.jsonl cannot be written"):
        judged(Path("/dev/full/a.jsonl"), saying("about"))
