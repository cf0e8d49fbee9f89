"""tree_rows: random conversation trees as rows of training data, and rows of tokens for hypothesis to draw."""

import random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from interalign.training.packing import Encoded

__all__ = ["Rows", "completions", "encoded", "grow_rows", "histories"]

Rows = list[dict[str, Any]]
TEXT = "hens barn rye bread night bus sister laughs at dawn when nobody 🦜 else is up to see it"
WORDS = TEXT.split(" ")


def say(rng: random.Random, role: str, longest: int = 12) -> dict[str, str]:
    return {"role": role, "content": " ".join(rng.choices(WORDS, k=rng.randint(1, longest)))}


def grow_rows(seed: int, turns: int = 3, width: int = 2, continued: int = 1, conversations: int = 1) -> Rows:
    """Preference rows of random trees: at each turn `width` replies, of which `continued` are answered by the user."""
    rng = random.Random(seed)
    rows: Rows = []
    for number in range(conversations):
        branches: list[list[dict[str, str]]] = [[]]
        for _ in range(turns):
            grown = []
            for branch in branches:
                prompt = [*branch, say(rng, "user")]
                replies = [say(rng, "assistant") for _ in range(width)]
                about = {"prompt": prompt, "conversation_id": f"c{number}"}
                best, *others = rng.sample(replies, width)
                rows += [{**about, "chosen": [best], "rejected": [other]} for other in others]
                grown += [[*prompt, reply] for reply in rng.sample(replies, continued)]
            branches = grown
    return rows


def completions(rows: Rows) -> Rows:
    return [
        {"prompt": row["prompt"], "completion": row["chosen"], "conversation_id": row["conversation_id"]}
        for row in rows
    ]


tokens = st.lists(st.integers(0, 2), min_size=1, max_size=6)
replies = st.tuples(tokens, tokens)
histories = st.lists(st.tuples(tokens, replies), min_size=1, max_size=8)


def encoded(history: list[int], replies: tuple[list[int], ...]) -> Encoded:
    return Encoded("one", len(history), tuple(np.array([*history, *reply], dtype=np.int32) for reply in replies))
