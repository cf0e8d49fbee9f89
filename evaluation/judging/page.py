"""page: a report as one HTML file without any request to anywhere. Whatever comes from data or models is escaped."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

from interalign.evaluation.judging.card import Card
from interalign.evaluation.judging.comparison import Comparison, Flip
from interalign.evaluation.judging.figures import card_figure, comparison_figure, image
from interalign.evaluation.judging.readers import Judgement
from interalign.evaluation.judging.report import (
    Line,
    agreement_lines,
    card_lines,
    comparison_sentences,
    data_sentences,
    side_lines,
)

__all__ = ["card_page", "comparison_page", "safe"]

_ROOM = 2000
_MOST_ROWS = 200
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(text: str, room: int = _ROOM) -> str:
    """Text for HTML: escaped, cut to `room` characters, without what turns the direction of text or is no character."""
    short = text if len(text) <= room else f"{text[: room - 1]}…"
    return escape(_ILLEGAL.sub("\ufffd", short))


def _page(title: str, sentences: Iterable[str], figure: str, sections: Iterable[str]) -> str:
    """The whole file. `title` and `sentences` are text; `figure` and `sections` are HTML."""
    template = Template(files("interalign.evaluation.judging").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=safe(title, 200),
        sentences="\n".join(f"<p>{safe(sentence)}</p>" for sentence in sentences),
        figure=figure,
        sections="\n".join(sections),
    )


def _table(heads: Sequence[str], lines: Iterable[Line]) -> Iterator[str]:
    """A table of texts."""
    yield f'<div class="scroll"><table><tr><th></th>{"".join(f"<th>{safe(head, 80)}</th>" for head in heads)}</tr>'
    for line in lines:
        cells = "".join(_cell(cell) for cell in line.cells)
        yield f"<tr><th>{safe(line.title, 120)}<small>{safe(line.hint)}</small></th>{cells}</tr>"
    yield "</table></div>"


def _cell(text: str) -> str:
    kind = ' class="undefined"' if text.startswith("undefined") else ""
    return f"<td{kind}>{safe(text, 300)}</td>"


def card_page(card: Card, rows: Sequence[Judgement]) -> str:
    """The card's table, its picture, and the rows at which a judge and the label differ."""
    names = [judge.name for judge in card.judges]
    figure = image(card_figure(card), "Accuracy, kappa and position bias of each judge, with intervals")
    sections = [*_table(names, card_lines(card)), *_differences(card, rows)]
    return _page(f"Judges on {card.data.name}", data_sentences(card), figure, sections)


def _differences(card: Card, rows: Sequence[Judgement]) -> Iterator[str]:
    wrong = [
        (row, answer["judges"])
        for row, answer in zip(rows, card.answers, strict=True)
        if row.label is not None and any(outcome != row.label for outcome in answer["judges"].values())
    ]
    yield f"<h2>Rows at which a judge says something else than the label: {len(wrong)} of {len(rows)}</h2>"
    if len(wrong) > _MOST_ROWS:
        yield f"<p>The first {_MOST_ROWS} are shown; card.json has all.</p>"
    for row, outcomes in wrong[:_MOST_ROWS]:
        yield from _row(row, outcomes)


def _row(row: Judgement, outcomes: Mapping[str, str]) -> Iterator[str]:
    said = " · ".join(f"{safe(name, 80)}: <b>{outcome}</b>" for name, outcome in outcomes.items())
    yield f"<details><summary>{safe(row.id, 120)} — label: <b>{row.label}</b> · {said}</summary>"
    yield from _exchange(
        row.persona.items if row.persona else (), row.history[-1].text, {"a": row.a, "b": row.b}, row.label
    )
    if row.why:
        yield f"<p><small>why</small> {safe(row.why)}</p>"
    yield "</details>"


def _exchange(items: Sequence[str], user: str, replies: Mapping[str, str], better: str | None) -> Iterator[str]:
    """A persona, what they said last, and the replies side by side."""
    if items:
        yield f"<p><small>persona</small> {safe(' '.join(items))}</p>"
    yield f"<p><small>user</small> {safe(user)}</p>"
    yield '<div class="sides">'
    for name, text in replies.items():
        mark = ' class="better"' if name == better else ""
        yield f"<blockquote{mark}><small>{safe(name, 80)}</small>{safe(text)}</blockquote>"
    yield "</div>"


def comparison_page(found: Comparison) -> str:
    """The tables of judges and of pairs of judges, the curves, and the flips with their texts."""
    figure = image(
        comparison_figure(found), "Share of wins by turn for each judge, and the shape of the alignment levels"
    )
    sections = [
        "<h2>Each judge</h2>",
        *_table([judge.name for judge in found.judges], side_lines(found)),
        "<h2>Each two judges</h2>",
        *_table([f"{pair.first} · {pair.second}" for pair in found.agreements], agreement_lines(found)),
        f"<h2>Flips: {len(found.flips)} comparisons that two judges decide differently</h2>",
        f"<p>The first {_MOST_ROWS} are shown; comparison.json has all.</p>" if len(found.flips) > _MOST_ROWS else "",
        *(line for flip in found.flips[:_MOST_ROWS] for line in _flip(flip)),
    ]
    return _page(f"Judges of {found.run}", comparison_sentences(found), figure, sections)


def _flip(flip: Flip) -> Iterator[str]:
    said = " · ".join(f"{safe(name, 80)}: <b>{safe(outcome)}</b>" for name, outcome in flip.outcomes.items())
    yield f"<details><summary>{safe(flip.conversation, 80)}, turn {flip.turn} — {said}</summary>"
    sides = {f"{name} ({side.agent})": side.text for name, side in (("a", flip.a), ("b", flip.b))}
    yield from _exchange(flip.persona, flip.user, sides, None)
    yield "</details>"
