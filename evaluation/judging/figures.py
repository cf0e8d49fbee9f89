"""figures: the pictures on the pages, drawn by matplotlib as SVG. Names are plain text to it, never formulas."""

import io
import warnings
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from interalign.evaluation.figures import Curve
from interalign.evaluation.judging.card import Card
from interalign.evaluation.judging.comparison import Comparison
from interalign.evaluation.judging.estimates import Counted
from interalign.evaluation.metrics import normalised

__all__ = ["card_figure", "comparison_figure", "image", "plain"]

_COLOURS = ("#2557a0", "#c2570c", "#17653a", "#8a3f8f", "#8a6d00", "#a12f26", "#2a7f8e", "#565d67")
_INK, _SOFT, _LINE = "#1c1f24", "#565d67", "#dcd8ce"


@contextmanager
def _new_figure(width: float, height: float, columns: int, **more: Any) -> Iterator[tuple[Any, list[Any]]]:
    """A figure with a row of axes; mathematics in texts is off, and glyphs that the font lacks are no fault."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {"text.parse_math": False, "font.size": 9, "axes.edgecolor": _LINE, "text.color": _INK}
    style |= {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "interalign",
        "svg.fonttype": "path",
    }
    style |= {
        "ytick.major.size": 0,
        "axes.labelcolor": _SOFT,
        "xtick.color": _SOFT,
        "ytick.color": _INK,
        "axes.titlesize": 10,
    }
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, list(figure.subplots(1, columns, squeeze=False, **more)[0])


def _to_svg(figure: Any) -> str:
    """The figure as an SVG file; equal figures give equal files. Call it inside `_new_figure`."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def image(svg: str, alt: str) -> str:
    """An <img> with the picture in it: nothing in an image can run. `alt` is HTML already."""
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'


def plain(name: str, room: int = 28) -> str:
    """A name as a label: one line, no longer than there is room."""
    clean = "".join(character if character.isprintable() else "\ufffd" for character in name)
    return clean if len(clean) <= room else f"{clean[: room - 1]}…"


def card_figure(card: Card) -> str:
    """Accuracy, agreement with people and position bias of each judge, with intervals; what chance and people reach as lines."""
    people = card.data.annotators > 1
    kappas = "kappa_annotators" if people else "kappa"
    panels = (
        ("accuracy", "accuracy on decided rows", 0.5, "chance", (0.0, 1.02)),
        (kappas, "kappa with annotators" if people else "kappa with the label", 0.0, "chance", (-0.35, 1.02)),
        ("order_changes", "position bias", None, "", (-0.02, 1.02)),
    )
    names = [plain(judge.name) for judge in card.judges]
    with _new_figure(9.4, 1.3 + 0.36 * len(names), 3, sharey=True) as (figure, axes):
        for axis, (field, title, line, word, limits) in zip(axes, panels, strict=True):
            axis.set_title(title, pad=14)
            axis.set_xlim(*limits)
            axis.grid(axis="x", color=_LINE, linewidth=0.7)
            _dots(axis, [getattr(judge, field) for judge in card.judges])
            if line is not None:
                _line(axis, line, word, _SOFT)
        if people and card.data.human_kappa.value is not None:
            _line(axes[1], card.data.human_kappa.value, "people", "#17653a")
        axes[0].set_yticks(range(len(names)), names)
        axes[0].set_ylim(len(names) - 0.4, -0.6)
        return _to_svg(figure)


def _dots(axis: Any, estimates: Sequence[Counted]) -> None:
    for place, estimate in enumerate(estimates):
        colour = _COLOURS[place % len(_COLOURS)]
        if estimate.value is None:
            left = axis.get_xlim()[0]
            axis.text(left, place, " undefined", va="center", fontsize=8, color=_SOFT)
            continue
        if estimate.low is not None and estimate.high is not None:
            axis.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=2, alpha=0.5)
        axis.plot(estimate.value, place, "o", color=colour, markersize=6)


def _line(axis: Any, at: float, word: str, colour: str) -> None:
    axis.axvline(at, color=colour, linewidth=1, linestyle="--")
    axis.text(at, 1.0, word, transform=axis.get_xaxis_transform(), ha="center", va="bottom", fontsize=7, color=colour)


_MOST_PANELS = 3


def comparison_figure(found: Comparison) -> str:
    """How often a responder wins, by turn and judge; and the shape of AL(k) where judges have scores."""
    panels = [(f"{plain(who)} wins", who) for who in found.shown[:_MOST_PANELS]]
    scored = [judge for judge in found.judges if judge.levels]
    columns = len(panels) + bool(scored)
    with _new_figure(1.8 + 3.8 * columns, 3.4, columns) as (figure, axes):
        for axis, (title, who) in zip(axes, panels, strict=False):
            axis.set_title(title)
            axis.set_ylim(-0.03, 1.03)
            axis.set_ylabel("share of its comparisons")
            axis.axhline(0.5, color=_SOFT, linewidth=0.8, linestyle="--")
            for place, judge in enumerate(found.judges):
                if who in judge.wins:
                    _curve(axis, judge.wins[who], plain(judge.name), _COLOURS[place % len(_COLOURS)])
        if scored:
            _shapes(axes[-1], found)
        for axis in axes:
            axis.set_xlabel("turn")
            axis.xaxis.get_major_locator().set_params(integer=True)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        return _to_svg(figure)


def _curve(axis: Any, curve: Curve, label: str, colour: str) -> None:
    points = [(turn, level) for turn, level in enumerate(curve.levels, 1) if level.value is not None]
    axis.plot(
        [turn for turn, _ in points],
        [level.value for _, level in points],
        "o-",
        color=colour,
        label=label,
        markersize=4,
    )
    known = [(turn, level.low, level.high) for turn, level in points if level.has_interval]
    if known:
        turns, low, high = zip(*known, strict=True)
        axis.fill_between(turns, low, high, color=colour, alpha=0.12, linewidth=0)


def _shapes(axis: Any, found: Comparison) -> None:
    """N-AL(k) of the responder that is shown: each judge's curve from its lowest to its highest level."""
    who = found.shown[0]
    axis.set_title(f"shape of AL(k), {plain(who)}")
    axis.set_ylabel("lowest to highest level")
    for place, judge in enumerate(found.judges):
        levels = [level.value for level in judge.levels[who].levels] if who in judge.levels else []
        values = [level for level in levels if level is not None]
        mapped = normalised(values) if len(values) > 1 and len(values) == len(levels) else None
        if mapped is not None:
            axis.plot(range(1, len(mapped) + 1), mapped, "o-", color=_COLOURS[place % len(_COLOURS)], markersize=4)
