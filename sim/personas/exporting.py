"""exporting: people as files for others: JSONL, CSV, one-liners, TinyTroupe's agents. What `importing` reads gives the same again.

In CSV, lists stand as JSON in their cell, and a text that a spreadsheet would take for a formula gets an apostrophe.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

from interalign.agents import Personality, Profile
from interalign.errors import RunFolderError
from interalign.files import write_lines, write_text
from interalign.sim.personas.halves import Person
from interalign.sim.personas.tables import Format, guard_formula
from interalign.sim.personas.tinytroupe import agent_of

__all__ = ["export_people"]


def export_people(people: Sequence[Person], path: Path, format: Format) -> str:
    """Write everybody to `path`, which for TinyTroupe is a folder; returns what was written, in words.

    Raises:
        RunFolderError: it cannot be written; what was there stays.
    """
    if format == "tinytroupe":
        return _agents(people, path)
    if format == "jsonl":
        lines = (person.model_dump_json() for person in people)
    elif format == "csv":
        lines = _csv(people)
    elif format == "persona_hub":
        lines = (json.dumps({"persona": " ".join(_sentences(person))}, ensure_ascii=False) for person in people)
    else:
        assert_never(format)
    write_lines(path, (f"{line}\n" for line in lines))
    return f"{len(people)} people to {path}"


def _agents(people: Sequence[Person], folder: Path) -> str:
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; agents get a file each, give a folder")
    for number, person in enumerate(people, 1):
        # An id may be any text; a file name may not.
        name = re.sub(r"[^a-zA-Z0-9]+", "-", person.id).strip("-")[:60]
        write_text(
            folder / f"{number:05d}-{name}.agent.json",
            json.dumps(agent_of(person), indent=2, ensure_ascii=False) + "\n",
        )
    return f"{len(people)} agents to {folder}"


def _csv(people: Sequence[Person]) -> Iterator[str]:
    names = list(dict.fromkeys(name for person in people for name in person.attributes))
    parts = [part for part in ("facts", "traits") if hasattr(people[0], part)]
    yield _line(["id", *parts, *names])
    for person in people:
        lists = (json.dumps(getattr(person, part), ensure_ascii=False) for part in parts)
        yield _line(
            [guard_formula(person.id), *lists, *(guard_formula(str(person.attributes.get(name, ""))) for name in names)]
        )


def _line(cells: list[str]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().removesuffix("\r\n")


def _sentences(person: Person) -> tuple[str, ...]:
    if isinstance(person, Profile):
        return person.facts
    return person.traits if isinstance(person, Personality) else person.items
