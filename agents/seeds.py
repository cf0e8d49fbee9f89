"""seeds: every random choice follows from (run seed, conversation, place in the tree, purpose), never from timing."""

import random
from hashlib import blake2b

__all__ = ["derive", "generator"]


def derive(*parts: str | int) -> int:
    """A 63-bit seed for the named purpose: equal parts give equal seeds, on every machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def generator(*parts: str | int) -> random.Random:
    """A generator seeded with `derive(*parts)`."""
    return random.Random(derive(*parts))
