"""embedder: sentence embeddings that need no torch and no network (wordllama: static, 256 dimensions, in its wheel)."""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["embed"]


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors, shape (len(texts), 256): the dot product of two rows is their cosine similarity.

    A text without a known word gives a row of zeros.
    """
    if not texts:
        return np.zeros((0, 256), dtype=np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        vectors = np.nan_to_num(np.asarray(_model().embed(list(texts), norm=False), dtype=np.float32))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


@cache
def _model() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    import wordllama

    # Its import sets up logging for the whole process: every library would begin to write to the terminal.
    root.handlers[:] = handlers
    root.setLevel(level)
    # The package carries its weights and tokenizer, but its loader looks for the latter in the user's cache folder.
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
