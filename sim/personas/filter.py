"""filter: the semantic filter: a candidate is kept when nothing that was kept before it is too similar to it.

The rule is a greedy loop, one candidate after the other. Here it is done in blocks of matrix products that drop most of the
work, and yet keeps exactly what the loop keeps, in its order. Single-precision products are only trusted outside a band around
the threshold that is wider than their error; inside it the similarity is summed exactly, so that ties, too, are decided as in
the loop, whatever the machine, the number of threads or the size of the blocks.

Array names: N candidates, K kept, B of a block, D dimensions.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocked", "SimilarityFilter", "similarity"]

Vectors = NDArray[np.float32]

_BLOCK = 1024
_CHUNK = 4096


class Blocked(NamedTuple):
    """Why a candidate was not kept."""

    by: int
    """The first of those kept that is too similar, counted from 0 in the order in which they were kept."""
    similarity: float


def similarity(one: Vectors, other: Vectors) -> float:
    """The inner product of two vectors, of unit vectors their cosine: the exact sum, rounded once."""
    # A product of two single-precision numbers is exact in double precision; fsum adds without error.
    return math.fsum((one.astype(np.float64) * other.astype(np.float64)).tolist())


class SimilarityFilter:
    """A pool of unit vectors that takes in only what has a similarity of at most `threshold` to all it holds."""

    def __init__(self, threshold: float, dimensions: int) -> None:
        self.threshold = threshold
        self._kept_KD: Vectors = np.empty((_BLOCK, dimensions), dtype=np.float32)
        self._size = 0
        self.error = 2 * (dimensions + 2) * float(np.finfo(np.float32).eps)
        """What a single-precision product of unit vectors can be off by, with a factor of two to spare."""

    def __len__(self) -> int:
        return self._size

    def insert(self, vectors_ND: Vectors) -> None:
        """Take vectors in unseen, as the pool that a filter starts from."""
        self._check(vectors_ND)
        self._reserve(len(vectors_ND))
        self._kept_KD[self._size : self._size + len(vectors_ND)] = vectors_ND
        self._size += len(vectors_ND)

    def add(self, vectors_ND: Vectors) -> list[Blocked | None]:
        """Offer candidates in order; None for each that was kept, or else what stood in its way."""
        self._check(vectors_ND)
        verdicts: list[Blocked | None] = []
        for start in range(0, len(vectors_ND), _BLOCK):
            verdicts += self._add_block(vectors_ND[start : start + _BLOCK])
        return verdicts

    def _add_block(self, block_BD: Vectors) -> list[Blocked | None]:
        verdicts = self._against_pool(block_BD)
        free = np.array([place for place, verdict in enumerate(verdicts) if verdict is None], dtype=np.intp)
        for place, verdict in zip(free, self._among(block_BD[free]), strict=True):
            verdicts[place] = verdict
        self.insert(block_BD[[place for place, verdict in enumerate(verdicts) if verdict is None]])
        return verdicts

    def _against_pool(self, block_BD: Vectors) -> list[Blocked | None]:
        """Chunk after chunk of the pool; what is blocked takes part no longer."""
        verdicts: list[Blocked | None] = [None] * len(block_BD)
        free = np.arange(len(block_BD))
        for start in range(0, self._size, _CHUNK):
            chunk_KD = self._kept_KD[start : min(start + _CHUNK, self._size)]
            near_BK = block_BD[free] @ chunk_KD.T
            suspects = np.flatnonzero(near_BK.max(axis=1) > self.threshold - self.error)
            for row in suspects:
                verdicts[free[row]] = self._first(block_BD[free[row]], near_BK[row], start)
            free = np.array([place for place in free if verdicts[place] is None], dtype=np.intp)
        return verdicts

    def _first(self, vector_D: Vectors, near_K: Vectors, start: int) -> Blocked | None:
        """The first of a chunk that is too similar, if any is."""
        for column in np.flatnonzero(near_K > self.threshold - self.error):
            exact = similarity(vector_D, self._kept_KD[start + column])
            if exact > self.threshold:
                return Blocked(start + int(column), exact)
        return None

    def _among(self, block_BD: Vectors) -> list[Blocked | None]:
        """The greedy loop over the candidates of one block that the pool does not block."""
        verdicts: list[Blocked | None] = [None] * len(block_BD)
        suspects_BB = np.triu(block_BD @ block_BD.T > self.threshold - self.error, 1)
        kept = self._size
        for row in range(len(block_BD)):
            if verdicts[row] is not None:
                continue
            for column in np.flatnonzero(suspects_BB[row]):
                exact = similarity(block_BD[row], block_BD[column]) if verdicts[column] is None else -math.inf
                if exact > self.threshold:
                    verdicts[column] = Blocked(kept, exact)
            kept += 1
        return verdicts

    def _reserve(self, more: int) -> None:
        if self._size + more > len(self._kept_KD):
            grown_KD = np.empty((max(2 * len(self._kept_KD), self._size + more), self._kept_KD.shape[1]), np.float32)
            grown_KD[: self._size] = self._kept_KD[: self._size]
            self._kept_KD = grown_KD

    def _check(self, vectors_ND: Vectors) -> None:
        assert vectors_ND.dtype == np.float32, "embeddings are in single precision"
        assert vectors_ND.ndim == 2, "embeddings are a matrix, a row a text"
        assert vectors_ND.shape[1] == self._kept_KD.shape[1], "all embeddings of a pool come from one model"
        lengths = np.einsum("nd,nd->n", vectors_ND, vectors_ND)
        assert (lengths < 1.01).all(), "embeddings are unit vectors, or zero for a text without meaning"
