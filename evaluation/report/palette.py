"""palette: how the series of a chart are told apart: by colour, by dashes and by marker at the same time.

The colours are chosen for readers who do not see all of them, on light and on dark paper with a contrast of 3 or more; nobody
needs them, because no two series of the first eight share a marker, and no two of the first 32 share marker and dashes.
"""

__all__ = ["DARK", "DASHES", "LIGHT", "MARKERS", "dashes", "marker"]

LIGHT = ("#0b63a5", "#c04a00", "#00775a", "#a03c86", "#6b5b00", "#3d3d3d", "#2a7f9e", "#8c2d2d")
DARK = ("#6db6ee", "#f2995e", "#4fd0a5", "#e59bd0", "#d8c65a", "#d0d0d0", "#7fd3e6", "#ef9a96")
DASHES = ("", "7 3", "2 3", "9 3 2 3")
MARKERS = ("circle", "square", "up", "diamond", "down", "cross", "plus", "ring")


def dashes(place: int) -> str:
    """The dash pattern of a series; empty for a solid line."""
    return DASHES[(place + place // len(MARKERS)) % len(DASHES)]


def marker(place: int) -> str:
    """The marker's name."""
    return MARKERS[place % len(MARKERS)]
