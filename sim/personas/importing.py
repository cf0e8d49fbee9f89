"""importing: personas out of the files of others. Nothing is written before everything is read.

What a file gives as a list is taken as it is; a text is split into its sentences, or by a model.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from interalign.agents import Agent, Persona, Personality, Profile
from interalign.agents.persona import Attributes
from interalign.errors import CallError, ConfigError
from interalign.sim.calls import CallCache, CallPath
from interalign.sim.casting import make_role
from interalign.sim.engines import make_engine
from interalign.sim.personas.halves import Person
from interalign.sim.personas.settings import SplitConfig, player_model
from interalign.sim.personas.splitting import FactSplitter, sentences, split_by_model
from interalign.sim.personas.tables import Format, Record, records_of

__all__ = ["Imported", "Split", "import_people", "import_with"]

Split = Callable[[str], Awaitable[tuple[str, ...]]]
Items = tuple[str, ...]

_USUAL = {"id": ("id",), "facts": ("facts", "profile", "persona", "description"), "traits": ("traits", "personality")}
_ONE_LINER = re.compile(r"(?:an?|the)\s", re.IGNORECASE)


class Imported(NamedTuple):
    people: list[Person]
    notes: list[str]
    """What was left out or done otherwise than asked, in sentences."""


class _Row(NamedTuple):
    where: str
    id: str
    facts: Items | str
    """A list, or a text that is to be split."""
    traits: Items | str
    attributes: Attributes


async def import_people(
    files: Sequence[Path],
    mapping: Mapping[str, Sequence[str]],
    format: Format | None = None,
    split: Split | None = None,
) -> Imported:
    """All people of the files: personas where both facts and traits are there, otherwise profiles or personalities.

    `mapping` says which columns hold `id`, `facts`, `traits` and any attribute. Without it columns of the usual names are used,
    and all others become attributes.

    Raises:
        ConfigError, MissingError: a file cannot be used; names file and line.
        CallError: the model that is to split texts answers none.
    """
    rows: list[_Row] = []
    for file in files:
        stem = re.sub(r"\W+", "-", file.name.partition(".")[0]).strip("-") or "imported"
        rows += [
            _row(record, f"{stem}-{number:05d}", mapping)
            for number, record in enumerate(records_of(file, format), len(rows) + 1)
        ]
    if not rows:
        raise ConfigError(f"{', '.join(map(str, files))}: nobody in it; give at least one line")
    _check_kinds(rows)
    notes: list[str] = []
    if split is not None:
        rows = await _split_all(rows, split, notes)
    people: dict[Any, tuple[Person, str]] = {}
    for row in rows:
        person = _person(row)
        content = person.model_dump_json(exclude={"id", "attributes"})
        if content in people:
            notes.append(f"{row.where}: left out, it says the same as {people[content][1]}")
        elif ("id", person.id) in people:
            raise ConfigError(
                f"{row.where}: the id {person.id!r} stands in {people['id', person.id][1]} too; change one of them"
            )
        else:
            people[content] = people["id", person.id] = (person, row.where)
    return Imported([person for mark, (person, _) in people.items() if isinstance(mark, str)], notes)


async def import_with(
    config: SplitConfig | None, files: Sequence[Path], mapping: Mapping[str, Sequence[str]], format: Format | None
) -> Imported:
    """The same, with texts split by the model that a config names, if there is one."""
    if config is None:
        return await import_people(files, mapping, format)
    model = player_model(config.splitter, config.models, "splitter")
    role = make_role(config.splitter, "splitter", FactSplitter)
    cache = CallCache(Path(config.calls.cache)) if config.calls.cache else None
    calls = CallPath({model: make_engine(config.models[model])}, config.calls, cache=cache)
    agent = Agent(role, model, config.splitter.parameters)
    try:
        return await import_people(files, mapping, format, lambda text: split_by_model(calls, agent, text))
    finally:
        await calls.close()
        if cache is not None:
            cache.close()


def _row(record: Record, id: str, mapping: Mapping[str, Sequence[str]]) -> _Row:
    """The parts of a person, taken from the columns that hold them."""
    where, values = record
    columns: dict[str, Sequence[str]] = dict(mapping)
    for ours, usual in _USUAL.items() if not mapping else ():
        columns[ours] = [name for name in usual if name in values][:1]
    named = {name for names in columns.values() for name in names}
    if named and not named & values.keys():
        there = ", ".join(map(repr, values)) or "none"
        raise ConfigError(f"{where}: no column {next(iter(named))!r}; there are {there}")
    own = values.get("attributes")
    attributes: Attributes = {}
    if not mapping:
        others = {name: value for name, value in values.items() if name not in named and value is not own}
        attributes = _attributes({**others, **(own if isinstance(own, dict) else {"attributes": own})})
    for ours in columns.keys() - _USUAL.keys():
        attributes |= _attributes(
            dict.fromkeys((ours,), next((values[name] for name in columns[ours] if name in values), None))
        )
    given = next((values[name] for name in columns.get("id", ()) if values.get(name) not in (None, "")), id)
    facts = _texts(values, columns.get("facts", ()))
    if "persona" in columns.get("facts", ()):
        facts = _as_i(facts)
    return _Row(where, str(given), facts, _texts(values, columns.get("traits", ())), attributes)


def _attributes(values: Mapping[str, Any]) -> Attributes:
    """Texts and whole numbers as they are, other things as JSON."""
    return {
        name: value
        if isinstance(value, (str, int)) and not isinstance(value, bool)
        else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
        if value is not None
    }


def _texts(values: dict[str, Any], names: Sequence[str]) -> Items | str:
    found = [values[name] for name in names if values.get(name) not in (None, "", [])]
    if len(found) == 1 and isinstance(found[0], (list, tuple)):
        return tuple(str(item) for item in found[0])
    return "\n".join(str(item) for value in found for item in (value if isinstance(value, (list, tuple)) else [value]))


def _as_i(text: Items | str) -> Items | str:
    """A one-liner such as "A nurse who paints" as the person would say it."""
    if isinstance(text, str) and _ONE_LINER.match(text):
        said = f"I am {text[0].lower()}{text[1:]}"
        return said if said.endswith((".", "!", "?")) else f"{said}."
    return text


def _check_kinds(rows: list[_Row]) -> None:
    """Facts are there in all rows or in none, and so are traits."""
    if not any(row.facts or row.traits for row in rows):
        raise ConfigError(
            f"{rows[0].where}: neither facts nor traits; say which column holds them, as in --map facts=description"
        )
    for part in ("facts", "traits"):
        if not any(getattr(row, part) for row in rows):
            continue
        for row in rows:
            if not getattr(row, part):
                raise ConfigError(
                    f"{row.where}: no {part}, but others have them; add them, or map columns that all have, with --map"
                )


async def _split_all(rows: list[_Row], split: Split, notes: list[str]) -> list[_Row]:
    """Split all texts, many at a time. What the model cannot split is left to be split by sentence."""
    todo = [
        (place, part)
        for place, row in enumerate(rows)
        for part in ("facts", "traits")
        if isinstance(getattr(row, part), str)
    ]
    todo = [(place, part) for place, part in todo if getattr(rows[place], part)]
    answers = await asyncio.gather(*(split(getattr(rows[place], part)) for place, part in todo), return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in failed:
        if not isinstance(error, CallError) or len(failed) == len(answers):
            raise error
    for (place, part), answer in zip(todo, answers, strict=True):
        if isinstance(answer, BaseException):
            notes.append(f"{rows[place].where}: split by sentence, because {answer}")
        else:
            rows[place] = rows[place]._replace(**{part: answer})
    return rows


def _person(row: _Row) -> Person:
    facts, traits = (sentences(given) if isinstance(given, str) else given for given in (row.facts, row.traits))
    try:
        if not facts:
            return Personality(id=row.id, traits=traits, attributes=row.attributes)
        if not traits:
            return Profile(id=row.id, facts=facts, attributes=row.attributes)
        return Persona(id=row.id, facts=facts, traits=traits, attributes=row.attributes)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{row.where}: {message}") from None
