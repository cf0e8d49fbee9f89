"""drafts: the people in a model's answer, in whatever shape it lists them: JSON, numbered, bulleted, by blank lines, line by line.

Nothing is an error here: what cannot be read gives fewer drafts, and the text around a list belongs to nobody.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

__all__ = ["Draft", "read_drafts"]

Draft = tuple[str, ...]
"""What a model wrote of one person: sentence by sentence where it listed them so, or one text."""

_ITEM_KEYS = ("facts", "traits", "items", "sentences")
_TEXT_KEYS = ("profile", "personality", "persona", "description", "text")
_TITLE_WORDS = 8

_WHO = r"(?:person|people|persona|personality|profile|character|individual)"
_FENCE = re.compile(r"^\s*(?:```|~~~)\w*\s*$", re.MULTILINE)
_HEADING = re.compile(
    rf"#{{1,6}}\s+(?P<title>.*)|[*_]*{_WHO}\s*#?\d{{1,3}}[*_]*\s*(?:[:.)–-][*_]*\s*|$)(?P<rest>.*)", re.I
)
_NUMBER = re.compile(r"[*_]*[(\[#]?(?P<number>\d{1,3})(?:[.):\]]|\s[-–])[*_]*(?:\s+|$)(?P<rest>.*)")
_BULLET = re.compile(r"[-*•▪‣–+]\s+(?P<rest>.*)")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.!?])[*_](?!\w)")
_OPENING = re.compile(r"[\[{]\s*[\[{\"]")
_STRING = re.compile(r"[\s,]*\"")
_DECODER = json.JSONDecoder()
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»"}


class _Line(NamedTuple):
    kind: Literal["blank", "heading", "number", "bullet", "plain"]
    text: str = ""
    """Without its mark."""
    number: int = 0
    indent: int = 0


def read_drafts(text: str) -> tuple[Draft, ...]:
    """All drafts in an answer, in order.

    Numbers or bullets below a heading or a number are the sentences of one person; so are groups of bullets between blank lines.
    """
    text = _FENCE.sub("", text).strip()
    try:
        found = list(_from_json(text))
    except RecursionError:  # no list of people is nested like that
        found = []
    found = found or list(_from_lines([_line(line) for line in text.splitlines()]))
    drafts = (tuple(part for part in map(_plain, draft) if re.search(r"\w", part)) for draft in found)
    return tuple(draft for draft in drafts if draft)


def _plain(text: str) -> str:
    """Without emphasis, quotes around it and runs of blanks."""
    text = " ".join(_MARKS.sub("", text).split())
    if len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[-1] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


# -- JSON ----------------------------------------------------------------------------------------


def _from_json(text: str) -> Iterator[Draft]:
    """The values in a text that is JSON for the most part, as far as they are whole: answers are cut off in the middle."""
    values: list[Any] = []
    place = read = 0
    while found := _OPENING.search(text, place):
        try:
            value, place = _DECODER.raw_decode(text, found.start())
            values.append(value)
        except ValueError:
            strings, place = _strings(text, found.start() + 1) if found[0][0] == "[" else ([], found.start() + 1)
            values += strings
        read += place - found.start()
    if 2 * read >= len(text):
        yield from (draft for value in values for draft in _drafts_in(value))


def _strings(text: str, place: int) -> tuple[list[str], int]:
    """The whole strings at the beginning of a list that is broken off, and where they end."""
    strings: list[str] = []
    while found := _STRING.match(text, place):
        try:
            string, place = _DECODER.raw_decode(text, found.end() - 1)
        except ValueError:
            break
        strings.append(string)
    return strings, place


def _drafts_in(value: Any) -> Iterator[Draft]:
    if isinstance(value, str):
        yield (value,)
    elif isinstance(value, list):
        for inner in value:  # a list in a list is one person, and so is each text of the outer one
            yield from [tuple(map(str, inner))] if isinstance(inner, list) else _drafts_in(inner)
    elif isinstance(value, dict):
        yield from _drafts_of(value)


def _drafts_of(value: dict[str, Any]) -> Iterator[Draft]:
    """One person with named parts, or people under a name."""
    lower = {key.lower(): inner for key, inner in value.items()}
    own = next((lower[key] for key in (*_ITEM_KEYS, *_TEXT_KEYS) if _is_own(lower.get(key))), None)
    inside = [inner for inner in value.values() if isinstance(inner, (list, dict))]
    if own is not None:
        yield (own,) if isinstance(own, str) else tuple(own)
    elif inside:
        yield from (draft for inner in inside for draft in _drafts_in(inner))
    else:
        yield tuple(str(inner) for inner in value.values())


def _is_own(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value)
    )


# -- lines ---------------------------------------------------------------------------------------


def _line(line: str) -> _Line:
    text = line.strip()
    indent = len(line) - len(line.lstrip())
    if not text:
        return _Line("blank")
    if found := _HEADING.fullmatch(text):
        return _Line("heading", found["rest"] or "", indent=indent)
    if found := _NUMBER.fullmatch(text):
        return _Line("number", found["rest"], int(found["number"]), indent)
    if found := _BULLET.fullmatch(text):
        return _Line("bullet", found["rest"], indent=indent)
    return _Line("plain", text, indent=indent)


def _from_lines(lines: Sequence[_Line]) -> Iterator[Draft]:
    """Cut where people begin. If nothing says where, blank lines do, or else each line is one."""
    starts = _starts(lines)
    if starts:
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield _listed(lines[start:end], lines[start].kind != "bullet")
        return
    groups = _groups(lines)
    if len(groups) == 1:
        yield from ((lines[place].text,) for place in groups[0])
    for group in groups if len(groups) > 1 else ():
        if not lines[group[-1]].text.endswith(":"):
            yield (" ".join(lines[place].text for place in group),)


def _starts(lines: Sequence[_Line]) -> list[int]:
    """The lines with which people begin; none if no line is marked."""
    for kind in ("heading", "number", "bullet"):
        marked = [place for place, line in enumerate(lines) if line.kind == kind]
        if not marked:
            continue
        if kind == "number" and sum(lines[place].number == 1 for place in marked) > 1:
            return [
                place for place in marked if lines[place].number == 1
            ]  # sentences are numbered, anew for each person
        if kind == "bullet" and len(people := _bullet_groups(lines)) > 1:
            return people
        outermost = min(lines[place].indent for place in marked)
        return [place for place in marked if lines[place].indent == outermost]
    return []


def _bullet_groups(lines: Sequence[_Line]) -> list[int]:
    """The first lines of the groups between blank lines that have several bullets."""
    return [group[0] for group in _groups(lines) if sum(lines[place].kind == "bullet" for place in group) > 1]


def _groups(lines: Sequence[_Line]) -> list[list[int]]:
    """The places of the lines between blank ones."""
    groups: list[list[int]] = [[]]
    for place, line in enumerate(lines):
        if line.kind != "blank":
            groups[-1].append(place)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _listed(lines: Sequence[_Line], titled: bool) -> Draft:
    """One person's lines: marked ones are sentences, others go on with the line above them."""
    parts = [lines[0].text]
    after_blank = False
    for line in lines[1:]:
        if line.kind in ("number", "bullet"):
            parts.append(line.text)
        elif line.kind == "plain":
            if after_blank and (len(parts) > 1 or not _is_title(parts[0])):
                break  # the list is over
            parts[-1] = f"{parts[-1]} {line.text}"
        after_blank = line.kind == "blank"
    return tuple(parts[1:] if titled and len(parts) > 1 and _is_title(parts[0]) else parts)


def _is_title(text: str) -> bool:
    return len(text.split()) <= _TITLE_WORDS and not text.rstrip("*_").endswith((".", "!", "?", "…"))
