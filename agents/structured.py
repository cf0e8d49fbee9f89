"""structured: answers that are JSON of a pydantic type: how a model is asked for one, and how it is found in what it wrote.

Engines that take a schema answer with nothing else; from others the JSON comes in fences, after a preamble, or with the faults
that models make. The last object that fits the type is the answer, because models reason first and conclude last.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from interalign.errors import ParseError

__all__ = ["json_request", "read_json"]

M = TypeVar("M", bound=BaseModel)

_STARTS = 50
"""Opening braces that are tried; a text with more of them is no answer."""
_LENGTH = 20_000
"""Characters at the end that are looked at."""
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
_WORDS = {"true": "True", "false": "False", "null": "None"}
_WORD = re.compile(r"\b(?:true|false|null)\b")
_decode = json.JSONDecoder(strict=False).raw_decode


def json_request(output: type[BaseModel]) -> str:
    """A sentence for a prompt that asks for an answer of that type, with what each key means."""
    schema = output.model_json_schema()
    lines = [f"- {name}: {_describe(field, schema)}" for name, field in schema.get("properties", {}).items()]
    return "\n".join(["Answer with one JSON object and nothing else. Its keys:", *lines])


def _describe(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in field:
        field = {**schema.get("$defs", {}).get(field["$ref"].rpartition("/")[2], {}), **field}
    if "enum" in field:
        kind = "one of " + ", ".join(json.dumps(value, ensure_ascii=False) for value in field["enum"])
    elif "anyOf" in field:
        kind = " or ".join(_describe({**one, "description": ""}, schema) for one in field["anyOf"])
    elif field.get("type") == "array":
        kind = f"a list, each {_describe(field.get('items', {}), schema)}"
    else:
        limits = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
        kind = " ".join([str(field.get("type", "any value")), *limits])
    return f"{kind} ({field['description']})" if field.get("description") else kind


def read_json(text: str, output: type[M]) -> M:
    """The last JSON object in `text` that is an `output`.

    Raises:
        ParseError: there is none; says what is wrong with the last object.
    """
    problem = "there is no JSON object in it"
    for place, value in enumerate(reversed(list(_objects(text[-_LENGTH:])))):
        try:
            return output.model_validate(value)
        except ValidationError as error:
            problem = problem if place else _sentence(error)
    raise ParseError(f"the answer is no {output.__name__}: {problem}")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return f"key {key!r}: {first['msg']}" if key else first["msg"]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost objects of a text, in their order."""
    here = 0
    for _ in range(_STARTS):
        here = text.find("{", here)
        if here < 0:
            return
        value, end = _read_at(text, here)
        if isinstance(value, dict):
            yield value
        here = end


def _read_at(text: str, start: int) -> tuple[Any, int]:
    """The object that begins at `start`, and where it ends; None and the next place where there is none."""
    try:
        return _decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = _end(text, start)
    if end is not None:
        try:
            return ast.literal_eval(_as_python(text[start:end])), end
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            pass
    return None, start + 1


def _end(text: str, start: int) -> int | None:
    """Where the braces that open at `start` are balanced, quotes aside."""
    depth = 0
    for match in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


def _as_python(text: str) -> str:
    """JSON with single quotes or trailing commas, as Python reads it; texts in double quotes stay as they are."""
    parts: list[str] = []
    last = 0
    for match in _STRING.finditer(text):
        parts += [_mend(text[last : match.start()]), match[0]]
        last = match.end()
    return "".join([*parts, _mend(text[last:])])


def _mend(text: str) -> str:
    return _WORD.sub(lambda match: _WORDS[match[0]], _TRAILING_COMMA.sub(r"\1", text))
