"""training: from trees to training data, and from there to a model. torch is imported by what trains, when it does."""

from interalign.training.config import DPOSettings, SFTSettings
from interalign.training.dataset import PairSet, make_pairs, read_pair_set
from interalign.training.pairs import preference_rows, write_rows
from interalign.training.runner import Trained, train
from interalign.training.selection import PairOptions

__all__ = [
    "DPOSettings",
    "PairOptions",
    "PairSet",
    "SFTSettings",
    "Trained",
    "make_pairs",
    "preference_rows",
    "read_pair_set",
    "train",
    "write_rows",
]
