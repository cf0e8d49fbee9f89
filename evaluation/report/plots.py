"""plots: AL(k) and the heat maps as PNG and SVG, for papers and slides. The same results give the same files.

A name is never read as TeX: a "$" is a dollar. What the plot font lacks is drawn as a box, without a warning.
"""

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from interalign.evaluation.figures import Figures, ModelFigures
from interalign.evaluation.report.heat import best_first
from interalign.evaluation.report.palette import LIGHT, dashes, marker
from interalign.evaluation.report.texts import short
from interalign.evaluation.results import ModelResult, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_plots"]

_STYLE: dict[str, Any] = {
    "text.parse_math": False,
    "text.usetex": False,
    "axes.unicode_minus": False,
    "svg.hashsalt": "interalign",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e0d6",
}
_MARKERS = {
    "circle": "o",
    "square": "s",
    "up": "^",
    "diamond": "D",
    "down": "v",
    "cross": "x",
    "plus": "+",
    "ring": "o",
}
_MISSING = "#d9a066"
_MOST_MAPS = 12


def draw_plots(results: Results, figures: Figures) -> dict[str, bytes]:
    """By file name: `curves` and `heatmaps`, each as .png and .svg; nothing where no reply has a score."""
    import matplotlib as mpl

    shown = [place for place, model in enumerate(figures.models) if model.missing < model.replies]
    if not shown:
        return {}
    with mpl.rc_context(cast(Any, _STYLE)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pictures = {
            "curves": _curves([(place, figures.models[place]) for place in shown]),
            "heatmaps": _heatmaps([results.models[place] for place in shown[:_MOST_MAPS]]),
        }
        return {
            f"{name}.{kind}": _bytes(picture, kind) for name, picture in pictures.items() for kind in ("png", "svg")
        }


def _bytes(picture: "Figure", kind: str) -> bytes:
    file = BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    picture.savefig(file, format=kind, dpi=200, metadata=metadata)
    return file.getvalue()


def _curves(models: Sequence[tuple[int, ModelFigures]]) -> "Figure":
    """All models and controls, with the bands of the evaluated models."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    picture = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = picture.subplots()
    for place, model in models:
        _curve(axes, place, model)
    axes.set_xlabel("turn k")
    axes.set_ylabel("AL(k), mean score")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    picture.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return picture


def _curve(axes: "Axes", place: int, model: ModelFigures) -> None:
    levels = model.overall.levels
    turns = np.arange(1, len(levels) + 1)
    colour = LIGHT[place % len(LIGHT)]
    pattern = dashes(place)
    axes.plot(
        turns,
        [np.nan if level.value is None else level.value for level in levels],
        color=colour,
        linestyle=(0, tuple(float(part) / 2 for part in pattern.split())) if pattern else "-",
        marker=_MARKERS[marker(place)],
        markerfacecolor="white" if marker(place) == "ring" else colour,
        markersize=4.5,
        linewidth=1.6,
        label=short(model.name, 40).lstrip("_") or "?",  # matplotlib leaves labels with an underscore out
    )
    if model.control is None:
        low, high = ([np.nan if end is None else end for end in ends] for ends in _bounds(model))
        axes.fill_between(turns, low, high, color=colour, alpha=0.13, linewidth=0)


def _bounds(model: ModelFigures) -> tuple[list[float | None], list[float | None]]:
    levels = model.overall.levels
    return [level.low for level in levels], [level.high for level in levels]


def _heatmaps(models: Sequence[ModelResult]) -> "Figure":
    """A map for each model, the best case on top."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(4, len(models))
    rows = -(-len(models) // columns)
    picture = Figure(figsize=(1.2 + 1.9 * columns, 2.9 * rows), layout="constrained")
    grid = picture.subplots(rows, columns, squeeze=False)
    values = [model.values() for model in models]
    low, high = _scale(values)
    colours = colormaps["Blues"].with_extremes(bad=_MISSING)
    image = None
    for axes in grid.flat[len(models) :]:
        axes.set_visible(False)
    for axes, model, values_NK in zip(grid.flat, models, values, strict=False):
        order = best_first(values_NK)
        turns = values_NK.shape[1]
        extent = (0.5, turns + 0.5, len(order) + 0.5, 0.5)
        image = axes.imshow(
            values_NK[order], aspect="auto", cmap=colours, vmin=low, vmax=high, extent=extent, interpolation="none"
        )
        axes.set_title(short(model.name, 24), fontsize=8)
        axes.grid(visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("turn")
    assert image is not None
    grid[0][0].set_ylabel("cases, best on top")
    picture.colorbar(image, ax=grid, label="score (sand: missing)", shrink=0.8)
    return picture


def _scale(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """1 to 5, or what there is where it is not within."""
    low = min(float(np.nanmin(one)) for one in values)
    high = max(float(np.nanmax(one)) for one in values)
    return (1.0, 5.0) if low >= 1 and high <= 5 else (low, high)
