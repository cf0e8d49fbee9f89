"""tables: the files of others as records: a JSON object a line, CSV, lines of text, TinyTroupe's agents. Errors name the line."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from interalign.errors import ConfigError, MissingError
from interalign.sim.personas.tinytroupe import is_agent, read_agent

__all__ = ["Format", "Record", "guard_formula", "records_of"]

Format = Literal["jsonl", "csv", "persona_hub", "tinytroupe"]

_SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "persona_hub",
    ".json": "tinytroupe",
}
_LARGEST_CELL = 1 << 27
_NUMBER = re.compile(r"0|-?[1-9]\d{0,14}")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class Record(NamedTuple):
    """One person as the file has it: values by column."""

    where: str
    """File and line."""
    values: dict[str, Any]


def records_of(file: Path, format: Format | None = None) -> Iterator[Record]:
    """Everybody in a file; without a format its name says what it holds.

    Raises:
        ConfigError, MissingError: it cannot be read.
    """
    format = format or _format_of(file)
    text = _read(file)
    if format == "tinytroupe":
        return _agents(file, text)
    if format == "csv":
        return _table(file, text)
    return _lines(file, text, plain=format == "persona_hub")


def guard_formula(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; reading it gives the text again."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _format_of(file: Path) -> Format:
    if file.suffix.lower() not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise ConfigError(
            f"what {str(file)!r} holds cannot be told from its name (known endings: {known}); say it with --from"
        )
    return _SUFFIXES[file.suffix.lower()]


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null byte in the path
        raise MissingError(f"no file at {str(file)!r}; check the path") from None
    except IsADirectoryError:
        raise MissingError(f"{str(file)!r} is a folder; give its files") from None
    except OSError as error:
        raise MissingError(f"{file} cannot be read ({error.strerror}); check its permissions") from None


def _agents(file: Path, text: str) -> Iterator[Record]:
    """The agents of a file: one, or a list of them."""
    data = _json(f"{file}", text)
    for place, agent in enumerate(data if isinstance(data, list) else [data], 1):
        where = f"{file}, agent {place}" if isinstance(data, list) else f"{file}"
        if not is_agent(agent):
            example = '{"persona": {"name": ...}}'
            raise ConfigError(
                f"{where}: no agent of TinyTroupe, which is an object like {example}; say with --from what it is"
            )
        yield Record(where, read_agent(agent))


def _lines(file: Path, text: str, plain: bool) -> Iterator[Record]:
    """JSON objects, a line each; with `plain` also lines that are a text each."""
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{file}, line {number}"
        if plain and line.strip() and not line.lstrip().startswith("{"):
            yield Record(where, {"persona": line.strip()})
        elif line.strip():
            values = _json(where, line)
            if not isinstance(values, dict):
                raise ConfigError(
                    f'{where}: a {type(values).__name__} where an object is needed, such as {{"persona": ...}}'
                )
            yield Record(where, values)


def _json(where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{where}: not valid JSON at column {error.colno}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{where}: a value is too large or nested too deeply") from None


def _table(file: Path, text: str) -> Iterator[Record]:
    """CSV with commas, semicolons or tabs, whichever the first line has most of."""
    csv.field_size_limit(_LARGEST_CELL)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"{file}, line 1: the column {twice!r} stands there twice; rename one of them")
        for cells in reader:
            where = f"{file}, line {reader.line_num}"
            if any(cells) and len(cells) != len(names):
                raise ConfigError(
                    f"{where}: {len(cells)} cells, but {len(names)} columns; are quotes missing around a text?"
                )
            if any(cells):
                yield Record(
                    where, {name: _cell(cell) for name, cell in zip(names, cells, strict=True) if cell.strip()}
                )
    except csv.Error as error:
        raise ConfigError(f"{file}, line {reader.line_num}: not valid CSV: {error}") from None


def _cell(text: str) -> Any:
    """A list that stands there as JSON, a whole number, or a text."""
    if text.lstrip().startswith("["):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return read if isinstance(read, list) else text
    if _NUMBER.fullmatch(text):
        return int(text)
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
