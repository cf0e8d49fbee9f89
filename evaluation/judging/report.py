"""report: what a card's table shows, in one order, for the terminal and the page alike."""

from collections.abc import Iterator
from dataclasses import dataclass

from interalign.evaluation.judging.card import Card, JudgeColumn

__all__ = ["Line", "card_lines", "data_sentences"]


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
    for name, title in (("calls", "calls"), ("prompt_tokens", "prompt tokens"), ("completion_tokens", "written tokens")):
        cells = tuple(f"{getattr(judge.cost, name):,.0f}" for judge in card.judges)
        yield Line(title, "per 1,000 verdicts", cells)
    yield Line("money", "per 1,000 verdicts", tuple(f"{judge.cost.money:.4g}" for judge in card.judges))
    yield Line("seconds", "per 1,000 verdicts", tuple(judge.cost.seconds.text(",.3g") for judge in card.judges))


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
