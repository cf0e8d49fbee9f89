"""Judges on the same trees: counts by hand, curves, runs, and the page."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Outcome, Persona, Verdict
from interalign.errors import ConfigError, MissingError
from interalign.evaluation.judging import (
    Comparison,
    agreement_lines,
    compare_judges,
    compare_run,
    comparison_page,
    comparison_sentences,
    judges_in,
    side_lines,
)
from interalign.graphs import ConversationTree
from interalign.sim import read_manifest, read_trees

PERSONA = Persona(id="p", facts=("I keep hens.",), traits=("I joke.",))


def grown(number: int, turns: list[dict[str, Outcome]], scores: tuple[float, float] | None = None) -> ConversationTree:
    """A conversation in which each judge says so much at each turn; the first reply is continued."""
    tree = ConversationTree(f"c{number}", PERSONA)
    above = None
    for turn, said in enumerate(turns, 1):
        user = tree.add(above, "user", f"user {turn}", place=0)
        a = tree.add(user, "assistant", f"plain {turn}", place=0, agent="plain", strategy="plain")
        b = tree.add(user, "assistant", f"hinted {turn}", place=1, agent="hinted", strategy="hinted")
        for judge, outcome in said.items():
            tree.add_verdict(a, b, Verdict(judge=judge, outcome=outcome, scores=scores if judge == "two" else None))
        if turn < len(turns):
            tree.set_continued(a)
        above = a
    return tree


SAID: list[dict[str, Outcome]] = [
    {"one": "a", "two": "a"},
    {"one": "a", "two": "b"},
    {"one": "b", "two": "b"},
    {"one": "b", "two": "tie"},
    {"one": "tie", "two": "a"},
    {"one": "unscored", "two": "a"},
    {"one": "b"},
]
TREES = [grown(number, SAID, (0.25, 0.75)) for number in range(8)]


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare_judges("run", TREES, ["one", "two"])


def test_outcomes_and_rows_are_counted(found: Comparison) -> None:
    one, two = found.judges
    assert one.outcomes == {"decided": 40, "tie": 8, "unscored": 8, "missing": 0}
    assert two.outcomes == {"decided": 40, "tie": 8, "unscored": 0, "missing": 8}
    assert [judge.rows for judge in found.judges] == [
        sum(len(list(tree.pairs(name))) for tree in TREES) for name in ("one", "two")
    ]


def test_agreement_leaves_out_what_one_of_them_did_not_score(found: Comparison) -> None:
    (pair,) = found.agreements
    assert (pair.kappa.count, pair.same.count, pair.flipped.count) == (40, 40, 24)
    assert pair.same.value == pytest.approx(2 / 5)
    assert pair.flipped.value == pytest.approx(1 / 3)
    assert found.alpha.value is not None


def test_the_effect_on_the_pairs_adds_up(found: Comparison) -> None:
    (pair,) = found.agreements
    assert (pair.rows_equal, pair.rows_swapped, pair.rows_first_only, pair.rows_second_only) == (16, 8, 16, 16)
    one, two = found.judges
    assert pair.rows_equal + pair.rows_swapped + pair.rows_first_only == one.rows
    assert pair.rows_equal + pair.rows_swapped + pair.rows_second_only == two.rows


def test_flips_have_their_texts(found: Comparison) -> None:
    assert len(found.flips) == 8
    flip = found.flips[0]
    assert (flip.conversation, flip.turn, flip.user, flip.outcomes) == ("c0", 2, "user 2", {"one": "a", "two": "b"})
    assert (flip.a.text, flip.b.agent, flip.persona) == ("plain 2", "hinted", PERSONA.items)


def test_a_tie_is_half_a_win_and_unscored_is_none(found: Comparison) -> None:
    one, two = found.judges
    assert [level.value for level in one.wins["hinted"].levels] == [0, 0, 1, 1, 0.5, None, 1]
    assert [level.value for level in two.wins["hinted"].levels] == [0, 1, 1, 0.5, 0, 0, None]
    assert found.shown == ("hinted",)
    assert found.agreements[0].win_gap["hinted"].value == pytest.approx((0 - 1 + 0 + 0.5 + 0.5) / 5)


def test_scores_of_verdicts_give_levels(found: Comparison) -> None:
    one, two = found.judges
    assert (one.levels, one.levels_note) == ({}, "its verdicts have no scores")
    assert {level.value for level in two.levels["hinted"].levels[:6]} == {0.75}
    assert two.levels["plain"].levels[0].value == 0.25


def test_scores_of_single_replies_come_first() -> None:
    ids = {reply.text: reply.id for _, replies in TREES[0].siblings() for reply in replies}
    scores = {(number, ids[f"hinted {turn}"]): float(turn) for number in range(8) for turn in range(1, 6)}
    two = compare_judges("run", TREES, ["one", "two"], {"two": scores}).judges[1]
    assert [level.value for level in two.levels["hinted"].levels[:5]] == [1, 2, 3, 4, 5]
    assert "plain" not in two.levels


def test_an_imported_tree_without_names_or_replies_is_no_fault() -> None:
    lonely = ConversationTree("lonely", PERSONA)
    lonely.add(None, "user", "Hello?")
    found = compare_judges("run", [*TREES, lonely, ConversationTree("empty", PERSONA)], ["one", "two"])
    assert found.conversations == 10
    assert found.comparisons == 56


@pytest.mark.parametrize("outcome", ["tie", "unscored"])
def test_judges_that_decide_nothing_have_reasons_for_figures(outcome: Outcome) -> None:
    trees = [grown(number, [{"one": outcome, "two": outcome}] * 2) for number in range(7)]
    found = compare_judges("run", trees, ["one", "two"])
    cells = [cell for line in (*side_lines(found), *agreement_lines(found)) for cell in line.cells]
    assert sum(cell.startswith("undefined: ") for cell in cells) >= 4
    assert not any("nan" in cell for cell in cells)
    assert "nan" not in comparison_page(found).replace("font-variant-numeric", "")


def test_three_judges_have_one_alpha() -> None:
    trees = [grown(number, [{**said, "three": "a"} for said in SAID]) for number in range(8)]
    found = compare_judges("run", trees, ["one", "two", "three"])
    assert len(found.agreements) == 3
    assert "alpha over all 3 judges" in list(comparison_sentences(found))[1]


@pytest.mark.parametrize("names", [["one"], [], ["one", "one"]])
def test_two_different_judges_are_needed(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="two or more different judges are needed"):
        compare_judges("run", TREES, names)


def test_a_judge_without_verdicts_is_refused() -> None:
    with pytest.raises(ConfigError, match="run has verdicts of 'one', 'two', none of 'three'"):
        compare_judges("run", TREES, ["one", "three"])


HOSTILE = "<script>alert(1)</script> $x^2$ ${y} {0} </details> \u202e \x00"


def test_the_page_escapes_what_came_from_outside() -> None:
    trees = []
    for number in range(2):
        tree = ConversationTree(f"{HOSTILE}{number}", Persona(id="p", facts=(HOSTILE,), traits=(HOSTILE,)))
        user = tree.add(None, "user", HOSTILE)
        a, b = (tree.add(user, "assistant", HOSTILE, place=n, agent=f"{n}{HOSTILE}") for n in range(2))
        tree.add_verdict(a, b, Verdict(judge=HOSTILE, outcome="a"))
        tree.add_verdict(a, b, Verdict(judge="two", outcome="b"))
        trees.append(tree)
    page = comparison_page(compare_judges(HOSTILE, trees, [HOSTILE, "two"]))
    assert "<script>" not in page
    assert page.count("</details>") == 2
    assert "\u202e" not in page
    assert "\x00" not in page


# -- runs ----------------------------------------------------------------------------------------


@pytest.fixture
def run(scripted_run: Path, tmp_path: Path) -> Path:
    """A copy of a run that an LLM judge has judged."""
    return Path(shutil.copytree(scripted_run, tmp_path / "run"))


def compared(run: Path, *names: str, **more: Any) -> Comparison:
    return asyncio.run(compare_run(run, names, **more))


def test_who_has_not_judged_the_run_is_asked_and_kept(run: Path) -> None:
    first = compared(run, "llm", "embedding")
    assert judges_in(list(read_trees(run))) == ["llm", "embedding"]
    before = (run / "trees.jsonl").stat().st_mtime_ns
    assert compared(run, "llm", "embedding") == first
    assert compared(run) == first
    assert (run / "trees.jsonl").stat().st_mtime_ns == before


def test_scores_are_asked_for_on_request_alone(run: Path) -> None:
    assert compared(run, "llm", "embedding").judges[0].levels == {}
    levels = compared(run, "llm", "embedding", with_scores=True).judges[0].levels
    assert set(levels) == {"plain", "hinted"}
    assert all(1 <= level.value <= 5 for level in levels["hinted"].levels if level.value is not None)


def test_a_judge_that_cannot_be_made_again_is_not_asked_for_scores(run: Path) -> None:
    compared(run, "llm", "embedding")
    manifest = read_manifest(run) or {}
    manifest["rejudged_by"]["embedding"]["margin"] = 0.5
    (run / "manifest.json").write_text(json.dumps(manifest))
    notes = [judge.levels_note for judge in compared(run, "llm", "embedding", with_scores=True).judges]
    assert notes == ["single replies scored, 1 to 5", "scores kept with its verdicts"]


@pytest.mark.parametrize(
    ("names", "overrides", "why"),
    [
        (["llm"], [], "two or more different judges are needed, not 'llm'"),
        ([], [], "two or more different judges are needed, not 'llm'"),
        (["embedding", "embedding"], [], "two or more different judges"),
        (["llm"], ["cast.judge.margin=1"], "changes nothing"),
        (["llm", "nonsense"], [], "nonsense"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anybody_is_asked(
    run: Path, names: list[str], overrides: list[str], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        compared(run, *names, overrides=overrides)
    assert judges_in(list(read_trees(run))) == ["llm"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no run folder"):
        compared(tmp_path, "llm", "embedding")
