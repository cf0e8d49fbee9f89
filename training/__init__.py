"""training: from trees to training data."""

from interalign.training.pairs import preference_rows, write_rows

__all__ = ["preference_rows", "write_rows"]
