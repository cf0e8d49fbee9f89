"""persona_filter: how long the semantic filter takes, on many candidates and against the plain loop.

    python benchmarks/persona_filter.py [--candidates 100000] [--json FILE]

First, unit vectors of 256 dimensions, as an embedder gives them: most of them random, the others in clusters of 50 of which
members are too similar to each other, all in random order, so that a large pool survives that every candidate is compared with.
Then 1,000 texts of three facts each out of the shipped profiles, embedded and filtered; the plain loop does what the method's
released code does: for each candidate it embeds the candidate and the whole pool again, and compares. Both must keep the same.
The filter takes a fraction of a second, so the median of runs before and after the loop counts.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from common import arguments, report
from numpy.typing import NDArray

from interalign.agents import embed
from interalign.agents.pool import shipped_halves
from interalign.sim.personas import SimilarityFilter

THRESHOLD, DIMENSIONS, TEXTS = 0.6, 256, 1000
ROUNDS = 5
CLUSTERED, CLUSTER, SPREAD = 0.4, 50, 0.04


def candidates(count: int) -> NDArray[np.float32]:
    draw = np.random.default_rng(0)
    clustered = int(CLUSTERED * count)
    centres = unit(draw.standard_normal((max(1, clustered // CLUSTER), DIMENSIONS)))
    near = centres[draw.integers(0, len(centres), clustered)] + SPREAD * draw.standard_normal((clustered, DIMENSIONS))
    vectors = np.concatenate([unit(draw.standard_normal((count - clustered, DIMENSIONS))), unit(near)])
    return vectors[draw.permutation(count)].astype(np.float32)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def texts() -> list[str]:
    """1,000 short profiles, of which every third shares two facts with another."""
    facts = [profile.facts for profile in shipped_halves()[0]]
    return [" ".join(own[start : start + 3]) for start in (0, 1, 5) for own in facts][:TEXTS]


def filtered(candidates: list[str]) -> list[int]:
    """The places of those that interalign keeps."""
    verdicts = SimilarityFilter(THRESHOLD, DIMENSIONS).add(embed(candidates))
    return [place for place, verdict in enumerate(verdicts) if verdict is None]


def plain_loop(candidates: list[str]) -> list[int]:
    """The same, with everything embedded again for every candidate."""
    kept: list[int] = []
    for place, candidate in enumerate(candidates):
        vector = embed([candidate])[0]
        if not kept or (embed([candidates[one] for one in kept]) @ vector).max() <= THRESHOLD:
            kept.append(place)
    return kept


def timed(work: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--candidates", type=int, default=100_000)
    options = parser.parse_args()
    vectors = candidates(options.candidates)
    pool = SimilarityFilter(THRESHOLD, DIMENSIONS)
    many = timed(lambda: pool.add(vectors))

    some = texts()
    ours = filtered(some)  # loads the model, too
    times = [timed(lambda: filtered(some)) for _ in range(ROUNDS)]
    started = time.perf_counter()
    theirs = plain_loop(some)
    slow = time.perf_counter() - started
    fast = statistics.median([*times, *(timed(lambda: filtered(some)) for _ in range(ROUNDS))])
    assert ours == theirs, "the filter keeps what the plain loop keeps"

    rows = [
        {"what": f"filter, {DIMENSIONS} dimensions", "candidates": len(vectors), "kept": len(pool), "seconds": many},
        {"what": "embed once and filter", "candidates": len(some), "kept": len(ours), "seconds": fast},
        {"what": "plain loop, embedding anew", "candidates": len(some), "kept": len(theirs), "seconds": slow},
    ]
    notes = [
        f"target: 100,000 candidates of 256 dimensions in less than 60 s on 2 cores: {len(vectors)} in {many:.1f} s",
        f"target: at least 200 times as fast as the plain loop at 1,000 candidates: {slow / fast:.0f} times, {len(ours)} of "
        f"{len(some)} kept by both",
    ]
    report("Semantic filter", rows, options.json, notes)


if __name__ == "__main__":
    main()
