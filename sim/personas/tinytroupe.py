"""tinytroupe: agents of Microsoft's TinyTroupe (a JSON file each) as personas, and back.

Such an agent is described as "you", without a subject, or in catchwords; ours speak of themselves. What is said in a sentence
is turned into the first person, a catchword gets words that say what it is: "Proficient in Go." becomes "I am proficient in Go."
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from interalign.agents import Persona, Personality, Profile
from interalign.sim.personas.splitting import sentences

__all__ = ["agent_of", "is_agent", "read_agent"]

_SIMPLE = ("age", "gender", "nationality", "residence")
_ADVERBS = "often|sometimes|usually|always|never|rarely|occasionally|frequently|regularly"
_VERB = re.compile(
    rf"(?P<adverb>(?:{_ADVERBS})\s+)?(?P<verb>(?!(?:this|its|his|as|yes|was|{_ADVERBS})\b)[a-z]+s)\s+"
    r"(?P<rest>(?!(?:is|are|was|were|have|had|can|should|must|will|do)\b)\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_ENDINGS = {"ies": "y", "shes": "sh", "ches": "ch", "sses": "ss", "xes": "x", "zzes": "zz", "s": ""}
_IRREGULAR = {"has": "have", "is": "am", "does": "do", "goes": "go"}
_THEIRS = re.compile(r"\b(?:his|her|their)\b")
_ABLE = re.compile(
    r"(?:proficient|skilled|familiar|experienced|comfortable|fluent|good|adept|able|excellent|expert)\b", re.IGNORECASE
)
_YOU = (
    (r"\byou are\b", "I am"),
    (r"\byou were\b", "I was"),
    (r"\byou(['’])re\b", r"I\1m"),
    (r"\byourself\b", "myself"),
    (r"\byours\b", "mine"),
    (r"\byour\b", "my"),
    (
        r"\b(to|for|with|by|of|from|about|at|on|told|tell|help|helps|helped|made|makes|lets|let|taught|gave|gives) you\b",
        r"\1 me",
    ),
    (r"\byou(?= to\b|[.,;:!?]|$)", "me"),
    (r"\byou\b", "I"),
)


def is_agent(data: Any) -> bool:
    """Whether it looks like an agent's specification."""
    return isinstance(data, dict) and isinstance(data.get("persona"), dict) and "name" in data["persona"]


def read_agent(data: dict[str, Any]) -> dict[str, Any]:
    """The person that a specification describes: `id`, `facts`, `traits`, `attributes`."""
    persona = data["persona"]
    found: dict[str, Any] = {"id": str(persona["name"]), "attributes": persona.get("attributes")}
    if isinstance(found["attributes"], dict):  # written by `agent_of`
        return {**found, "facts": persona.get("other_facts"), "traits": _inside(persona, "personality", "traits")}
    attributes = {key: persona[key] for key in _SIMPLE if persona.get(key)}
    if title := _inside(persona, "occupation", "title"):
        attributes["occupation"] = title
    return {**found, "facts": list(_facts(persona)), "traits": list(_traits(persona)), "attributes": attributes}


def agent_of(person: Profile | Personality | Persona) -> dict[str, Any]:
    """A specification that TinyTroupe loads, and that `read_agent` turns back into the same person."""
    attributes = dict(person.attributes)
    persona: dict[str, Any] = {"name": person.id, "attributes": attributes}
    persona |= {key: attributes[key] for key in _SIMPLE if key in attributes}
    if "country" in attributes:
        persona["nationality"] = attributes["country"]
    if "occupation" in attributes:
        persona["occupation"] = {"title": str(attributes["occupation"])}
    if not isinstance(person, Personality):
        persona["other_facts"] = list(person.facts)
    if not isinstance(person, Profile):
        persona["personality"] = {"traits": list(person.traits)}
    return {"type": "TinyPerson", "persona": persona}


def _facts(persona: dict[str, Any]) -> Iterator[str]:
    yield f"My name is {persona['name']}."
    if "age" in persona:
        yield f"I am {persona['age']} years old."
    yield from (f"I live in {place}." for place in _texts(persona.get("residence")))
    yield from _occupation(persona.get("occupation"))
    yield from (f"My education: {text}" for text in _texts(persona.get("education")))
    yield from _each(persona.get("long_term_goals"), _goal)
    for key, lead in (("interests", "I am interested in"), ("likes", "I like"), ("dislikes", "I dislike")):
        yield from (f"{lead} {_lower(text)}" for text in _texts(_inside(persona, "preferences", key)))
    yield from (
        f"I am {_lower(text)}" if _ABLE.match(text) else f"A skill of mine: {_lower(text)}"
        for text in _texts(persona.get("skills"))
    )
    yield from (f"I believe: {_lower(_first_person(text))}" for text in _texts(persona.get("beliefs")))
    yield from _each(persona.get("behaviors"), _habit)
    yield from (f"My health: {_lower(_first_person(text))}" for text in _texts(persona.get("health")))
    for other in persona.get("relationships") or ():
        if isinstance(other, dict) and "name" in other:
            yield f"{other['name']}: {_lower(_first_person(str(other.get('description', 'somebody I know'))))}"
    yield from _each(persona.get("other_facts"), _habit)


def _traits(persona: dict[str, Any]) -> Iterator[str]:
    yield from _each(_inside(persona, "personality", "traits"), _habit)
    for text in _texts(persona.get("style")):
        for place, sentence in enumerate(sentences(text)):
            yield f"My manner: {_lower(_first_person(sentence))}" if place == 0 else _first_person(sentence)
    big_five = _inside(persona, "personality", "big_five")
    for name, text in big_five.items() if isinstance(big_five, dict) else ():
        yield f"My {name} is {_lower(_first_person(str(text)))}"


def _occupation(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value.get("description"):
        for text in _texts(value["description"]):
            yield from (_first_person(sentence) for sentence in sentences(text))
    elif isinstance(value, dict) and value.get("title"):
        yield f"I work as {value['title']}" + (f" at {value['organization']}." if value.get("organization") else ".")
    else:
        yield from (f"I work as {text}" for text in _texts(value))


def _each(value: Any, turn: Callable[[str], str]) -> Iterator[str]:
    for text in _texts(value):
        yield from (turn(sentence) for sentence in sentences(text))


def _goal(text: str) -> str:
    text = _THEIRS.sub("my", text)
    return (
        f"My goal is {_lower(_first_person(text))}"
        if text.lower().startswith("to ")
        else f"A goal of mine: {_lower(text)}"
    )


def _habit(text: str) -> str:
    """ "Often reads at night." becomes "I often read at night."; what has a subject only changes its person."""
    found = _VERB.fullmatch(text)
    if found is None or re.search(r"\byou", text, re.IGNORECASE):
        return _first_person(text)
    return f"I {(found['adverb'] or '').lower()}{_stem(found['verb'].lower())} {_THEIRS.sub('my', found['rest'])}"


def _stem(verb: str) -> str:
    """ "watches" becomes "watch"."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    ending = next(ending for ending in _ENDINGS if verb.endswith(ending))
    return verb.removesuffix(ending) + _ENDINGS[ending]


def _first_person(text: str) -> str:
    for pattern, ours in _YOU:
        text = re.sub(pattern, ours, text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    """As the middle of a sentence; names in capitals and "I" stay."""
    return text if text[1:2].isupper() or re.match(r"I\b", text) else text[:1].lower() + text[1:]


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _texts(value: Any) -> Iterator[str]:
    """All texts below a value, in order."""
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
