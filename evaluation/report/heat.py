"""heat: every score of a model as a table whose cells are coloured: cases x turns, the best case on top."""

from collections.abc import Callable, Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from interalign.evaluation.report.texts import number, short
from interalign.evaluation.results import CaseInfo, ModelResult

__all__ = ["MOST_ROWS", "best_first", "heat_table"]

MOST_ROWS = 200
"""Cases in a table; of more, the best and the worst are shown."""
_SHADES = 9


def heat_table(model: ModelResult, cases: tuple[CaseInfo, ...], link: Callable[[str], str | None]) -> str:
    """The table as HTML; `link` gives the address of a case's conversation, if it has one."""
    values_NK = model.values()
    means_N = _means(values_NK)
    order = best_first(values_NK).tolist()
    left_out = max(0, len(order) - MOST_ROWS)
    if left_out:
        order = order[: MOST_ROWS // 2] + order[-MOST_ROWS // 2 :]
    scale = _scale(values_NK)
    reasons = {(one.case, one.turn): one.reason for one in model.missing}
    turns = "".join(f'<th scope="col">{turn}</th>' for turn in range(1, values_NK.shape[1] + 1))
    lines = [f'<table class="heat"><caption>{_caption(model, len(order), left_out)}</caption>']
    lines.append(f'<thead><tr><th scope="col">case</th>{turns}<th scope="col">mean</th></tr></thead><tbody>')
    for place in order:
        case = cases[place]
        cells = "".join(_cells(values_NK[place].tolist(), scale, case.id, reasons))
        mean = number(float(means_N[place])) if np.isfinite(means_N[place]) else "–"
        lines.append(f'<tr><th scope="row">{_name(case, link)}</th>{cells}<td class="mean">{mean}</td></tr>')
    return "".join([*lines, "</tbody></table>"])


def best_first(values_NK: NDArray[np.float64]) -> NDArray[np.intp]:
    """The places of the cases by their mean score; those without one at the end, equal ones in their order."""
    return np.argsort(-_means(values_NK), kind="stable")


def _means(values_NK: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean score of each case; -inf where it has none."""
    there_N = (~np.isnan(values_NK)).sum(axis=1)
    return np.where(there_N > 0, np.nansum(values_NK, axis=1) / np.maximum(1, there_N), -np.inf)


def _caption(model: ModelResult, shown: int, left_out: int) -> str:
    which = f"the best and the worst {shown // 2} of {shown + left_out:,} cases" if left_out else "the best case on top"
    return f'Scores of <span dir="auto">{escape(short(model.name, 60))}</span> at each turn; {which}'


def _name(case: CaseInfo, link: Callable[[str], str | None]) -> str:
    at = link(case.id)
    name = escape(short(case.id, 30))
    title = escape(short(case.persona, 120))
    return f'<a href="{escape(at)}" title="{title}">{name}</a>' if at else f'<span title="{title}">{name}</span>'


def _scale(values_NK: NDArray[np.float64]) -> tuple[float, float]:
    """1 to 5, or what there is where it is not within."""
    kept = values_NK[~np.isnan(values_NK)]
    low, high = (float(kept.min()), float(kept.max())) if kept.size else (1.0, 5.0)
    return (1.0, 5.0) if low >= 1 and high <= 5 else (low, high)


def _cells(
    row: list[float], scale: tuple[float, float], case: str, reasons: dict[tuple[str, int], str]
) -> Iterator[str]:
    low, high = scale
    for turn, value in enumerate(row, 1):
        if value != value:
            reason = escape(short(reasons.get((case, turn), "no score"), 200))
            yield f'<td class="none" title="{reason}"><span class="unseen">missing</span>·</td>'
        else:
            shade = round((value - low) / ((high - low) or 1) * (_SHADES - 1))
            yield f'<td class="h{shade}">{value:.3g}</td>'
