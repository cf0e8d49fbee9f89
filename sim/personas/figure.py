"""figure: a pool as one picture: where its members lie, and how similar each is to its nearest. Text of an SVG file, or PNG.

The places are the first two principal components of the embeddings: near in the picture is not always near in the space, far in
the picture is far.
"""

import re
from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from interalign.errors import MissingError
from interalign.sim.personas.check import Group, Report

__all__ = ["COLOURS", "render_png", "render_svg", "safe"]

COLOURS = ("#2557a0", "#c2570c", "#17653a", "#8a3f8f", "#8a6d00", "#a12f26", "#2a7f8e", "#565d67")
_INK, _SOFT, _LINE = "#1c1f24", "#565d67", "#dcd8ce"
_MOST_POINTS = 4000
_BINS = 40
_WIDTH, _HEIGHT = 940, 400
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_svg(report: Report) -> str:
    """The profiles, and below them the personalities."""
    height = _HEIGHT * len(report.groups)
    body = (
        f'<g transform="translate(0 {place * _HEIGHT})">{"".join(_group(group, report.threshold))}</g>'
        for place, group in enumerate(report.groups)
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
            'role="img" font-family="Helvetica, Arial, DejaVu Sans, sans-serif">',
            "<title>The pool: where its members lie, and how similar each is to its nearest</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            *body,
            "</svg>\n",
        ]
    )


def render_png(report: Report) -> bytes:
    """The same, two pixels to a point.

    Raises:
        MissingError: the extra `plot` is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingError(
            "a PNG needs the extra 'plot'; pip install 'interalign[plot]', or write a page with --html"
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=render_svg(report), zoom=2.0))


def _group(group: Group, threshold: float) -> Iterator[str]:
    name = {"profile": "Profiles", "personality": "Personalities"}[group.kind]
    yield f'<text x="24" y="34" font-size="16" font-weight="bold" fill="{_INK}">{name}</text>'
    left = 170
    for part, colour in zip(group.parts, _colours(group), strict=True):
        label = safe(f"{part.name} ({len(part.people)})", 40)
        yield f'<circle cx="{left}" cy="29" r="5" fill="{colour}"/>'
        yield f'<text x="{left + 11}" y="33" font-size="12" fill="{_SOFT}">{label}</text>'
        left += 36 + 7 * min(40, len(part.name) + 8)
    yield from _map(group)
    yield from _histogram(group, threshold)


def _colours(group: Group) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(len(group.parts))]


def _map(group: Group) -> Iterator[str]:
    """A dot for each member, or for an even choice of them."""
    x, y, width, height = 24, 52, 420, 312
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="#faf9f6" stroke="{_LINE}"/>'
    places_N2 = _plane(np.concatenate([part.vectors for part in group.parts]))
    step = -(-len(places_N2) // _MOST_POINTS)
    start = 0
    for part, colour in zip(group.parts, _colours(group), strict=True):
        for place in range(0, len(part.people), step):
            px, py = places_N2[start + place]
            at = f'cx="{x + 12 + px * (width - 24):.1f}" cy="{y + 12 + py * (height - 24):.1f}"'
            title = f"<title>{safe(part.people[place].id, 80)}</title>"
            yield f'<circle {at} r="3.4" fill="{colour}" fill-opacity="0.72">{title}</circle>'
        start += len(part.people)
    shown = "" if step == 1 else f"; one of {step} is shown"
    yield f'<text x="{x}" y="{y + height + 20}" font-size="11" fill="{_SOFT}">two main directions of the embeddings{shown}</text>'


def _plane(vectors_ND: NDArray[np.float32]) -> NDArray[np.float64]:
    """The first two principal components, scaled into the unit square."""
    wide_ND = vectors_ND.astype(np.float64) - vectors_ND.mean(axis=0)
    _, axes_DD = np.linalg.eigh(wide_ND.T @ wide_ND)
    places_N2 = wide_ND @ axes_DD[:, -2:][:, ::-1]
    low, high = places_N2.min(axis=0), places_N2.max(axis=0)
    return (places_N2 - low) / np.where(high > low, high - low, 1)


def _histogram(group: Group, threshold: float) -> Iterator[str]:
    """How many members have their nearest at which similarity, the parts on top of each other."""
    x, y, width, height = 500, 52, 416, 312
    edges = np.linspace(min(0.0, threshold), 1.0, _BINS + 1)
    counts_PB = np.array([np.histogram(np.clip(part.nearest, edges[0], 1), edges)[0] for part in group.parts])
    most = max(1, counts_PB.sum(axis=0).max())
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="#faf9f6" stroke="{_LINE}"/>'
    bar = (width - 24) / _BINS
    floors = np.zeros(_BINS)
    for counts, colour in zip(counts_PB, _colours(group), strict=True):
        tall = counts / most * (height - 50)
        for place in np.flatnonzero(counts):
            top = y + height - 26 - floors[place] - tall[place]
            size = f'width="{bar - 1:.1f}" height="{tall[place]:.1f}"'
            yield f'<rect x="{x + 12 + place * bar:.1f}" y="{top:.1f}" {size} fill="{colour}"/>'
        floors += tall
    yield from _axis(x + 12, y + height - 26, width - 24, edges[0], threshold, height - 50)
    text = f"similarity to the nearest other one; highest bar {most}"
    yield f'<text x="{x}" y="{y + height + 20}" font-size="11" fill="{_SOFT}">{text}</text>'


def _axis(x: float, y: float, width: float, low: float, threshold: float, height: float) -> Iterator[str]:
    yield f'<path d="M{x} {y}h{width}" stroke="{_SOFT}"/>'
    for value in np.arange(np.ceil(low * 5) / 5, 1.01, 0.2):
        at = x + (value - low) / (1 - low) * width
        yield f'<text x="{at:.1f}" y="{y + 15}" font-size="11" text-anchor="middle" fill="{_SOFT}">{abs(value):.1f}</text>'
    at = x + (threshold - low) / (1 - low) * width
    yield f'<path d="M{at:.1f} {y}v-{height}" stroke="#a12f26" stroke-width="1.5" stroke-dasharray="5 3"/>'
    anchor, shift = ("end", -5) if threshold > 0.8 else ("start", 5)
    place = f'x="{at + shift:.1f}" y="{y - height + 4:.1f}" text-anchor="{anchor}"'
    yield f'<text {place} font-size="11" fill="#a12f26">{threshold:g}: the filter</text>'


def safe(text: str, room: int) -> str:
    """Text for XML and HTML: cut to `room` characters, without what XML cannot hold or what turns the direction of text."""
    short = text if len(text) <= room else f"{text[: room - 1]}…"
    return escape(_ILLEGAL.sub("\ufffd", short))
