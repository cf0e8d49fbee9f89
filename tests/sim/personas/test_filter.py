"""The semantic filter keeps exactly what the plain greedy loop keeps, ties included, whatever its blocks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interalign.sim.personas import Blocked, SimilarityFilter, similarity
from interalign.sim.personas import filter as module

Vectors = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def plain_loop(pool: Vectors, candidates: Vectors, threshold: float) -> list[Blocked | None]:
    """One after the other, each compared with all that was kept."""
    kept, verdicts = list(pool), []
    for candidate in candidates:
        near = (Blocked(place, similarity(candidate, other)) for place, other in enumerate(kept))
        verdicts.append(next((found for found in near if found.similarity > threshold), None))
        if verdicts[-1] is None:
            kept.append(candidate)
    return verdicts


def filtered(pool: Vectors, candidates: Vectors, threshold: float) -> list[Blocked | None]:
    kept = SimilarityFilter(threshold, candidates.shape[1])
    kept.insert(pool)
    return kept.add(candidates)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Vectors, Vectors, float]:
    """Few small whole coordinates: many equal and nearly equal similarities. The threshold is often one that occurs."""
    dimensions = draw(st.integers(1, 6))
    row = st.lists(st.integers(-2, 2), min_size=dimensions, max_size=dimensions)
    rows = np.array(draw(st.lists(row, min_size=1, max_size=40)), dtype=np.float64)
    vectors = unit(rows + draw(st.sampled_from([0.0, 1e-4])))
    one, other = (draw(st.integers(0, len(vectors) - 1)) for _ in range(2))
    tie = similarity(vectors[one], vectors[other])
    threshold = draw(st.sampled_from([tie, math.nextafter(tie, -2), math.nextafter(tie, 2), 0.6, 0.0]))
    cut = draw(st.integers(0, len(vectors)))
    return vectors[:cut], vectors[cut:], threshold


@settings(max_examples=300, deadline=None)
@given(case=cases(), block=st.integers(1, 7), chunk=st.integers(1, 7))
def test_it_keeps_what_the_plain_loop_keeps(case: tuple[Vectors, Vectors, float], block: int, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        patch.setattr(module, "_CHUNK", chunk)
        assert filtered(*case) == plain_loop(*case)


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_what_the_plain_loop_keeps_in_many_dimensions(seed: int) -> None:
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((30, 256))
    vectors = unit(
        centres[draw.integers(0, 30, 400)] + draw.standard_normal((400, 256)) * draw.uniform(0.2, 1.5, (400, 1))
    )
    found = filtered(vectors[:50], vectors[50:], 0.6)
    assert found == plain_loop(vectors[:50], vectors[50:], 0.6)
    assert 20 < sum(verdict is None for verdict in found) < 330


def test_what_is_just_as_similar_as_allowed_is_kept() -> None:
    vectors = unit(np.array([[1, 0], [3, 4]], dtype=np.float64))
    tie = similarity(vectors[0], vectors[1])
    assert filtered(vectors[:1], vectors[1:], tie) == [None]
    assert filtered(vectors[:1], vectors[1:], math.nextafter(tie, 0)) == [Blocked(0, tie)]


def test_offering_all_at_once_or_one_by_one_is_the_same() -> None:
    vectors = unit(np.random.default_rng(5).standard_normal((60, 3)))
    one_by_one = SimilarityFilter(0.9, 3)
    assert [one_by_one.add(vector[None])[0] for vector in vectors] == filtered(vectors[:0], vectors, 0.9)


def test_a_copy_is_blocked_by_its_original_and_a_text_without_meaning_by_nothing() -> None:
    vectors = unit(np.array([[1, 0], [0, 1], [0, 1], [0, 0], [0, 0]], dtype=np.float64))
    assert filtered(vectors[:0], vectors, 0.6) == [None, None, Blocked(1, 1.0), None, None]


def test_no_candidates_give_no_verdicts() -> None:
    assert SimilarityFilter(0.6, 4).add(np.zeros((0, 4), dtype=np.float32)) == []


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((1, 3)),
        np.ones((1, 4), dtype=np.float32),
        np.full((1, 3), np.nan, dtype=np.float32),
        np.ones(3, dtype=np.float32),
    ],
    ids=["double", "width", "nan", "flat"],
)
def test_what_is_no_matrix_of_unit_vectors_is_refused(vectors: NDArray[np.float32]) -> None:
    with pytest.raises(AssertionError):
        SimilarityFilter(0.6, 3).add(vectors)
