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
    """The profiles and the personalities of whole personas, each once.

    A half is named after the first persona that has it, and has the attributes in which all that have it are equal.
    """
    by_facts: dict[tuple[str, ...], list[Persona]] = {}
    by_traits: dict[tuple[str, ...], list[Persona]] = {}
    for persona in personas:
        by_facts.setdefault(persona.facts, []).append(persona)
        by_traits.setdefault(persona.traits, []).append(persona)
    profiles = [
        Profile(id=found[0].id.partition("+")[0] or found[0].id, facts=facts, attributes=_common(found))
        for facts, found in by_facts.items()
    ]
    personalities = [
        Personality(id=found[0].id.rpartition("+")[2] or found[0].id, traits=traits, attributes=_common(found))
        for traits, found in by_traits.items()
    ]
    return profiles, personalities


def _common(personas: list[Persona]) -> Attributes:
    shared = personas[0].attributes.items()
    for persona in personas[1:]:
        shared = shared & persona.attributes.items()
    return dict(sorted(shared))


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
