"""report: what the tables show, in one order, for the terminal and the pages alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from interalign.evaluation.figures import Curve, Estimate
from interalign.evaluation.judging.card import Card, JudgeColumn
from interalign.evaluation.judging.comparison import Comparison, JudgeSide
from interalign.evaluation.judging.estimates import Counted

__all__ = ["Line", "agreement_lines", "card_lines", "comparison_sentences", "data_sentences", "side_lines"]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: what it is, what is said of it, and a cell for each judge."""

    title: str
    hint: str
    cells: tuple[str, ...]


_SHARES = (
    ("accuracy", "accuracy on decided rows", "rows that judge and label both decide"),
    ("accuracy_with_ties", "accuracy, ties included", "a tie is right where the label is a tie"),
    ("kappa", "kappa with the label", "Cohen's, over a, b and tie"),
    ("kappa_annotators", "kappa with annotators", "mean over the annotators"),
    ("order_changes", "position bias", "share of verdicts that change with the order"),
    ("first_chosen", "names the first shown", "of decided single answers; 50 % is fair"),
    ("length_excess", "length bias", "how much more often than the labels the longer reply is chosen"),
    ("length_odds", "odds for twice the length", "the label being equal; 1 is fair"),
    ("consistency", "self-consistency", "same verdict again when asked again"),
    ("unscored", "unscored", "answers that name no reply"),
)
_FORMS = {"kappa": ".2f", "kappa_annotators": ".2f", "length_excess": "+.0%", "length_odds": ".2f"}


def card_lines(card: Card) -> Iterator[Line]:
    """All figures of a card."""
    yield Line("decided / tie / unscored", "rows", tuple(_outcomes(judge) for judge in card.judges))
    for name, title, hint in _SHARES:
        if name == "kappa_annotators" and not card.data.annotators:
            continue
        form = _FORMS.get(name, ".0%")
        yield Line(title, hint, tuple(getattr(judge, name).text(form) for judge in card.judges))
    for name, title in (
        ("calls", "calls"),
        ("prompt_tokens", "prompt tokens"),
        ("completion_tokens", "written tokens"),
    ):
        cells = tuple(f"{getattr(judge.cost, name):,.0f}" for judge in card.judges)
        yield Line(title, "per 1,000 verdicts", cells)
    yield Line("money", "per 1,000 verdicts", tuple(f"{judge.cost.money:.4g}" for judge in card.judges))
    yield Line("seconds", "per 1,000 verdicts", tuple(_seconds(judge) for judge in card.judges))


def _seconds(judge: JudgeColumn) -> str:
    seconds = judge.cost.seconds
    return seconds.text(",.0f" if (seconds.value or 0) >= 100 else ".3g")


def _outcomes(judge: JudgeColumn) -> str:
    return " / ".join(str(judge.outcomes[kind]) for kind in ("decided", "tie", "unscored"))


def data_sentences(card: Card) -> Iterator[str]:
    """What the judges are held to."""
    data = card.data
    labels = ", ".join(f"{count} {label}" for label, count in data.labels.items())
    yield f"{data.rows} rows (labels: {labels})"
    if data.without_persona:
        yield f"{data.without_persona} rows have no persona: there judges are asked for a user of whom nothing is known"
    if data.annotators > 1:
        yield (
            f"{data.annotators} annotators agree with each other at a mean kappa of {data.human_kappa.text()} "
            f"(alpha {data.human_alpha.text()}): the ceiling for a judge's kappa with annotators"
        )
    elif data.annotators:
        yield "one annotator: there is no human-human agreement to compare with"


def comparison_sentences(found: Comparison) -> Iterator[str]:
    """What was compared, and the agreement over all judges."""
    yield (
        f"{found.comparisons} comparisons in {found.conversations} conversations; a tie is an outcome beside a and b, "
        "unscored and missing ones are left out of every agreement"
    )
    if len(found.judges) > 2:
        yield f"Krippendorff's alpha over all {len(found.judges)} judges: {found.alpha.text()}"


def side_lines(found: Comparison) -> Iterator[Line]:
    """The figures of each judge."""
    kinds = ("decided", "tie", "unscored", "missing")
    outcomes = (" / ".join(str(judge.outcomes[kind]) for kind in kinds) for judge in found.judges)
    yield Line("decided / tie / unscored / missing", "comparisons", tuple(outcomes))
    yield Line("rows", "preference pairs", tuple(str(judge.rows) for judge in found.judges))
    cells = tuple(judge.order_changes.text(".0%") for judge in found.judges)
    yield Line("position bias", "share of verdicts that change with the order", cells)
    for who in found.shown:
        yield _curve_line(found, who, f"{who} wins", "share of its comparisons, a tie is half a win", _win)
        yield _curve_line(found, who, f"{who} wins, gain a turn", "slope over the turns", _win_rate)
    for who in found.responders if any(judge.levels for judge in found.judges) else ():
        yield _curve_line(found, who, f"AL of {who}", "mean score, in the judge's own unit", _level)
        yield _curve_line(found, who, f"N-IR of {who}", "slope of the curve scaled to 0 to 1", _shape)


def agreement_lines(found: Comparison) -> Iterator[Line]:
    """The figures of each two judges."""
    pairs = found.agreements
    yield Line("Cohen's kappa", "over a, b and tie", tuple(pair.kappa.text() for pair in pairs))
    if len(found.judges) == 2:
        yield Line("Krippendorff's alpha", "nominal", (found.alpha.text(),))
    yield Line("same outcome", "of what both scored", tuple(pair.same.text(".0%") for pair in pairs))
    yield Line("flipped", "of what both decided", tuple(pair.flipped.text(".0%") for pair in pairs))
    rows = (
        " / ".join(str(n) for n in (pair.rows_equal, pair.rows_swapped, pair.rows_first_only, pair.rows_second_only))
        for pair in pairs
    )
    yield Line("rows equal / swapped / first only / second only", "preference pairs", tuple(rows))
    for who in found.shown:
        cells = tuple(_text(pair.win_gap[who], "+.0%") for pair in pairs)
        yield Line(f"{who} wins, first minus second", "share of its comparisons", cells)


def _curve_line(found: Comparison, who: str, title: str, hint: str, cell: Callable[[JudgeSide, str], str]) -> Line:
    return Line(title, hint, tuple(cell(judge, who) for judge in found.judges))


def _win(judge: JudgeSide, who: str) -> str:
    return _text(judge.wins[who].average, ".0%") if who in judge.wins else "undefined: nothing was scored"


def _win_rate(judge: JudgeSide, who: str) -> str:
    return _text(judge.wins[who].rate, "+.1%") if who in judge.wins else "undefined: nothing was scored"


def _level(judge: JudgeSide, who: str) -> str:
    return _of_levels(judge, who, lambda curve: _text(curve.average, ".3g"))


def _shape(judge: JudgeSide, who: str) -> str:
    return _of_levels(judge, who, lambda curve: _text(curve.normalised_rate, "+.3f"))


def _of_levels(judge: JudgeSide, who: str, cell: Callable[[Curve], str]) -> str:
    return cell(judge.levels[who]) if who in judge.levels else f"undefined: {judge.levels_note}"


def _text(estimate: Estimate, form: str) -> str:
    return Counted(**estimate.model_dump()).text(form)
