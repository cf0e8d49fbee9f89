"""invented: values that fit a JSON schema, for answers and tool calls of the scripted engine."""

import random
from collections.abc import Mapping
from typing import Any

__all__ = ["invent"]

_DEPTH = 12


def invent(
    schema: Mapping[str, Any], draw: random.Random, text: str, root: Mapping[str, Any] | None = None, depth: int = 0
) -> Any:
    """A value that fits `schema`, as far as types, ranges and choices go; `text` stands wherever a string is wanted."""
    root = schema if root is None else root
    if "$ref" in schema:
        return invent(root.get("$defs", {})[schema["$ref"].rpartition("/")[2]], draw, text, root, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            options = (
                [one for one in schema[union] if one.get("type") != "null"] if depth < _DEPTH else schema[union][-1:]
            )
            return invent(options[0], draw, text, root, depth + 1)
    return _of_type(schema, draw, text, root, depth)


def _of_type(schema: Mapping[str, Any], draw: random.Random, text: str, root: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type", "object" if "properties" in schema else "string"):
        case "object":
            fields = schema.get("properties", {})
            return {name: invent(field, draw, text, root, depth + 1) for name, field in fields.items()}
        case "array":
            count = max(schema.get("minItems", 0), int(depth < _DEPTH))
            return [invent(schema.get("items", {}), draw, text, root, depth + 1) for _ in range(count)]
        case "integer":
            return draw.randint(*_range(schema, 1))
        case "number":
            return round(draw.uniform(*_range(schema, 0)), 3)
        case "boolean":
            return draw.random() < 0.5
        case "null":
            return None
        case _:
            return text[: schema.get("maxLength", len(text))]


def _range(schema: Mapping[str, Any], step: int) -> tuple[Any, Any]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -step) + step)
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 9 + step) - step)
    return low, max(low, high)
