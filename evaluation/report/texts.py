"""texts: how figures are written, the same on the terminal, on the page and in Markdown."""

import unicodedata

from interalign.evaluation.figures import Curve, Estimate

__all__ = ["chance", "cleaned", "notes_of", "number", "percent", "short", "with_interval"]

_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def number(value: float | None, digits: int = 2) -> str:
    """Without a minus before zero; a dash for nothing."""
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def with_interval(estimate: Estimate, digits: int = 2, signed: bool = False) -> str:
    """`3.46 [3.22, 3.70]`, the value alone where there is no interval, or why there is no value."""
    if estimate.value is None:
        return f"undefined: {estimate.note}"
    sign = "+" if signed and round(estimate.value, digits) > 0 else ""
    text = sign + number(estimate.value, digits)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{number(estimate.low, digits)}, {number(estimate.high, digits)}]"


def notes_of(curve: Curve) -> str:
    """Why the average has no interval; empty where it has one."""
    return curve.average.note if curve.average.value is not None else ""


def chance(p: float | None) -> str:
    """A p-value."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def percent(part: int, whole: int) -> str:
    """A count with its share: `12 (1.2 %)`."""
    return str(part) if not part or not whole else f"{part:,} ({part / whole:.1%})"


def cleaned(text: str) -> str:
    """Text without what steers a terminal, turns the direction of text or cannot stand in XML."""
    return "".join("\ufffd" if _steers(character) else character for character in text)


def short(text: str, room: int) -> str:
    """A line of at most so many characters."""
    line = " ".join(cleaned(text).split())
    return line if len(line) <= room else f"{line[: room - 1]}…"


def _steers(character: str) -> bool:
    if character in "\n\t":
        return False
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or character in "\u2028\u2029\ufffe\uffff"
        or unicodedata.bidirectional(character) in _TURNING
    )
