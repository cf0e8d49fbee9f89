"""Sentence embeddings: shape, length, and that nearer in meaning is nearer in space."""

import warnings

import numpy as np

from interalign.agents import embed
from tests.conftest import HOSTILE

TEXTS = ["I keep hens.", HOSTILE, "Ich backe Brot.", "🦜", "x" * 100_000]


def test_each_text_gives_one_unit_vector() -> None:
    vectors = embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 256)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_text_gives_no_vector() -> None:
    assert embed([]).shape == (0, 256)


def test_a_text_is_embedded_the_same_whatever_stands_beside_it() -> None:
    alone = np.concatenate([embed([text]) for text in TEXTS])
    np.testing.assert_allclose(embed(TEXTS), alone, atol=1e-5)


def test_the_same_text_gives_the_same_vector() -> None:
    first, second = embed(["I keep hens.", "I keep hens."])
    np.testing.assert_array_equal(first, second)


def test_what_is_nearer_in_meaning_is_nearer_in_space() -> None:
    hens, chickens, taxes = embed(["I keep six hens.", "Chickens live in my garden.", "The tax office called."])
    assert hens @ chickens > hens @ taxes


def test_a_text_without_words_is_far_from_everything() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        vectors = embed(["", "I keep hens."])
    assert not vectors[0].any()
    assert np.isfinite(vectors).all()


def test_a_text_without_words_warns_of_nothing() -> None:
    assert not embed([""]).any()
