"""How alike two texts are."""

import random

import pytest

from interalign.training.similarity import near_identical, similarity


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("one two three four", "one two three four", 1.0),
        ("One, two... THREE four!", "one two three  four", 1.0),
        ("one two three four", "one two three five", 0.75),
        ("one two three four", "one two four", 0.75),
        ("one two", "three four", 0.0),
        ("", "", 1.0),
        ("one", "", 0.0),
        ("👍", "👍", 1.0),
        ("👍", "🎉", 0.0),
        ("你好吗朋友", "你好吗朋女", 0.8),
    ],
)
def test_similarity_counts_words(a: str, b: str, expected: float) -> None:
    assert similarity(a, b) == pytest.approx(expected)
    assert similarity(b, a) == pytest.approx(expected)


def test_the_short_cut_says_the_same() -> None:
    draw = random.Random(0)
    for _ in range(500):
        a, b = (" ".join(draw.choices("abcd", k=draw.randint(0, 9))) for _ in range(2))
        threshold = draw.choice((0.0, 0.5, 0.75, 0.9, 1.0))
        assert near_identical(a, b, threshold) == (similarity(a, b) >= threshold - 1e-9), (a, b, threshold)
