"""page: a card as one HTML file, with a picture of how long messages are and how facts come out."""

from collections.abc import Sequence
from html import escape

from interalign.evaluation.report.page import fill_page, grid_html
from interalign.evaluation.simulator.card import Card
from interalign.evaluation.simulator.portrait import Portrait
from interalign.evaluation.simulator.tables import card_grids, card_sentences

__all__ = ["render_card"]

_WIDTH, _HEIGHT, _FOOT = 460, 220, 34
_BINS = 20


def render_card(card: Card, title: str) -> str:
    """The whole page."""
    sides = [("simulated", card.simulated)] + ([("people", card.people)] if card.people is not None else [])
    parts = [
        *(f'<p class="quiet">{escape(line)}</p>' for line in card_sentences(card)),
        '<div class="charts">',
        f"<figure><figcaption>Words of a message</figcaption>{_lengths(sides)}{_legend([name for name, _ in sides])}</figure>",
    ]
    if card.simulated.disclosed:
        parts.append(
            f"<figure><figcaption>Facts disclosed by turn</figcaption>{_curve(card.simulated.disclosed)}</figure>"
        )
    parts += ["</div>", *(grid_html(grid) for grid in card_grids(card)), "<h2>Method</h2>", f"<p>{_METHOD}</p>"]
    return fill_page(title, "\n".join(parts))


_METHOD = (
    "Brackets are 95 % intervals from drawing conversations with replacement, those of one profile together. A Wasserstein or "
    "Jensen-Shannon distance is never below zero and grows with noise: read it beside what two random halves of the people are "
    "apart. Faults are found by rules that are English and rather miss a case; their shares are lower bounds."
)


def _lengths(sides: Sequence[tuple[str, Portrait]]) -> str:
    """Shares of messages by length, the sides beside each other."""
    top = max(max((place for place, count in enumerate(side.lengths) if count), default=0) for _, side in sides)
    wide = max(1, -(-(top + 1) // _BINS))
    bins = -(-(top + 1) // wide)
    shares = [_shares(side.lengths, wide, bins) for _, side in sides]
    most = max(max(one) for one in shares) or 1
    bar = (_WIDTH - 20) / bins / len(sides)
    body: list[str] = []
    for place, ((name, _), heights) in enumerate(zip(sides, shares, strict=True)):
        for number, share in enumerate(heights):
            tall = share / most * (_HEIGHT - _FOOT - 10)
            x = 10 + (number * len(sides) + place) * bar
            title = f"<title>{name}: {number * wide} to {number * wide + wide - 1} words, {share:.1%}</title>"
            size = f'x="{x:.1f}" y="{_HEIGHT - _FOOT - tall:.1f}" width="{max(bar - 1, 0.5):.1f}" height="{tall:.1f}"'
            body.append(f'<g class="s{place}"><rect {size}>{title}</rect></g>')
    for number in range(0, bins, max(1, bins // 6)):
        x = 10 + number * len(sides) * bar
        body.append(f'<text x="{x:.1f}" y="{_HEIGHT - _FOOT + 16}">{number * wide}</text>')
    return _svg(body, "Shares of messages by their number of words")


def _shares(lengths: Sequence[int], wide: int, bins: int) -> list[float]:
    total = sum(lengths) or 1
    return [sum(lengths[number * wide : (number + 1) * wide]) / total for number in range(bins)]


def _curve(shares: Sequence[float]) -> str:
    step = (_WIDTH - 60) / max(1, len(shares) - 1)
    points = [(40 + place * step, 10 + (1 - share) * (_HEIGHT - _FOOT - 10)) for place, share in enumerate(shares)]
    body = [
        f'<path class="grid" d="M40 {10 + (1 - level) * (_HEIGHT - _FOOT - 10):.1f}H{_WIDTH - 12}"/>'
        f'<text x="34" y="{14 + (1 - level) * (_HEIGHT - _FOOT - 10):.1f}" text-anchor="end">{level:.0%}</text>'
        for level in (0, 0.25, 0.5, 0.75, 1)
    ]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6"><title>turn {turn}: {share:.0%}</title></circle>'
        for turn, ((x, y), share) in enumerate(zip(points, shares, strict=True), 1)
    )
    body.append(f'<g class="s0"><path class="line" d="M{line}"/>{dots}</g>')
    every = max(1, len(points) // 10)
    for turn, (x, _) in list(enumerate(points, 1))[::every]:
        body.append(f'<text x="{x:.1f}" y="{_HEIGHT - _FOOT + 16}" text-anchor="middle">{turn}</text>')
    return _svg(body, f"Share of facts disclosed: {shares[0]:.0%} by turn 1, {shares[-1]:.0%} by turn {len(shares)}")


def _svg(body: Sequence[str], said: str) -> str:
    return f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">{"".join(body)}</svg>'


def _legend(names: Sequence[str]) -> str:
    keys = (
        f'<li><svg class="key s{place}" viewBox="0 0 32 16" aria-hidden="true"><rect x="8" y="2" width="14" height="12"/></svg>'
        f" {name}</li>"
        for place, name in enumerate(names)
    )
    return f'<ul class="legend">{"".join(keys)}</ul>'
