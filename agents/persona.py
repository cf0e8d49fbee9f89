"""persona: who a simulated user is: everyday facts that drive the topics, and traits that drive the style.

Facts and traits are sentences in the first person, as the person would say them, so that a persona needs no pronoun
of its own, any profile goes with any personality, and a fact can be disclosed in a conversation word for word.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from interalign.errors import ConfigError, MissingError

__all__ = ["Persona", "Personality", "Profile", "read_jsonl", "read_personas"]

Attributes = dict[str, str | int]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str = Field(min_length=1)
    """Unique in its file."""
    attributes: Attributes = {}
    """What can be counted over a pool: age, country, occupation, tone ..."""

    @model_validator(mode="after")
    def _storable(self) -> "_Data":
        for name, text in (
            ("id", self.id),
            *((f"attributes.{key}", f"{key}{value}") for key, value in self.attributes.items()),
        ):
            _refuse_surrogates(name, text)
        return self


class Profile(_Data):
    """Objective everyday facts about one person."""

    facts: tuple[str, ...] = Field(min_length=1)
    """Sentences, each of which stands alone."""

    @model_validator(mode="after")
    def _not_blank(self) -> "Profile":
        return _no_blank_items(self, "facts")


class Personality(_Data):
    """How one person talks and what they like in whom they talk to."""

    traits: tuple[str, ...] = Field(min_length=1)
    """Sentences, each of which can be heard in a chat."""

    @model_validator(mode="after")
    def _not_blank(self) -> "Personality":
        return _no_blank_items(self, "traits")


class Persona(_Data):
    """A profile and a personality in one person.

    A line of a persona file may give `profile` and `personality` as plain text instead of the lists.
    """

    facts: tuple[str, ...] = Field(min_length=1)
    """The profile: what the person could tell of their life, one thing a sentence."""
    traits: tuple[str, ...] = Field(min_length=1)
    """The personality: how the person talks and wants to be talked to, one thing a sentence."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        for text, items in (("profile", "facts"), ("personality", "traits")):
            if isinstance(data.get(text), str) and items not in data:
                data[items] = (data.pop(text),)
        return data

    @model_validator(mode="after")
    def _not_blank(self) -> "Persona":
        _no_blank_items(self, "facts")
        return _no_blank_items(self, "traits")

    @classmethod
    def of(cls, profile: Profile, personality: Personality) -> "Persona":
        """Combine the two halves; the id names both."""
        attributes = {**personality.attributes, **profile.attributes}
        return cls(
            id=f"{profile.id}+{personality.id}",
            facts=profile.facts,
            traits=personality.traits,
            attributes=attributes,
        )

    @property
    def profile(self) -> str:
        """The facts as running text."""
        return " ".join(self.facts)

    @property
    def personality(self) -> str:
        """The traits as running text."""
        return " ".join(self.traits)

    @property
    def items(self) -> tuple[str, ...]:
        """Facts, then traits: everything that a conversation can disclose."""
        return self.facts + self.traits


D = TypeVar("D", bound=_Data)


def read_personas(path: str | Path) -> list[Persona]:
    """All personas of a JSONL file. Raises as `read_jsonl`."""
    return read_jsonl(Path(path), Persona)


def read_jsonl(path: Path, kind: type[D]) -> list[D]:
    """One `kind` per line.

    Raises:
        MissingError: there is no such file.
        ConfigError: a line is broken, empty of meaning, or its id or text was there before. Names file and line.
    """
    rows: list[D] = []
    seen: dict[Any, int] = {}
    for number, text in _lines(path):
        row = _parse(path, number, text, kind)
        for mark in (("id", row.id), row.model_dump_json(exclude={"id", "attributes"})):
            if mark in seen:
                what = f"id {row.id!r}" if isinstance(mark, tuple) else f"content of {row.id!r}"
                raise ConfigError(
                    f"{path}, line {number}: the {what} stands on line {seen[mark]} too; remove one of them"
                )
            seen[mark] = number
        rows.append(row)
    if not rows:
        raise ConfigError(f"{path}: no {kind.__name__.lower()} in it; give one JSON object a line")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null byte in the path
        raise MissingError(f"no persona file at {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise MissingError(f"{str(path)!r} is a folder; give the path of a JSONL file") from None
    except OSError as error:
        raise MissingError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{path}, line {number}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
            ) from None
        if text.strip():
            yield number, text


def _parse(path: Path, number: int, text: str, kind: type[D]) -> D:
    where = f"{path}, line {number}"
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise ConfigError(
                f"{where}: more than one JSON value on the line (the second starts at column {error.colno}); "
                "put each on a line of its own"
            ) from None
        raise ConfigError(f"{where}: not valid JSON at column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{where}: a value is too large or nested too deeply; a persona is a flat object") from None
    if not isinstance(data, dict):
        raise ConfigError(f'{where}: a {type(data).__name__} where a JSON object is needed, such as {{"id": ...}}')
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ").replace("valid tuple", "list of texts")
        wanted = ", ".join(kind.model_fields)
        raise ConfigError(f"{where}: {f'key {key!r}: ' if key else ''}{message}; the keys are {wanted}") from None


M = TypeVar("M", bound=BaseModel)


def _no_blank_items(row: M, field: str) -> M:
    items: tuple[str, ...] = getattr(row, field)
    for place, item in enumerate(items):
        if not item.strip():
            raise ValueError(f"{field}[{place}] is empty; give it text or take it out")
        _refuse_surrogates(f"{field}[{place}]", item)
    return row


def _refuse_surrogates(name: str, text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{name} holds half a surrogate pair, which no UTF-8 file can store; mend it")
