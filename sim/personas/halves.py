"""halves: what profiles and personalities have in common, an id, attributes, and a list of sentences; and files of any kind."""

import json
from pathlib import Path
from typing import Literal

from interalign.agents import Persona, Personality, Profile, read_jsonl
from interalign.agents.persona import Attributes

__all__ = ["Half", "Kind", "Person", "distinct", "items_of", "make_half", "read_people", "text_of"]

Half = Profile | Personality
Person = Profile | Personality | Persona
Kind = Literal["profile", "personality"]


def make_half(kind: Kind, id: str, items: tuple[str, ...], attributes: Attributes) -> Half:
    """Raises ValidationError where the texts cannot be those of a person."""
    if kind == "profile":
        return Profile(id=id, facts=items, attributes=attributes)
    return Personality(id=id, traits=items, attributes=attributes)


def items_of(half: Half) -> tuple[str, ...]:
    """The facts or traits."""
    return half.facts if isinstance(half, Profile) else half.traits


def text_of(half: Half) -> str:
    """The facts or traits as running text: what is embedded."""
    return " ".join(items_of(half))


def distinct(personas: list[Persona]) -> tuple[list[Profile], list[Personality]]:
    """The profiles and the personalities of whole personas, each once, named after the first persona that has it."""
    profiles: dict[tuple[str, ...], Profile] = {}
    personalities: dict[tuple[str, ...], Personality] = {}
    for persona in personas:
        own, _, other = persona.id.partition("+")
        if persona.facts not in profiles:
            profiles[persona.facts] = Profile(id=own, facts=persona.facts, attributes=persona.attributes)
        if persona.traits not in personalities:
            personalities[persona.traits] = Personality(id=other or own, traits=persona.traits)
    return list(profiles.values()), list(personalities.values())


def read_people(path: Path) -> list[Profile] | list[Personality] | list[Persona]:
    """The profiles, personalities or personas of a JSONL file: which of them, its first line says.

    Raises:
        ConfigError, MissingError: as `read_jsonl`.
    """
    keys = _first_keys(path)
    if keys & {"traits", "personality"}:
        return read_jsonl(path, Persona) if keys & {"facts", "profile"} else read_jsonl(path, Personality)
    return read_jsonl(path, Profile)


def _first_keys(path: Path) -> set[str]:
    """Empty where the file is not as it should be: reading it says what is wrong."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = next((line for line in file if line.strip()), "")
        return set(json.loads(line))
    except (OSError, ValueError, TypeError, RecursionError):
        return set()
