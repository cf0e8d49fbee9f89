"""Several evaluations in one table: paired where that has a meaning."""

from pathlib import Path
from typing import Any

import pytest
from measured import drawn

from interalign.evaluation import Results
from interalign.evaluation.merging import compare_results, labels_of, why_unpaired

ONE = drawn({"base": (3.0, 0.1), "generic": (2.5, 0.0), "base (oracle)": (4.0, 0.1)})
PROVENANCE: dict[str, Any] = {
    "judge": {"name": "j", "digest": "1"},
    "user": {"model": "big", "prompt": "u"},
    "models": {"big": {"engine": "scripted"}},
    "disclosure": "planned",
    "seed": 0,
}


def said(results: Results, **more: Any) -> Results:
    return results.model_copy(update={"provenance": {**PROVENANCE, **more}})


def test_equal_names_are_told_apart_and_compared_in_pairs() -> None:
    named = {"x": ONE, "y": drawn({"base": (3.4, 0.1), "generic": (2.5, 0.0)}, seed=1)}
    found = compare_results(named)
    assert [model.name for model in found.models] == ["x: base", "y: base"]
    assert [(one.a, one.b) for one in found.differences] == [("y: base", "x: base")]
    assert [one.model for one in found.alignment] == ["x: base"]
    assert why_unpaired(named) == []


def test_different_names_stay_as_they_are() -> None:
    found = compare_results({"x": ONE, "y": drawn({"tuned": (3.4, 0.1)})})
    assert [model.name for model in found.models] == ["base", "tuned"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (drawn({"base": (3.0, 0.1)}, profiles=10), "the cases differ, 50 ids are shared (x: 100 cases, y: 50 cases)"),
        (drawn({"base": (3.0, 0.1)}, turns=5), "the number of turns differs (x: 10, y: 5)"),
        (ONE.model_copy(update={"judge": "other"}), "the judge differs (x: simulated, y: other)"),
    ],
)
def test_other_cases_turns_or_judges_are_not_subtracted(other: Results, words: str) -> None:
    named = {"x": ONE, "y": other}
    assert words in why_unpaired(named)
    found = compare_results(named)
    assert [model.name for model in found.models] == ["x: base", "y: base"]
    assert found.differences == ()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"judge": {"name": "j", "digest": "2"}}, "the judge of this name differs"),
        ({"user": {"model": "big", "prompt": "other"}}, "the simulated user differs"),
        ({"models": {"big": {"engine": "embedded"}}}, "the simulated user differs"),
        ({"disclosure": "free"}, "how the user discloses differs (x: planned, y: free)"),
    ],
)
def test_provenance_says_when_scores_mean_something_else(more: dict[str, Any], words: str) -> None:
    (reason,) = why_unpaired({"x": said(ONE), "y": said(ONE, **more)})
    assert reason.startswith(words)


def test_another_seed_or_another_name_for_the_users_model_is_no_obstacle() -> None:
    renamed = {"user": {"model": "user", "prompt": "u"}, "models": {"user": {"engine": "scripted"}}}
    assert why_unpaired({"x": said(ONE), "y": said(ONE, seed=1, **renamed)}) == []


def test_labels_are_as_short_as_they_can_be(tmp_path: Path) -> None:
    paths = [tmp_path / way for way in ("a/one", "b/one", "b/two")]
    for path in paths:
        path.mkdir(parents=True)
    assert labels_of([paths[0], paths[2]]) == ["one", "two"]
    assert labels_of(paths[:2]) == ["a/one", "b/one"]
    assert labels_of([paths[0] / "results.json", paths[2]]) == ["one", "two"]
    assert len(set(labels_of([paths[0], paths[0]]))) == 2
