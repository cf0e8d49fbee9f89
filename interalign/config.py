"""config: TOML files and dotted overrides become frozen pydantic models, with errors a person can act on.

A TOML file holds only what differs from the defaults in the classes. An override is `a.b=value`, the value read as TOML,
or as plain text where it is none: `--set run.turns=4 --set cast.judge=embedding`.
"""

import copy
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from interalign.errors import ConfigError, MissingError
from interalign.explain import explain

__all__ = ["Config", "digest", "load_config", "parse_config", "read_toml", "without_none"]


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
    merged = copy.deepcopy(dict(data))
    overrides = list(overrides)
    for override in overrides:
        _set(merged, override)
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(explain(error, model, source, overrides)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file. Raises MissingError or ConfigError with the line that is broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(f"no config file at {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise MissingError(f"{str(path)!r} is a folder; give the path of a TOML file") from None
    except OSError as error:
        raise MissingError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: a value is too large or nested too deeply to be read ({error})") from None


def digest(model: BaseModel, exclude: Any = None) -> str:
    """A hash of the resolved values, equal for equal configs whatever the order of keys in the file."""
    values = without_none(model.model_dump(mode="json", exclude=exclude))
    text = json.dumps(values, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def without_none(value: Any) -> Any:
    """TOML has no null: a key without a value is left out."""
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [without_none(inner) for inner in value if inner is not None]
    return value


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
    places = f"use 0 to {len(target) - 1}" if target else "it has no items to set"
    raise ConfigError(f"override {override!r}: {part!r} is no index of a list of {len(target)}; {places}")


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text.strip()
    return read["value"] if len(read) == 1 else text.strip()
