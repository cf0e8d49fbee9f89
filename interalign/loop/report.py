"""report: what a loop came to, in words and tables: on the terminal, in Markdown and as a page."""

from collections.abc import Iterator, Sequence
from html import escape

from interalign.evaluation.figures import Estimate
from interalign.loop.findings import Findings, Gain

__all__ = ["render_html", "render_markdown", "render_text"]

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, columns, rows."""


def sentences(found: Findings) -> list[str]:
    """The findings, the most important first."""
    by = " and ".join(found.labellers) or "nobody"
    where = f"{found.cases} held-out cases ({found.profiles} profiles) of {found.turns} turns"
    return [
        f"{found.last.model} minus {found.last.base}: {_figure(found.last.average)}{_chance(found.last)}.",
        found.verdict,
        f"Scored by {found.judge} on {where}; both models had the same cases, plans and seeds, and did not see the persona.",
        f"The training pairs ({', '.join(str(count) for count in found.pairs)}) were labelled by {by}.",
    ]


def tables(found: Findings) -> Iterator[Table]:
    """All tables that have rows."""
    rows = [
        (
            model.name,
            "control" if model.control else "model",
            _figure(model.score),
            _number(model.words, 1),
            _percent(model.copied),
        )
        for model in found.models
    ]
    yield "Models and controls", ("name", "kind", "score, 1 to 5", "words a reply", "copied from the user"), rows
    rows = [(f"{gain.model} - {gain.base}", _figure(gain.average), _p(gain)) for gain in (*found.gains, *found.against)]
    yield "Differences", ("difference", "mean [95 % interval]", "p"), rows
    rows = [
        (one.name, f"{one.seconds:,.0f} s", f"{one.processor:,.0f} s", f"{one.memory / 2**30:.2f} GiB")
        for one in found.stages
    ]
    time, processor = (sum(getattr(one, key) for one in found.stages) for key in ("seconds", "processor"))
    rows.append(("all", f"{time:,.0f} s", f"{processor:,.0f} s", ""))
    yield "Stages", ("stage", "time", "of all cores together", "memory of the process, at most"), rows


_LINKS = (
    ("The evaluation: every score, curves, the best and worst conversations", "evaluation/report.html"),
    ("The trees of the first round", "round-1/trees/report.html"),
)
_NOTE = (
    "Intervals are bootstrapped over profiles, since cases of one profile are not independent; p by flipping the signs of "
    "whole profiles, corrected for the number of comparisons. Copied: the share of neighbouring words that the user has just said."
)


def render_text(found: Findings) -> str:
    """For a terminal."""
    lines = [*sentences(found), *(f"! {caution}" for caution in found.cautions)]
    for title, columns, rows in tables(found):
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        lines += ["", title]
        lines += [_text_row(row, widths) for row in (columns, *rows)]
    return "\n".join(lines)


def _text_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def render_markdown(found: Findings) -> str:
    """For a repository."""
    lines = [f"# {_md(found.title)}", "", *(f"{_md(sentence)}\n" for sentence in sentences(found))]
    if found.cautions:
        lines += ["What speaks against it:", "", *(f"- {_md(caution)}" for caution in found.cautions), ""]
    for title, columns, rows in tables(found):
        lines += [
            f"## {title}",
            "",
            _md_row(columns),
            _md_row(["---"] * len(columns)),
            *(_md_row(row) for row in rows),
            "",
        ]
    lines += [_NOTE, "", *(f"- [{text}]({place})" for text, place in _LINKS)]
    return "\n".join(lines) + "\n"


def _md_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_md(cell) for cell in cells)} |"


def _md(text: str) -> str:
    """Names and warnings are somebody's text: no markup of theirs."""
    flat = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in flat)


def render_html(found: Findings) -> str:
    """A page in one file, without a request to anywhere."""
    first, verdict, *others = (escape(sentence) for sentence in sentences(found))
    said = [f"<p class=lead>{first}</p><p class=lead>{verdict}</p>", *(f"<p>{sentence}</p>" for sentence in others)]
    cautions = "".join(f"<li>{escape(caution)}</li>" for caution in found.cautions)
    parts = [*said, f"<h2>What speaks against it</h2><ul>{cautions}</ul>" if cautions else ""]
    for title, columns, rows in tables(found):
        head = "".join(f"<th scope=col>{escape(column)}</th>" for column in columns)
        body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
        parts.append(
            f"<h2>{title}</h2><div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
    links = "".join(f'<li><a href="{place}">{text}</a></li>' for text, place in _LINKS)
    parts.append(f"<p class=note>{escape(_NOTE)}</p><ul>{links}</ul>")
    head, _, tail = _PAGE.partition("BODY")
    return head.replace("TITLE", escape(f"{found.title} · full loop")) + "\n".join(parts) + tail


def _cells(row: Sequence[str]) -> str:
    first, *others = row
    return f"<th scope=row>{escape(first)}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in others)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>TITLE</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
.lead { font-size: 1.25rem; font-weight: 600; margin: .3rem 0 }
.note { opacity: .75; font-size: .9rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; font-weight: normal; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8884 }
thead th { font-size: .85rem; opacity: .75 }
</style></head><body><main>
<h1>TITLE</h1>
BODY
</main></body></html>
"""


def _figure(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"none ({estimate.note})"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f} (no interval: {estimate.note})"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _chance(gain: Gain) -> str:
    return "" if gain.p is None else f", p {_p(gain)}"


def _p(gain: Gain) -> str:
    if gain.p is None:
        return "-"
    return "< 0.001" if gain.p < 0.001 else f"= {gain.p:.3f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
