"""Importing and exporting: every format goes out and comes back the same; what cannot be read is named with its line."""

import asyncio
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interalign.agents import Persona, Profile, shipped_personas
from interalign.agents.pool import shipped_halves
from interalign.errors import CallError, ConfigError, MissingError, RunFolderError
from interalign.sim.personas import Imported, SplitConfig, export_people, import_people, import_with
from interalign.sim.personas.tables import Format
from tests.conftest import HOSTILE


def read(*files: Path, mapping: dict[str, list[str]] | None = None, **more: Any) -> Imported:
    return asyncio.run(import_people(files, mapping or {}, **more))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def returned(people: Sequence[Any], folder: Path, format: Format) -> list[Any]:
    """Written and read again."""
    path = folder / f"out.{format}"
    export_people(people, path, format)
    return read(*(sorted(path.iterdir()) if path.is_dir() else [path]), format=format).people


# -- out and back --------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["jsonl", "csv", "tinytroupe"])
@pytest.mark.parametrize("kind", ["profiles", "personalities", "personas"])
def test_people_come_back_as_they_were(tmp_path: Path, format: Format, kind: str) -> None:
    halves = shipped_halves()
    people = {"profiles": halves[0][:40], "personalities": halves[1][:40], "personas": shipped_personas(40)}[kind]
    assert returned(people, tmp_path, format) == list(people)


ODD = [
    HOSTILE,
    "=1+1",
    "'=x",
    "+49",
    "-3",
    "@me",
    "[1]",
    "a,b;c\td",
    'say "hi"',
    "a\u2028b",
    "x\ry\n",
    "0012",
    "I row. I knit.",
    "[I row.]",
]


@pytest.mark.parametrize("format", ["jsonl", "csv", "tinytroupe"])
def test_odd_texts_come_back_as_they_were(tmp_path: Path, format: Format) -> None:
    people = [
        Persona(
            id=f"{text} {place}",
            facts=(text, f"And {place}."),
            traits=(text,),
            attributes={"mood": f"{text}!", "age": place},
        )
        for place, text in enumerate(ODD)
    ]
    assert returned(people, tmp_path, format) == people


texts = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() and not any("\ud800" <= c <= "\udfff" for c in text)
)


rows = st.tuples(texts, st.lists(texts, min_size=1, max_size=3))


@settings(max_examples=60, deadline=None)
@given(people=st.lists(rows, min_size=1, max_size=4, unique_by=(lambda row: row[0], lambda row: tuple(row[1]))))
def test_any_profile_comes_back_from_csv(
    people: list[tuple[str, list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    wanted = [Profile(id=f"id {id}", facts=tuple(facts)) for id, facts in people]
    assert returned(wanted, tmp_path_factory.mktemp("csv"), "csv") == wanted


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    person = Persona(
        id="=HYPERLINK(1)", facts=("=1+1",), traits=("@x",), attributes={"a": "+1", "b": "-x", "c": "\t=2"}
    )
    export_people([person], tmp_path / "p.csv", "csv")
    rows = list(csv.reader((tmp_path / "p.csv").read_text().splitlines()))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row)


def test_one_liners_are_exported_and_read(tmp_path: Path) -> None:
    people = [Profile(id="a", facts=("I row.", "I knit.")), Profile(id="b", facts=("I fish.",))]
    export_people(people, tmp_path / "p.jsonl", "persona_hub")
    assert (tmp_path / "p.jsonl").read_text() == '{"persona": "I row. I knit."}\n{"persona": "I fish."}\n'
    assert [person.facts for person in read(tmp_path / "p.jsonl").people] == [person.facts for person in people]


def test_agents_get_file_names_that_are_none_of_their_own(tmp_path: Path) -> None:
    people = [Profile(id="../../etc/passwd", facts=("I row.",)), Profile(id="\0/<b>", facts=("I knit.",))]
    export_people(people, tmp_path / "agents", "tinytroupe")
    assert sorted(path.name for path in (tmp_path / "agents").iterdir()) == [
        "00001-etc-passwd.agent.json",
        "00002-b.agent.json",
    ]


def test_agents_need_a_folder(tmp_path: Path) -> None:
    written(tmp_path, "file", "x")
    with pytest.raises(RunFolderError, match="agents get a file each, give a folder"):
        export_people([Profile(id="a", facts=("I row.",))], tmp_path / "file", "tinytroupe")


# -- files of others -----------------------------------------------------------------------------


def test_columns_are_mapped(tmp_path: Path) -> None:
    file = written(tmp_path, "p.csv", "name;job;bio;mood;Years\nAna;I weave.;I paint. I row.;I sigh a lot.;33\n")
    mapping = {"id": ["name"], "facts": ["bio", "job"], "traits": ["mood"], "age": ["Years"]}
    (person,) = read(file, mapping=mapping).people
    assert person == Persona(
        id="Ana", facts=("I paint.", "I row.", "I weave."), traits=("I sigh a lot.",), attributes={"age": 33}
    )


def test_without_a_mapping_other_columns_are_attributes(tmp_path: Path) -> None:
    line = {"persona": "I row.", "age": 4, "ratio": 0.5, "tags": ["a"], "none": None, "attributes": {"mood": "glad"}}
    (person,) = read(written(tmp_path, "p.jsonl", json.dumps(line))).people
    assert person == Profile(
        id="p-00001", facts=("I row.",), attributes={"age": 4, "ratio": "0.5", "tags": '["a"]', "mood": "glad"}
    )


def test_one_liners_become_what_the_person_would_say(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "hub.txt",
        'A nurse who paints boats\n\nAn engineer. Owns two cats.\n{"persona": "The oldest of six"}\n',
    )
    assert [person.facts for person in read(file).people if isinstance(person, Profile)] == [
        ("I am a nurse who paints boats.",),
        ("I am an engineer.", "Owns two cats."),
        ("I am the oldest of six.",),
    ]


def test_doubles_are_left_out_and_said(tmp_path: Path) -> None:
    imported = read(written(tmp_path, "p.txt", "I row.\nI knit.\nI row.\n"))
    assert len(imported.people) == 2
    assert imported.notes == [
        f"{tmp_path / 'p.txt'}, line 3: left out, it says the same as {tmp_path / 'p.txt'}, line 1"
    ]


def test_several_files_make_one_pool(tmp_path: Path) -> None:
    files = [written(tmp_path, "a.txt", "I row.\n"), written(tmp_path, "a.jsonl", '{"persona": "I knit."}\n')]
    assert [person.id for person in read(*files).people] == ["a-00001", "a-00002"]


AGENT = {
    "type": "TinyPerson",
    "persona": {
        "name": "Ilse Brandt",
        "age": 41,
        "nationality": "Austrian",
        "occupation": {
            "title": "glass blower",
            "description": "You blow bottles. Your shift starts at four, which suits you.",
        },
        "long_term_goals": ["To open her own furnace."],
        "style": "Short and warm. You never use exclamation marks.",
        "personality": {
            "traits": ["You are stubborn.", "Often laughs first."],
            "big_five": {"openness": "High. Odd things please you."},
        },
        "preferences": {"likes": ["DIY radios."], "dislikes": ["Loud kitchens."]},
        "skills": ["Proficient in welding."],
        "behaviors": {"routines": {"morning": ["Watches the river before her shift."]}},
        "relationships": [{"name": "Toni", "description": "Your brother, who taught you to skate."}, "nobody"],
        "other_facts": ["Has two boats."],
    },
}


def test_an_agent_of_tinytroupe_speaks_of_itself(tmp_path: Path) -> None:
    (person,) = read(written(tmp_path, "ilse.agent.json", json.dumps(AGENT))).people
    assert isinstance(person, Persona)
    assert person.id == "Ilse Brandt"
    assert person.attributes == {"age": 41, "nationality": "Austrian", "occupation": "glass blower"}
    assert person.facts == (
        "My name is Ilse Brandt.",
        "I am 41 years old.",
        "I blow bottles.",
        "My shift starts at four, which suits me.",
        "My goal is to open my own furnace.",
        "I like DIY radios.",
        "I dislike loud kitchens.",
        "I am proficient in welding.",
        "I watch the river before my shift.",
        "Toni: my brother, who taught me to skate.",
        "I have two boats.",
    )
    assert person.traits == (
        "I am stubborn.",
        "I often laugh first.",
        "My manner: short and warm.",
        "I never use exclamation marks.",
        "My openness is high. Odd things please me.",
    )


# -- a model that splits -------------------------------------------------------------------------


def test_a_model_splits_texts_and_leaves_lists(tmp_path: Path) -> None:
    async def split(text: str) -> tuple[str, ...]:
        return (f"I: {text}",)

    file = written(tmp_path, "p.jsonl", '{"facts": ["I row."]}\n{"facts": "Rows. Knits."}\n')
    assert [getattr(person, "facts", ()) for person in read(file, split=split).people] == [
        ("I row.",),
        ("I: Rows. Knits.",),
    ]


def test_what_a_model_cannot_split_is_split_by_sentence_and_said(tmp_path: Path) -> None:
    async def split(text: str) -> tuple[str, ...]:
        if "knit" in text:
            raise CallError("the splitter failed")
        return (text,)

    imported = read(written(tmp_path, "p.txt", "I row.\nI knit. I fish.\n"), split=split)
    assert [getattr(person, "facts", ()) for person in imported.people] == [("I row.",), ("I knit.", "I fish.")]
    assert imported.notes == [f"{tmp_path / 'p.txt'}, line 2: split by sentence, because the splitter failed"]
    with pytest.raises(CallError, match="the splitter failed"):
        read(written(tmp_path, "q.txt", "I knit.\n"), split=split)


def test_a_config_names_the_model_that_splits(tmp_path: Path) -> None:
    settings = SplitConfig.model_validate({"models": {"m": {"engine": "scripted"}}})
    imported = asyncio.run(import_with(settings, [written(tmp_path, "p.txt", "I row. I knit.\n")], {}, None))
    assert "splitter" in getattr(imported.people[0], "facts", ("",))[0]


# -- what is wrong with what is given --------------------------------------------------------------

WRONG = {
    "empty file": ("p.jsonl", "", "nobody in it"),
    "blank lines": ("p.txt", " \n\n", "nobody in it"),
    "only a header": ("p.csv", "id,facts\n", "nobody in it"),
    "broken JSON": ("p.jsonl", '{"facts": "I row."}\n{"facts": \n', "p.jsonl, line 2: not valid JSON at column"),
    "a list": ("p.jsonl", "[1]\n", "p.jsonl, line 1: a list where an object is needed"),
    "deep nesting": ("p.jsonl", "[" * 100_000, "nested too deeply"),
    "a huge number": ("p.jsonl", '{"a": ' + "1" * 5000 + "}", "too large"),
    "too few cells": ("p.csv", "id,facts\na,I row.\nb\n", "p.csv, line 3: 1 cells, but 2 columns"),
    "a column twice": ("p.csv", "facts,facts\na,b\n", "the column 'facts' stands there twice"),
    "an open quote": ("p.csv", 'id,facts\na,"I row.\n', "not valid CSV"),
    "no usual column": ("p.csv", "x,y\n1,2\n", "p.csv, line 2: neither facts nor traits"),
    "a gap": ("p.jsonl", '{"facts": "I row."}\n{"facts": ""}\n', "p.jsonl, line 2: no facts, but others have them"),
    "half a persona": (
        "p.jsonl",
        '{"facts": "a", "traits": "b"}\n{"facts": "c"}\n',
        "p.jsonl, line 2: no traits, but others",
    ),
    "a blank fact": ("p.jsonl", '{"facts": ["I row.", " "]}\n', "p.jsonl, line 1: facts[1] is empty"),
    "a surrogate": ("p.jsonl", '{"facts": ["\\ud83d"]}\n', "half a surrogate pair"),
    "an id twice": (
        "p.jsonl",
        '{"id": "a", "facts": "x"}\n{"id": "a", "facts": "y"}\n',
        "line 2: the id 'a' stands in",
    ),
    "no agent": ("p.json", "{}", "no agent of TinyTroupe"),
    "unknown ending": ("p.xyz", "I row.", "cannot be told from its name (known endings: .jsonl"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, fault: str) -> None:
    name, text, says = WRONG[fault]
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path, name, text))
    assert says in str(caught.value)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1: no column 'bio'; there are 'name', 'age'"):
        read(written(tmp_path, "p.jsonl", '{"name": "a", "age": 3}\n'), mapping={"facts": ["bio"]})


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"I caf\xe9.\n")
    with pytest.raises(ConfigError, match="byte 6 is not UTF-8; save the file as UTF-8"):
        read(tmp_path / "latin.txt")
    with pytest.raises(MissingError, match="no file at"):
        read(tmp_path / "none.txt")
    with pytest.raises(MissingError, match="is a folder"):
        read(tmp_path, format="jsonl")
