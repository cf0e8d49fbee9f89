"""rating: the score from 1 to 5 that a model's answer gives. What is out of range or could be two scores is none.

Models answer "4", "**Score:** 4/5", "four", a JSON object, or a page of reasons with the score at its end; they also count
dogs, number their points and give three scores where one was asked for. A number counts if it stands alone, or if all that
leads up to it are words that announce a score.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

__all__ = ["Rating", "read_score", "read_scores"]


class Rating(NamedTuple):
    """A score, or the reason why there is none."""

    value: float | None
    reason: str = ""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {word: value for value, word in enumerate(_NAMES)}
_ANNOUNCE = _set("score scores rating rate rated grade overall final total mark give award assign deserves")
_FILL = _set(
    "the my a an is are be as at of to for it its it's this that i i'd i'll would say reply response answer so thus hence "
    "therefore gets get with well and verdict or maybe perhaps"
)
_AFTER = _set("out of points point stars star because since as for on overall and but or")
_NUMBER = re.compile(rf"(?<![\w.])(?:-?\d+(?:\.\d+)?|{'|'.join(_WORDS)})(?![\w%])")
_SCALE = re.compile(
    r"\(?\b(?:(?:on )?a scale )?(?:from |of |between )?(?:1|one)\s*(?:-|–|to|and|through)\s*(?:5|five)\b\)?"
)
_OF = re.compile(r"\s*(?:/|out of|of)\s*(\d+(?:\.0+)?|five|ten)(?![\w])(?!\.\d)")
_POINT = re.compile(r"^\s*\d+[.)]\s+\S", re.MULTILINE)
_MARKUP = re.compile(r"[*_`#>\"“”|]+")
_LEAD_END = re.compile(r"[.,;!?\n()]")
_SYNONYMS = {"human": ("human", "human-likeness", "human-like", "humanness", "likeness", "like")}


def read_score(text: str, names: Sequence[str] = ()) -> Rating:
    """The one score in an answer; `names` are words that may announce it besides "score" and its like.

    The last line decides where it alone is clear (models reason first and conclude last).
    """
    found = _json_score(text)
    if found is not None:
        return found
    plain = _plain(text)
    lines = [line for line in plain.splitlines() if line.strip()]
    if not lines:
        return Rating(None, "the answer is empty")
    own = frozenset(word for name in names for word in _SYNONYMS.get(name, (name,)))
    for part in (lines[-1], plain):
        values = set(_announced(part, own, listed=len(_POINT.findall(plain)) > 1))
        if len(values) == 1:
            return _in_range(values.pop())
        if len(values) > 1:
            named = ", ".join(f"{value:g}" for value in sorted(values)[:5])
            return Rating(None, f"the answer gives several scores ({named})")
    return Rating(None, "the answer gives no score")


def read_scores(text: str, names: Sequence[str]) -> dict[str, Rating]:
    """One score for each name, from a JSON object or from lines and phrases such as "Style: 4"."""
    data = _object(text)
    if data is not None:
        lowered = {str(key).lower(): value for key, value in data.items()}
        return {name: _value(lowered.get(name)) for name in names}
    found: dict[str, Rating] = {}
    plain = _plain(text)
    for name in names:
        label = "|".join(re.escape(word) for word in _SYNONYMS.get(name, (name,)))
        pairs = re.findall(rf"\b(?:{label})\b(?: score)?\s*[:=]\s*({_NUMBER.pattern})", plain)
        values = {_number(pair) for pair in pairs}
        if len(values) == 1:
            found[name] = _in_range(values.pop())
        else:
            found[name] = Rating(None, f"the answer gives {'several scores' if values else 'no score'} for {name}")
    return found


def _plain(text: str) -> str:
    lowered = unicodedata.normalize("NFKC", text).lower().replace("\u2212", "-").replace("\u2019", "'")
    return _SCALE.sub(" ", _MARKUP.sub(" ", lowered))


def _announced(text: str, names: frozenset[str], listed: bool) -> Iterator[float]:
    """The numbers of a text that are given as scores. A scale other than 5 gives a number that is out of range."""
    end = 0
    for match in _NUMBER.finditer(text):
        if match.start() < end:
            continue
        lead = _LEAD_END.split(text[end : match.start()])[-1]
        scale = _OF.match(text, match.end())
        point = listed and not scale and _POINT.match(text, text.rfind("\n", 0, match.start()) + 1) is not None
        end = scale.end() if scale else match.end()
        if not point and _counts(match.group(), lead, text[end : end + 80], names, bool(scale)):
            of = _number(scale[1]) if scale else 5.0
            yield _number(match.group()) if of == 5.0 else math.inf


def _counts(number: str, lead: str, rest: str, names: frozenset[str], scaled: bool) -> bool:
    """Whether what stands before and after a number makes it a score."""
    words = re.findall(r"[^\W\d]+(?:['-][^\W\d]+)*", lead)
    if not all(word in _ANNOUNCE or word in _FILL or word in names for word in words):
        return scaled
    after = re.match(r"[ \t]*([^\W\d]+)", rest)
    if after and after[1] not in _AFTER:
        return False
    announced = scaled or any(word in _ANNOUNCE or word in names for word in words)
    return announced or number not in _WORDS or (not words and not rest.strip(" \t.!)\n"))


def _number(text: str) -> float:
    return float(_WORDS[text]) if text in _WORDS else float(text)


def _in_range(value: float) -> Rating:
    if 1 <= value <= 5:
        return Rating(value)
    return Rating(
        None, f"{value:g} is no score from 1 to 5" if math.isfinite(value) else "the score is not one from 1 to 5"
    )


def _json_score(text: str) -> Rating | None:
    """The score of a JSON object: its "score" or "overall", or the one number in it. None where the answer is no object."""
    data = _object(text)
    if data is None:
        return None
    lowered = {str(key).lower(): value for key, value in data.items()}
    for key in ("score", "overall", "rating"):
        if key in lowered:
            return _value(lowered[key])
    numbers = {value for value in lowered.values() if isinstance(value, (int, float)) and not isinstance(value, bool)}
    if len(numbers) == 1:
        return _value(numbers.pop())
    return Rating(None, f"the answer gives {'several scores' if numbers else 'no score'}")


def _object(text: str) -> dict[Any, Any] | None:
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end:
        return None
    try:
        data = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _value(value: Any) -> Rating:
    """A score out of a JSON value."""
    if isinstance(value, str):
        return read_score(value) if "{" not in value else Rating(None, "the answer gives no score")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Rating(None, "the answer gives no score")
    try:
        return _in_range(float(value))
    except OverflowError:
        return _in_range(math.inf)
