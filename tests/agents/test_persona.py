"""Persona files: what is refused, where it says the fault is, and what goes through unchanged."""

import json
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona, Personality, Profile, read_jsonl, read_personas
from interalign.errors import ConfigError, MissingError
from tests.conftest import HOSTILE

GOOD = '{"id": "good", "facts": ["I keep hens."], "traits": ["I whisper."]}'


def line(**changes: Any) -> str:
    return json.dumps({"id": "p1", "facts": ["I row."], "traits": ["I sing."], **changes})


def written(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "people.jsonl"
    path.write_bytes(b"\n".join(text if isinstance(text, bytes) else text.encode() for text in lines))
    return path


REFUSED = {
    "broken JSON": ('{"id": "p1", "facts": [', "not valid JSON at column"),
    "single quotes": ("{'id': 'p1'}", "double quotes"),
    "two objects": (GOOD + " " + GOOD, "put each on a line of its own"),
    "invalid UTF-8": (b'{"id": "\xff"}', "save the file as UTF-8"),
    "a list": ("[1, 2]", 'a list where a JSON object is needed, such as {"id": ...}'),
    "deep nesting": ("[" * 100_000, "nested too deeply; a persona is a flat object"),
    "a blank fact": (line(facts=["I row.", "  "]), "facts[1] is empty; give it text or take it out"),
    "a blank trait": (line(traits=["\t"]), "traits[0] is empty; give it text or take it out"),
    "an empty profile text": ('{"id": "p1", "profile": "", "personality": "Dry."}', "facts[0] is empty"),
    "half a surrogate pair": (line(facts=["\ud83d"]), "half a surrogate pair"),
    "an unknown key": (line(mood="glad"), "key 'mood'"),
    "no facts": (line(facts=[]), "key 'facts'"),
    "a number as id": (line(id=7), "key 'id'"),
    "an empty id": (line(id=""), "key 'id'"),
    "a fact that is no text": (line(facts=["I row.", 3]), "key 'facts.1'"),
    "a text for a list": (line(facts="I row."), "key 'facts'"),
    "missing traits": ('{"id": "p1", "facts": ["I row."]}', "key 'traits'"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_wrong_line_is_refused_with_file_line_and_reason(fault: str, tmp_path: Path) -> None:
    wrong, says = REFUSED[fault]
    path = written(tmp_path, GOOD, "", wrong)
    with pytest.raises(ConfigError) as caught:
        read_personas(path)
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert says in str(caught.value)


@pytest.mark.parametrize("fault", ["an unknown key", "a number as id", "a text for a list", "missing traits"])
def test_a_wrong_key_is_answered_with_the_keys_there_are(fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the keys are id, attributes, facts, traits"):
        read_personas(written(tmp_path, REFUSED[fault][0]))


def test_a_number_of_thousands_of_digits_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": ' + "1" * 5000 + "}")
    with pytest.raises(ConfigError, match="line 1"):
        read_personas(path)


def test_half_a_surrogate_pair_in_an_attribute_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, line(attributes={"job": "\ud83d"}))
    with pytest.raises(ConfigError, match="surrogate"):
        read_personas(path)


def test_a_text_where_a_list_belongs_is_explained_in_terms_of_json(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"key 'facts': .*\blist\b"):
        read_personas(written(tmp_path, line(facts="I row.")))


def test_a_repeated_id_names_both_lines_and_the_fix(tmp_path: Path) -> None:
    path = written(tmp_path, line(), line(id="p2", facts=["I knit."]), line(facts=["I ski."]))
    with pytest.raises(ConfigError, match="line 3: the id 'p1' stands on line 1 too; remove one of them"):
        read_personas(path)


def test_repeated_content_under_another_id_names_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, line(), GOOD, line(id="p2", attributes={"age": 4}))
    with pytest.raises(ConfigError, match="line 3: the content of 'p2' stands on line 1 too; remove one of them"):
        read_personas(path)


def test_a_missing_file_is_named_with_the_advice_to_check_the_path(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no persona file at .*nobody\.jsonl'; check the path"):
        read_personas(tmp_path / "nobody.jsonl")


def test_a_folder_is_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="is a folder; give the path of a JSONL file"):
        read_personas(tmp_path)


def test_a_path_through_a_file_is_missing_too(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="check the path"):
        read_personas(written(tmp_path, GOOD) / "inner.jsonl")


@pytest.mark.parametrize("content", ["", "\n \n\t\n"])
def test_a_file_without_a_persona_says_what_belongs_in_it(content: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no persona in it; give one JSON object a line"):
        read_personas(written(tmp_path, content))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "{}",
        "$$ $facts ${traits}",
        '"',
        "\\",
        "<b>&amp;</b>",
        "🦜👩‍🌾",
        "a\u2028b\x85c",
        "\x1b[31m",
        "x" * 100_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_hostile_text_is_kept_unchanged(text: str, tmp_path: Path) -> None:
    [persona] = read_personas(written(tmp_path, line(id=text, facts=[text], traits=[text])))
    assert (persona.id, persona.facts, persona.traits) == (text, (text,), (text,))
    assert persona.profile == persona.personality == text


def test_files_with_a_byte_order_mark_carriage_returns_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + GOOD.encode() + b"\r", "", line() + "\r", "")
    assert [persona.id for persona in read_personas(path)] == ["good", "p1"]


def test_plain_text_may_stand_for_the_lists(tmp_path: Path) -> None:
    [persona] = read_personas(written(tmp_path, '{"id": "p", "profile": "I row. I ski.", "personality": "Dry."}'))
    assert persona.facts == ("I row. I ski.",)
    assert persona.traits == ("Dry.",)


def test_a_combined_persona_has_both_halves_and_the_profiles_attributes_win() -> None:
    profile = Profile(id="rower", facts=("I row.",), attributes={"age": 40, "tone": "calm"})
    personality = Personality(id="singer", traits=("I sing.",), attributes={"tone": "loud"})
    persona = Persona.of(profile, personality)
    assert (persona.id, persona.items) == ("rower+singer", ("I row.", "I sing."))
    assert persona.attributes == {"age": 40, "tone": "calm"}


def test_profiles_are_read_by_the_same_rules(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "a", "facts": ["I row."], "traits": ["I sing."]}')
    with pytest.raises(ConfigError, match=r"key 'traits'.*the keys are id, attributes, facts"):
        read_jsonl(path, Profile)
