"""training: from trees to training data."""

from interalign.training.dataset import PairSet, make_pairs, read_pair_set
from interalign.training.pairs import preference_rows, write_rows
from interalign.training.selection import PairOptions

__all__ = ["PairOptions", "PairSet", "make_pairs", "preference_rows", "read_pair_set", "write_rows"]
