"""explain: what pydantic found wrong with a config, in sentences for somebody who does not know the code."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

__all__ = ["explain"]

Location = tuple[int | str, ...]
Sections = list[type[BaseModel]]

_SECRET = ("key", "token", "secret", "password")


def explain(error: ValidationError, model: type[BaseModel], source: str, overrides: Sequence[str] = ()) -> str:
    """One line for each problem: where it stands, the key, what was given, what would be right."""
    problems = error.errors()
    inner = {problem["loc"] for problem in problems}
    lines: dict[str, None] = {}
    for problem in problems:
        place = problem["loc"]
        # A list of which an item is wrong is reported as too short, too.
        if problem["type"] == "too_short" and any(
            len(loc) > len(place) and loc[: len(place)] == place for loc in inner
        ):
            continue
        key, sections = _walk(model, place)
        lines[f"{_source(key, source, overrides)}: {_sentence(problem, key, sections)}"] = None
    return "\n".join(lines)


def _walk(model: type[BaseModel], location: Location) -> tuple[str, Sections]:
    """The dotted key as it stands in the file, and the sections that may stand there.

    pydantic puts the tag of a union's member into its location: it picks the section, and is no part of the key.
    """
    shown: list[str] = []
    sections: Sections = [model]
    for part in location:
        fields = [
            section.model_fields[part] for section in sections if isinstance(part, str) and part in section.model_fields
        ]
        tagged = [section for section in sections if any(part == value for _, value in _tags(section))]
        if fields:
            sections = [found for field in fields for found in _sections(field.annotation)] or []
        elif tagged:
            sections = tagged
            continue
        shown.append(str(part))
    return ".".join(shown), sections


def _sections(annotation: Any) -> Sections:
    """The config classes inside an annotation such as `dict[str, X]`, `tuple[X, ...]` or `X | Y`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _sections(inner)]


def _tags(section: type[BaseModel]) -> list[tuple[str, Any]]:
    """What a union tells this section by: its first field that can have one value alone, and that value."""
    for name, field in section.model_fields.items():
        values = get_args(field.annotation)
        if get_origin(field.annotation) is Literal and len(values) == 1:
            return [(name, values[0])]
    return []


def _source(key: str, source: str, overrides: Iterable[str]) -> str:
    for override in overrides:
        named = override.partition("=")[0].strip()
        if key == named or key.startswith(f"{named}.") or named.startswith(f"{key}."):
            return f"override {override!r}"
    return source


def _sentence(problem: Any, key: str, sections: Sections) -> str:
    given = f"key {key!r} = {_short(problem['input'], key)}"
    match problem["type"]:
        case "extra_forbidden":
            return _unknown(problem, key, sections)
        case "missing":
            return f"key {key!r} is missing; add it"
        case "union_tag_invalid":
            tag = problem["ctx"]["discriminator"].strip("'")
            return f"key {f'{key}.{tag}'!r} = {problem['ctx']['tag']!r} is not known; use one of {problem['ctx']['expected_tags']}"
        case "union_tag_not_found" | "model_attributes_type" if any(_tags(section) for section in sections):
            tags = [tag for section in sections for tag in _tags(section)]
            kinds = ", ".join(repr(value) for _, value in tags)
            return f"{given}: a table is needed that says which it is, {tags[0][0]} = one of {kinds}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{given}: a table is needed here, with keys of its own"
        case "tuple_type" | "list_type":
            return f"{given}: a list is needed here"
        case "too_short":
            return f"{given}: there must be at least one"
        case _:
            message = problem["msg"].removeprefix("Value error, ")
            return f"{given + ': ' if key else ''}{message[:1].lower()}{message[1:]}"


def _unknown(problem: Any, key: str, sections: Sections) -> str:
    last = str(problem["loc"][-1])
    known = sorted({name for section in sections for name in section.model_fields})
    near = difflib.get_close_matches(last, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known) or 'none'}"
    return f"unknown key {key!r} = {_short(problem['input'], key)}; {hint}"


def _short(value: Any, key: str) -> str:
    """What was given, unless it looks like something that must not be shown."""
    last = key.rpartition(".")[2].lower()
    if isinstance(value, str) and any(word in last for word in _SECRET) and not last.endswith("_env"):
        return "(not shown)"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
