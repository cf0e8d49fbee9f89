"""pronouns: a personality written in the third person is made to agree with the profile that it is combined with.

The shipped facts and traits are in the first person and need nothing of this. Imported ones may say "She answers with a story";
combined with a profile whose `pronouns` are "he", it says "He answers with a story". Only what is certain is changed: a
personality that speaks of itself in the first person, or of both a he and a she, is left as it is.
"""

import re

from interalign.agents import Persona

__all__ = ["agree"]

_FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself)\b")
_THIRD_PERSON = re.compile(r"\b(?:she|her|hers|herself|he|him|his|himself)\b", re.IGNORECASE)
_SHE = {"she", "her", "hers", "herself"}
_FORMS = {
    "she": {"subject": "she", "object": "her", "possessive": "her", "own": "hers", "self": "herself"},
    "he": {"subject": "he", "object": "him", "possessive": "his", "own": "his", "self": "himself"},
    "they": {"subject": "they", "object": "them", "possessive": "their", "own": "theirs", "self": "themself"},
}
_CASES = {"she": "subject", "he": "subject", "him": "object", "hers": "own", "herself": "self", "himself": "self"}
_AFTER_NOUN = re.compile(
    r"\s+(?!(?:and|or|but|to|in|on|at|for|with|when|if|by|as|from|about|a|an|the|so|because|is|was)\b)[\w'’]"
)
_CAUSES = re.compile(r"\b(?:make|makes|made|let|lets|help|helps|helped)\s+\Z", re.IGNORECASE)
_VERB = re.compile(
    r"(?P<gap>\s+(?:(?:often|never|always|rarely|sometimes|usually|also|only|just)\s+)?)(?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
_PLURAL = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "goes": "go",
    "isn": "aren",
    "wasn": "weren",
    "hasn": "haven",
    "doesn": "don",
}


def agree(persona: Persona) -> Persona:
    """The persona with traits that speak of it with the profile's pronouns (its attribute `pronouns`: she, he or they)."""
    wanted = persona.attributes.get("pronouns")
    text = " ".join(persona.traits)
    used = {"she" if word.lower() in _SHE else "he" for word in _THIRD_PERSON.findall(text)}
    if wanted not in _FORMS or len(used) != 1 or used == {wanted} or _FIRST_PERSON.search(text):
        return persona
    return persona.model_copy(update={"traits": tuple(_rewrite(trait, str(wanted)) for trait in persona.traits)})


def _rewrite(trait: str, wanted: str) -> str:
    parts: list[str] = []
    place = 0
    for found in _THIRD_PERSON.finditer(trait):
        case = _case(trait[: found.start()], found[0].lower(), trait[found.end() :])
        word = _FORMS[wanted][case]
        parts += [trait[place : found.start()], word.capitalize() if found[0][0].isupper() else word]
        place = found.end()
        if wanted == "they" and case == "subject" and (verb := _VERB.match(trait, place)):
            parts.append(verb["gap"] + _plural(verb["verb"]))
            place = verb.end()
    return "".join([*parts, trait[place:]])


def _case(before: str, word: str, after: str) -> str:
    """ "her" and "his" are two words each: what stands around them decides."""
    if word in _CASES:
        return _CASES[word]
    if _AFTER_NOUN.match(after) and not (word == "her" and _CAUSES.search(before)):
        return "possessive"
    return "object" if word == "her" else "own"


def _plural(verb: str) -> str:
    """The form after "they"."""
    if verb in _PLURAL:
        return _PLURAL[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return f"{verb[:-3]}y"
    if verb.endswith(("shes", "ches", "sses", "xes", "zzes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb
