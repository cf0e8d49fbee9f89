"""pool: the personas that ship with interalign, and how personas are drawn: in pairs of halves, and evenly by attribute.

The training pool is `shipped_personas()`: the first 3,310 pairs that `combine` makes of the shipped profiles and personalities
with seed 0. The held-out cases are `heldout_personas()`: each of 20 other profiles with each of 5 other personalities.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from interalign.agents.persona import Persona, Personality, Profile, read_jsonl
from interalign.agents.seeds import generator
from interalign.errors import ConfigError

__all__ = [
    "TRAINING_SIZE",
    "Pool",
    "all_pairs",
    "combine",
    "heldout_personas",
    "shipped_halves",
    "shipped_personas",
    "stratify",
]

Pool = Literal["train", "heldout"]

TRAINING_SIZE = 3310
"""Personas of the training pool: as many as the method's authors trained on."""


def shipped_personas(count: int | None = None, seed: int = 0, pool: Pool = "train") -> list[Persona]:
    """`count` distinct personas out of the shipped profiles and personalities.

    Without a count the whole pool: 3,310 for training, or all 100 held-out ones.

    Raises:
        ConfigError: `count` is more than there are pairs.
    """
    profiles, personalities = shipped_halves(pool)
    if count is None:
        count = TRAINING_SIZE if pool == "train" else len(profiles) * len(personalities)
    return combine(profiles, personalities, count=count, seed=seed)


def heldout_personas() -> list[Persona]:
    """The 100 cases that evaluation is done on, always in the same order. Nothing of them is in the training pool."""
    return all_pairs(*shipped_halves("heldout"))


def combine(profiles: Sequence[Profile], personalities: Sequence[Personality], count: int, seed: int) -> list[Persona]:
    """Pair profiles with personalities, `count` times, no pair twice.

    Both lists are shuffled by `seed` and walked round and round in step. Whenever both come to their end at once, the
    personalities move on by one. So each profile is used before any is used again, and so is each personality, however many
    pairs are taken; and fewer pairs are the beginning of more.
    """
    total = len(profiles) * len(personalities)
    if count > total:
        raise ConfigError(
            f"{count} personas asked for, but {len(profiles)} profiles and {len(personalities)} personalities make {total}"
        )
    draw = generator(seed, "persona pairs")
    profiles = draw.sample(profiles, len(profiles))
    personalities = draw.sample(personalities, len(personalities))
    together = math.lcm(len(profiles), len(personalities))
    return [
        Persona.of(profiles[place % len(profiles)], personalities[(place + place // together) % len(personalities)])
        for place in range(count)
    ]


def all_pairs(profiles: Sequence[Profile], personalities: Sequence[Personality]) -> list[Persona]:
    """Each profile with each personality, in their order."""
    return [Persona.of(profile, personality) for profile in profiles for personality in personalities]


def stratify(personas: Sequence[Persona], count: int, by: Sequence[str], seed: int) -> list[Persona]:
    """`count` of the personas, from all values of the attributes `by` as equally as there are enough of them.

    A value is a text, or the ten years (or other units) that a number falls into; with several attributes each combination
    that occurs is one. Combinations and personas come in random order by `seed`, in turns; fewer are the beginning of more.

    Raises:
        ConfigError: there are too few personas, or none has one of the attributes.
    """
    if count > len(personas):
        raise ConfigError(f"{count} personas asked for, but there are only {len(personas)}; ask for fewer")
    for name in by:
        if not any(name in persona.attributes for persona in personas):
            known = ", ".join(sorted({key for persona in personas for key in persona.attributes}))
            raise ConfigError(f"no persona has the attribute {name!r}; known are {known or 'none'}")
    draw = generator(seed, "strata", *by)
    strata: defaultdict[tuple[str, ...], list[Persona]] = defaultdict(list)
    for persona in draw.sample(personas, len(personas)):
        strata[tuple(_value(persona, name) for name in by)].append(persona)
    turns = [(turn, place) for place, stratum in enumerate(strata.values()) for turn in range(len(stratum))]
    members = list(strata.values())
    return [members[place][turn] for turn, place in sorted(turns)[:count]]


def _value(persona: Persona, name: str) -> str:
    value = persona.attributes.get(name, "")
    return f"{value // 10 * 10}+" if isinstance(value, int) else value


@cache
def shipped_halves(pool: Pool = "train") -> tuple[tuple[Profile, ...], tuple[Personality, ...]]:
    """The shipped profiles and personalities."""
    prefix = "heldout_" if pool == "heldout" else ""
    data = files("interalign.agents.data")
    with as_file(data / f"{prefix}profiles.jsonl") as path:
        profiles = tuple(read_jsonl(path, Profile))
    with as_file(data / f"{prefix}personalities.jsonl") as path:
        personalities = tuple(read_jsonl(path, Personality))
    return profiles, personalities
