"""flipping: preferences that change in the middle of a conversation: the same life, from some turn on another personality."""

from collections.abc import Sequence
from pathlib import Path

from interalign.agents import Persona, Personality, read_personas
from interalign.agents.pool import shipped_halves
from interalign.agents.seeds import generator
from interalign.errors import ConfigError
from interalign.graphs import Flip
from interalign.sim.config import RunConfig

__all__ = ["flip_of", "personality_pool"]


def personality_pool(config: RunConfig) -> tuple[Personality, ...]:
    """The distinct personalities of the run's pool: those that ship, or those of its persona file.

    Raises:
        ConfigError: there is just one, so that nobody can flip.
    """
    if config.personas.file is None:
        pool = shipped_halves()[1]
    else:
        personas = read_personas(Path(config.personas.file).expanduser())
        pool = tuple({one.traits: Personality(id=one.id, traits=one.traits) for one in reversed(personas)}.values())
    if len({one.traits for one in pool}) < 2:
        raise ConfigError("run.flip_at needs another personality to flip to, and the personas of the file share one")
    return pool


def flip_of(persona: Persona, turn: int, pool: Sequence[Personality], *parts: str | int) -> Flip:
    """The persona with the personality of somebody else, drawn by seed; the facts stay."""
    others = [one for one in pool if one.traits != persona.traits]
    drawn = generator(*parts, persona.id, "flip").choice(others)
    attributes = {**persona.attributes, **drawn.attributes}
    flipped = Persona(id=f"{persona.id}>{drawn.id}", facts=persona.facts, traits=drawn.traits, attributes=attributes)
    return Flip(turn, flipped)
