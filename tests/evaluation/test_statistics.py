"""All figures of an evaluation: right where there is something to compute, said to be undefined where there is not."""

import json
from typing import Any

import pytest
from measured import LINES, drawn, written

from interalign.evaluation import Results
from interalign.evaluation.figures import Figures
from interalign.evaluation.simulated import SimulatedModel, Simulation
from interalign.evaluation.statistics import compute_figures

UP = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [3.0, 4.0, 5.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [3.0, 4.0, 5.0]]


@pytest.fixture(scope="module")
def figures() -> Figures:
    """Of a drawn benchmark with all controls."""
    return compute_figures(drawn(), replicates=2000)


def few(results: Results) -> Figures:
    return compute_figures(results, replicates=200)


def test_a_known_line_is_recovered() -> None:
    found = few(written({"m": UP})).models[0].overall
    assert [level.value for level in found.levels] == pytest.approx([2, 3, 4])
    assert (found.average.value, found.rate.value, found.r2.value) == pytest.approx((3, 1, 1))
    assert (found.normalised_rate.value, found.normalised_r2.value) == pytest.approx((0.5, 1))


def test_a_simulated_slope_is_recovered(figures: Figures) -> None:
    model = SimulatedModel(name="base", start=3.0, slope=0.10)
    truth = Simulation(models=(model,)).truth(model)
    rate = figures.models[0].overall.rate
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low <= (truth[-1] - truth[0]) / 9 <= rate.high


def test_the_same_results_give_the_same_figures(figures: Figures) -> None:
    assert compute_figures(drawn(), replicates=2000) == figures


def test_differences_are_between_models_and_between_a_model_and_its_own_controls(figures: Figures) -> None:
    pairs = [(one.a, one.b, one.family) for one in figures.differences]
    assert pairs == [
        ("tuned", "base", "models"),
        *(("base", control, "controls") for control in ("base (oracle)", "base (swap)", "generic", "echo")),
        *(("tuned", control, "controls") for control in ("generic", "echo")),
    ]
    assert all(one.p is not None and one.p_holm is not None and one.p <= one.p_holm for one in figures.differences)


def test_normalised_alignment_is_between_generic_and_own_oracle(figures: Figures) -> None:
    (found,) = figures.alignment
    assert (found.model, found.generic, found.oracle) == ("base", "generic", "base (oracle)")
    averages = {model.name: model.overall.average.value for model in figures.models}
    base, generic, oracle = (averages[name] for name in ("base", "generic", "base (oracle)"))
    assert base is not None
    assert generic is not None
    assert oracle is not None
    assert found.value.value == pytest.approx((base - generic) / (oracle - generic))
    assert found.value.low is not None
    assert found.value.low < found.value.value


@pytest.mark.parametrize(
    ("oracle", "value", "note"),
    [
        ([[1.0, 1.0]] * 6, None, "the oracle is not above the generic control"),
        ([[2.0, 2.0]] * 6, None, "the oracle is not above the generic control"),
        ([[2.0, 2.0]] * 5 + [[5.0, 2.0]], 4.0, "the oracle is not clearly above the generic control"),
        ([[None, 3.0]] * 6, None, "a turn without a score of all three"),
    ],
)
def test_normalised_alignment_needs_an_oracle_above_the_generic_control(oracle: Any, value: Any, note: str) -> None:
    results = written({"m": [[3.0, 3.0]] * 6, "generic": [[2.0, 2.0]] * 6, "m (oracle)": oracle})
    found = few(results).alignment[0].value
    assert (found.value, found.low, found.note) == (pytest.approx(value) if value else None, None, note)


@pytest.mark.parametrize(
    ("control", "gap", "words"),
    [
        ("echo", 0.0, "echo beats m"),
        ("echo", -1.0, "echo beats m"),
        ("generic", -1.0, "generic beats m"),
        ("m (swap)", 0.0, "another case's persona does not lower the score"),
        ("m (oracle)", 0.0, "m is not below its oracle"),
    ],
)
def test_a_control_that_should_not_be_as_good_is_warned_of(control: str, gap: float, words: str) -> None:
    rows = [[3.0 + place % 2, 4.0] for place in range(8)]
    found = few(written({"m": rows, control: [[score - gap for score in row] for row in rows]}))
    assert len(found.warnings) == 1
    assert words in found.warnings[0]


@pytest.mark.parametrize("control", ["echo", "generic", "m (swap)", "m (oracle)"])
def test_a_control_that_may_be_as_good_is_warned_of_too(control: str) -> None:
    rows = [[3.0, 4.0, 3.0, 2.0] for _ in range(8)]
    lower = [[score - (1 if place % 2 else -0.9) for score in row] for place, row in enumerate(rows)]
    if control == "m (oracle)":
        lower = [[6 - score for score in row] for row in lower]
    (warning,) = few(written({"m": rows, control: lower})).warnings
    assert "clearly" in warning


def test_controls_that_behave_are_not_warned_of(figures: Figures) -> None:
    assert figures.warnings == ()


def test_a_flat_curve_has_no_fit() -> None:
    found = few(written({"m": [[3.0, 3.0]] * 7})).models[0].overall
    assert (found.rate.value, found.average.value, found.average.low) == (0, 3, None)
    assert {one.note for one in (found.r2, found.normalised_rate, found.normalised_r2)} == {"flat curve"}


def test_one_turn_has_no_rate() -> None:
    found = few(written({"m": [[3.0], [4.0]]})).models[0].overall
    assert found.average.value == 3.5
    assert {one.note for one in (found.rate, found.r2, found.normalised_rate)} == {"one turn"}


def test_one_case_has_figures_and_no_interval() -> None:
    found = few(written({"a": UP[:1], "b": [[1.0, 1.0, 4.0]]}))
    assert found.models[0].overall.average.note == "1 profile; an interval needs 6"
    assert (found.differences[0].p, found.differences[0].detectable) == (1, None)
    assert found.differences[0].effect.note == "fewer than two cases"


def test_a_turn_that_nobody_has_a_score_for_is_said() -> None:
    found = few(written({"m": [[3.0, None, 4.0]] * 6})).models[0]
    assert [level.value for level in found.overall.levels] == [3, None, 4]
    assert found.overall.average.note == found.overall.rate.note == found.overall.r2.note == "no value at turn 2"
    assert (found.missing, found.replies, found.overall.missing) == (6, 18, (0, 6, 0))


def test_where_everything_is_missing_everything_is_undefined() -> None:
    found = few(written({"m": [[None, None]] * 6, "generic": [[None, None]] * 6}))
    assert found.models[0].overall.average.value is None
    assert found.differences[0].p is None
    assert found.warnings == tuple(f"{name}: not one reply has a score" for name in ("m", "generic"))


def test_many_missing_scores_are_warned_of() -> None:
    rows = [[3.0, 4.0] for _ in range(9)]
    found = few(written({"m": [*rows, [None, 4.0]], "n": [*rows, [None, None]]}))
    assert found.warnings == ("n: 10% of the scores are missing; what failed may not be like what is left",)


def test_what_is_measured_at_some_turns_only_has_an_average_over_these() -> None:
    results = written({"m": UP})
    model = results.models[0].model_copy(update={"measures": {"profile_recall": [[None, 0.5, None]] * 6}})
    curve = few(results.model_copy(update={"models": (model,)})).models[0].measures["profile_recall"]
    assert curve.average.value == 0.5
    assert curve.rate.note == "no value at turn 1"


def test_four_thousand_cases() -> None:
    found = few(drawn(LINES, profiles=800, missing=0.02))
    assert found.method.cases == 4000
    assert found.differences[0].p is not None
    assert 0 < found.differences[0].p < 0.01


@pytest.mark.parametrize("table", [UP, [[3.0]], [[None]], [[None, 2.0], [1.0, None]], [[5.0, 5.0]] * 7])
def test_no_figure_is_ever_nan(table: Any) -> None:
    found = few(written({"m": table, "n": table[::-1], "generic": table, "m (oracle)": table, "echo": table}))
    json.dumps(found.model_dump(), allow_nan=False)
