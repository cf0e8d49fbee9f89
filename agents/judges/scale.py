"""scale: a judge's own measure on the scale from 1 to 5. It keeps the order of replies; scales of two judges are not alike."""

import math

__all__ = ["to_scale"]


def to_scale(value: float, centre: float, unit: float) -> float:
    """1 + 4 / (1 + exp(-(value - centre) / unit)): 3 at the centre, 3.9 one unit above it, 2.1 one below; strictly rising."""
    steps = max(-700.0, min(700.0, (value - centre) / unit))
    return round(1 + 4 / (1 + math.exp(-steps)), 6)
