"""sampling: personas out of a pool: by seed, evenly by attribute, or as pairs of profiles and personalities."""

from collections.abc import Sequence

from interalign.agents import Persona, Personality, Profile
from interalign.agents.pool import all_pairs, combine, stratify
from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.sim.personas.pronouns import agree

__all__ = ["sample_pairs", "sample_personas"]

_MOST_PAIRS = 1_000_000


def sample_personas(personas: Sequence[Persona], count: int | None, by: Sequence[str], seed: int) -> list[Persona]:
    """`count` of the personas at random, or evenly by the attributes `by` (see `stratify`); without a count all of them.

    Raises:
        ConfigError: there are too few, or nobody has one of the attributes.
    """
    if by:
        return stratify(personas, len(personas) if count is None else count, by, seed)
    if count is None:
        return list(personas)
    if count > len(personas):
        raise ConfigError(f"{count} personas asked for, but there are only {len(personas)}; ask for fewer")
    return generator(seed, "personas").sample(personas, count)


def sample_pairs(
    profiles: Sequence[Profile], personalities: Sequence[Personality], count: int | None, by: Sequence[str], seed: int
) -> list[Persona]:
    """Pairs, no pair twice, whose pronouns agree: at random (see `combine`), or evenly by attribute; without a count all pairs.

    Raises:
        ConfigError: there are too few pairs, far too many, or nobody has one of the attributes.
    """
    total = len(profiles) * len(personalities)
    if count is not None and not by:
        pairs = combine(profiles, personalities, count, seed)
    elif total > _MOST_PAIRS:
        raise ConfigError(
            f"{len(profiles)} profiles and {len(personalities)} personalities make {total} pairs; ask for a --count without --by"
        )
    else:
        pairs = sample_personas(all_pairs(profiles, personalities), count, by, seed)
    return [agree(persona) for persona in pairs]
