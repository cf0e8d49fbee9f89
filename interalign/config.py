"""config: TOML files and dotted overrides become frozen pydantic models, with errors a person can act on.

A TOML file holds only what differs from the defaults in the classes. An override is `a.b=value`, the value read as TOML,
or as plain text where it is none: `--set run.turns=4 --set cast.judge=embedding`.
"""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from interalign.errors import ConfigError, MissingError

__all__ = ["Config", "digest", "load_config", "parse_config", "read_toml"]


class Config(BaseModel):
    """Base of every config section: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


C = TypeVar("C", bound=BaseModel)


def load_config(path: str | Path, model: type[C], overrides: Iterable[str] = ()) -> C:
    """Read `path` as TOML, apply the `a.b=value` overrides and validate.

    Raises:
        ConfigError: the TOML is broken, a key is unknown, or a value has the wrong type.
        MissingError: there is no such file.
    """
    return parse_config(read_toml(Path(path)), model, overrides, source=str(path))


def parse_config(data: Mapping[str, Any], model: type[C], overrides: Iterable[str] = (), source: str = "config") -> C:
    """Validate already-read data; `source` names it in error messages."""
    merged = json.loads(json.dumps(data))
    for override in overrides:
        _set(merged, override)
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_explain(error, model, source)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file. Raises MissingError or ConfigError with the line that is broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingError(f"no config file at {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise MissingError(f"{str(path)!r} is a folder; give the path of a TOML file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def digest(model: BaseModel, exclude: Any = None) -> str:
    """A hash of the resolved values, equal for equal configs whatever the order of keys in the file."""
    text = json.dumps(model.model_dump(mode="json", exclude=exclude), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _set(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"override {override!r} is not of the form key=value, for example run.turns=4")
    target: Any = data
    for part in parts[:-1]:
        target = _step(target, part, override, create=True)
    last = parts[-1]
    if isinstance(target, list):
        target[_index(target, last, override)] = _value(text)
    elif isinstance(target, dict):
        target[last] = _value(text)
    else:
        raise ConfigError(f"override {override!r}: {parts[-2]!r} holds the value {target!r}, it has no keys below it")


def _step(target: Any, part: str, override: str, create: bool) -> Any:
    if isinstance(target, list):
        return target[_index(target, part, override)]
    if isinstance(target, dict):
        return target.setdefault(part, {}) if create else target[part]
    raise ConfigError(f"override {override!r}: nothing can be set below the value {target!r}")


def _index(target: list[Any], part: str, override: str) -> int:
    if part.isdecimal() and int(part) < len(target):
        return int(part)
    raise ConfigError(
        f"override {override!r}: {part!r} is no index of a list of {len(target)}; use 0 to {len(target) - 1}"
    )


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text.strip()


def _explain(error: ValidationError, model: type[BaseModel], source: str) -> str:
    lines = [f"{source}: {_problem(problem, model)}" for problem in error.errors()]
    return "\n".join(lines)


def _problem(problem: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _known_keys(model, problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known) or 'none'}"
        return f"unknown key {key!r} = {_short(problem['input'])}; {hint}"
    if problem["type"] == "missing":
        return f"key {key!r} is missing; add it"
    message = problem["msg"].removeprefix("Value error, ")
    where = f"key {key!r} = {_short(problem['input'])}: " if key else ""
    return f"{where}{message[:1].lower()}{message[1:]}"


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The field names of the section that `path` leads to; empty where it cannot be told."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue
        current = _section(field.annotation)
    return sorted(getattr(current, "model_fields", {}))


def _section(annotation: Any) -> Any:
    """The first config class inside an annotation such as `dict[str, X]`, `tuple[X, ...]` or `X | str`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section(inner)
        if found is not None:
            return found
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
