"""pool: the personas that ship with interalign: every profile goes with every personality."""

from functools import cache
from importlib.resources import as_file, files

from interalign.agents.persona import Persona, Personality, Profile, read_jsonl
from interalign.agents.seeds import generator
from interalign.errors import ConfigError

__all__ = ["combine", "shipped_personas"]


def shipped_personas(count: int, seed: int = 0) -> list[Persona]:
    """`count` distinct personas out of the shipped profiles and personalities.

    Raises:
        ConfigError: `count` is more than there are pairs.
    """
    return combine(*_halves(), count=count, seed=seed)


def combine(
    profiles: tuple[Profile, ...], personalities: tuple[Personality, ...], count: int, seed: int
) -> list[Persona]:
    """Pair profiles with personalities, `count` times, no pair twice.

    Both lists are shuffled by `seed` and walked in step, with a shift after every full round of the profiles, so that
    each profile is used before any is used again, and personalities are as evenly spread as the numbers allow.
    """
    total = len(profiles) * len(personalities)
    if count > total:
        raise ConfigError(
            f"{count} personas asked for, but {len(profiles)} profiles and {len(personalities)} personalities make {total}"
        )
    draw = generator(seed, "persona pairs")
    profiles = tuple(draw.sample(profiles, len(profiles)))
    personalities = tuple(draw.sample(personalities, len(personalities)))
    pairs: list[Persona] = []
    for place in range(count):
        rounds, profile = divmod(place, len(profiles))
        pairs.append(Persona.of(profiles[profile], personalities[(profile + rounds) % len(personalities)]))
    return pairs


@cache
def _halves() -> tuple[tuple[Profile, ...], tuple[Personality, ...]]:
    data = files("interalign.agents.data")
    with as_file(data / "profiles.jsonl") as path:
        profiles = tuple(read_jsonl(path, Profile))
    with as_file(data / "personalities.jsonl") as path:
        personalities = tuple(read_jsonl(path, Personality))
    return profiles, personalities
