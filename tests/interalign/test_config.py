"""Config files and overrides: what is read, and what a mistake in them says."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from pydantic import ValidationError

from interalign.config import load_config, parse_config, read_toml
from interalign.errors import ConfigError, MissingError
from interalign.sim import RunConfig

SCRIPTED = {"models": {"script": {"engine": "scripted"}}}
OPENAI = {"models": {"m": {"engine": "openai_api", "base_url": "http://localhost:8000/v1", "model": "m"}}}


def parse(*overrides: str, **sections: Any) -> RunConfig:
    return parse_config({**SCRIPTED, **sections}, RunConfig, overrides, source="run.toml")


def refusal(*overrides: str, **sections: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(*overrides, **sections)
    return str(caught.value)


# -- files ---------------------------------------------------------------------------------------


def test_a_file_holds_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[run]\nturns = 3\n[models.script]\nengine = 'scripted'\n")
    config = load_config(tmp_path / "run.toml", RunConfig)
    assert (config.run.turns, config.run.conversations) == (3, 8)


def test_broken_toml_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[run]\nturns = 3\nseed = = 4\n")
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: not valid TOML: .*line 3"):
        read_toml(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no config file at '.*absent\.toml'; check the path"):
        read_toml(tmp_path / "absent.toml")


def test_a_folder_is_no_config_file(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="is a folder; give the path of a TOML file"):
        read_toml(tmp_path)


def test_a_file_that_is_not_utf8_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("# caf\xe9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.toml: not UTF-8 at byte 5; save the file as UTF-8"):
        read_toml(path)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.toml").touch()
    with pytest.raises(MissingError, match=r"run\.toml"):
        read_toml(tmp_path / "run.toml" / "more.toml")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*arguments: Any, **keywords: Any) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", deny)
    with pytest.raises((MissingError, ConfigError), match=r"run\.toml"):
        read_toml(tmp_path / "run.toml")


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "1" * 5000], ids=["nested", "huge number"])
def test_toml_that_python_cannot_hold_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        read_toml(path)


def test_a_date_is_refused_with_its_key() -> None:
    assert "run.seed" in refusal(run={"seed": date(2020, 1, 1)})


# -- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("runn", {}, "run"),
        ("run.turnz", 3, "turns"),
        ("personas.fil", "x", "file"),
        ("cast.modle", "x", "model"),
        ("cast.user.rol", "x", "role"),
        ("cast.inducer.parameter", {}, "parameters"),
        ("calls.retires", 1, "retries"),
        ("models.script.latencey", 1, "latency"),
    ],
)
def test_an_unknown_key_suggests_the_near_one(key: str, value: Any, near: str) -> None:
    sections: dict[str, Any] = {"models": {"script": {"engine": "scripted"}}}
    *path, last = key.split(".")
    section = sections
    for part in path:
        section = section.setdefault(part, {})
    section[last] = value
    message = refusal(**sections)
    assert message == f"run.toml: unknown key {key!r} = {value!r}; did you mean {near!r}?"


@pytest.mark.parametrize(
    ("sections", "near"),
    [
        ({"models": {"m": {"engine": "embedded", "contxt": 900}}}, "context"),
        ({"models": {"m": {**OPENAI["models"]["m"], "time_out": 5}}}, "timeout"),
        ({"policy": {"kind": "full", "widht": 1}}, "width"),
        ({"cast": {"judge": {"judge": "llm", "paramters": {}}}}, "parameters"),
        ({"cast": {"judge": {"judge": "embedding", "margn": 0.1}}}, "margin"),
    ],
    ids=["embedded", "openai_api", "full policy", "llm judge", "embedding judge"],
)
def test_the_near_key_is_one_of_the_chosen_kind(sections: dict[str, Any], near: str) -> None:
    assert f"did you mean {near!r}?" in refusal(**sections)


def test_a_key_of_another_kind_is_not_suggested() -> None:
    message = refusal(cast={"judge": {"judge": "llm", "margin": 0.1}})
    assert "did you mean 'margin'" not in message
    assert "model" in message


def test_an_unknown_key_of_a_responder_is_the_only_complaint() -> None:
    message = refusal(cast={"responders": [{"stratgy": "plain"}]})
    assert message == "run.toml: unknown key 'cast.responders.0.stratgy' = 'plain'; did you mean 'strategy'?"


def test_an_unknown_key_near_no_other_lists_the_known_ones() -> None:
    assert refusal(personas={"zzz": 1}).endswith("unknown key 'personas.zzz' = 1; known here: file, sha256")


def test_every_mistake_is_listed() -> None:
    lines = refusal(run={"turnz": 1, "seed": -1}).splitlines()
    assert len(lines) == 2
    assert all(line.startswith("run.toml: ") for line in lines)


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"run": {"turns": "three"}}, "run.turns"),
        ({"run": {"turns": 2.5}}, "run.turns"),
        ({"run": {"turns": 101}}, "run.turns"),
        ({"run": {"seed": -1}}, "run.seed"),
        ({"run": {"disclosure": "all"}}, "run.disclosure"),
        ({"run": 3}, "run"),
        ({"cast": {"user": 3}}, "cast.user"),
        ({"cast": {"judge": "gpt"}}, "cast.judge"),
        ({"models": {"script": {"engine": "scripted", "latency": "x"}}}, "models.script.latency"),
    ],
)
def test_a_wrong_value_is_shown_with_its_key(sections: dict[str, Any], key: str) -> None:
    assert refusal(**sections).startswith(f"run.toml: key {key!r} = ")


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"models": {"m": {"engine": "scriptd"}}}, ["models.m", "scriptd", "scripted", "embedded", "openai_api"]),
        ({"models": {"m": {"latency": 1}}}, ["models.m", "engine", "scripted", "embedded", "openai_api"]),
        ({"policy": {"kind": "ful"}}, ["policy", "ful", "walk", "full"]),
        ({"policy": {"width": 1}}, ["policy", "kind", "walk", "full"]),
        ({"cast": {"judge": {"margin": 1}}}, ["cast.judge", "embedding", "llm"]),
        ({"cast": {"judge": 3}}, ["cast.judge", "embedding", "llm"]),
        ({"cast": {"responders": []}}, ["cast.responders"]),
        ({"models": {}}, ["models"]),
        ({"models": {"m": 3}}, ["models.m", "table"]),
        ({"personas": "x.jsonl"}, ["personas", "table"]),
    ],
)
def test_a_message_needs_no_knowledge_of_the_code(sections: dict[str, Any], words: list[str]) -> None:
    message = refusal(**sections)
    assert not re.search(r"\btag\b|discriminator|tuple|after validation|dictionary|instance of", message)
    assert all(word in message for word in words)


def test_a_run_without_a_model_says_so() -> None:
    with pytest.raises(ConfigError, match=r"key 'models' is missing; add it"):
        parse_config({}, RunConfig, source="run.toml")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"cast": {"model": "other"}}, "cast.user is played by 'other', but [models] has only script"),
        (
            {"models": {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}}},
            "cast.user names no model and there are several (a, b); set cast.user.model or cast.model",
        ),
        ({"policy": {"kind": "full", "width": 3}}, "policy.width = 3, but cast.responders has 2"),
        ({"policy": {"kind": "full", "depth": 13}}, "lower policy.width or policy.depth"),
        ({"cast": {"responders": [{}, {}]}}, "two responders of the cast are called 'plain'"),
    ],
)
def test_sections_that_do_not_fit_together_are_refused(sections: dict[str, Any], message: str) -> None:
    assert message in refusal(**sections)


def test_a_long_value_is_shortened_in_the_message() -> None:
    message = refusal(run={"turns": "x" * 5000})
    assert "..." in message
    assert len(message) < 250


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse().run.turns = 4  # type: ignore[misc]


# -- overrides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("run.turns=4", "run.turns", 4),
        (" run.turns = 4 ", "run.turns", 4),
        ("run.disclosure=planned", "run.disclosure", "planned"),
        ('run.disclosure="planned"', "run.disclosure", "planned"),
        ("run.out=runs/a=b", "run.out", "runs/a=b"),
        ("personas.file=my people.jsonl", "personas.file", "my people.jsonl"),
        ("models.script.fault_at=[1, 2]", "models.script.fault_at", [1, 2]),
        ("models.script.parameters={ temperature = 0.5 }", "models.script.parameters", {"temperature": 0.5}),
        ("models.script.parameters.stop=the end", "models.script.parameters.stop", "the end"),
        ("cast.judge=embedding", "cast.judge.judge", "embedding"),
        ("cast.user=script", "cast.user.model", "script"),
    ],
)
def test_an_override_is_read_as_toml_or_as_plain_text(override: str, key: str, value: Any) -> None:
    found: Any = parse(override).model_dump(mode="json")
    for part in key.split("."):
        found = found[part]
    assert found == value


def test_the_last_override_of_a_key_holds() -> None:
    assert parse("run.turns=4", "run.turns=5", run={"turns": 3}).run.turns == 5


def test_overrides_leave_the_data_as_it_was() -> None:
    data = {"run": {"turns": 3}, **SCRIPTED}
    parse_config(data, RunConfig, ["run.turns=4", "models.script.latency=1"])
    assert data == {"run": {"turns": 3}, "models": {"script": {"engine": "scripted"}}}


@pytest.mark.parametrize("override", ["run.turns", "=3", "run..turns=3", ".run=3", "run.=3", ""])
def test_a_malformed_override_shows_the_form(override: str) -> None:
    message = refusal(override)
    assert message == f"override {override!r} is not of the form key=value, for example run.turns=4"


def test_an_override_of_an_unknown_key_suggests_the_near_one() -> None:
    assert "unknown key 'run.turnz' = 3; did you mean 'turns'?" in refusal("run.turnz=3")


def test_an_override_below_a_value_is_refused() -> None:
    assert refusal("run.turns.x=3", run={"turns": 2}).startswith("override 'run.turns.x=3': ")
    assert refusal("run.turns.x.y=3", run={"turns": 2}).startswith("override 'run.turns.x.y=3': ")


def test_an_override_sets_into_a_list() -> None:
    cast = {"responders": [{}, {"strategy": "hinted"}]}
    config = parse("cast.responders.1.name=warm", "cast.responders.0.strategy=hinted", cast=cast)
    assert [(one.strategy, one.name) for one in config.cast.responders] == [("hinted", None), ("hinted", "warm")]


def test_an_override_replaces_an_item_of_a_list() -> None:
    config = parse("models.script.fault_at.1=9", models={"script": {"engine": "scripted", "fault_at": [1, 2]}})
    assert config.model_dump()["models"]["script"]["fault_at"] == (1, 9)


@pytest.mark.parametrize("place", ["2", "-1", "x"])
def test_an_override_beyond_a_list_names_its_length(place: str) -> None:
    message = refusal(f"cast.responders.{place}.name=x", cast={"responders": [{}, {"strategy": "hinted"}]})
    assert message.endswith(f"{place!r} is no index of a list of 2; use 0 to 1")


def test_an_override_into_an_empty_list_gives_no_impossible_range() -> None:
    assert "0 to -1" not in refusal("cast.responders.0.name=x", cast={"responders": []})


def test_an_override_into_a_list_that_the_file_leaves_out_says_what_to_do() -> None:
    message = refusal("cast.responders.0.name=x")
    assert "cast.responders" in message
    assert "tuple" not in message


def test_a_wrong_value_from_an_override_names_the_override() -> None:
    assert "override 'run.turns=three'" in refusal("run.turns=three")


def test_an_override_is_one_value() -> None:
    assert "run.seed" in refusal("run.seed=1\nx=2")


# -- digests -------------------------------------------------------------------------------------


def test_the_order_of_keys_does_not_change_the_digest() -> None:
    one = parse(run={"turns": 3, "seed": 1}, policy={"kind": "full", "width": 1, "depth": 2})
    other = parse(policy={"depth": 2, "width": 1, "kind": "full"}, run={"seed": 1, "turns": 3})
    assert one.digest() == other.digest()


def test_a_default_that_is_written_out_does_not_change_the_digest() -> None:
    assert parse().digest() == parse(run={"turns": 10}, cast={"user": {}}, policy={"kind": "walk"}).digest()


@pytest.mark.parametrize(
    "sections", [{"run": {"concurrency": 1}}, {"run": {"out": "elsewhere"}}, {"calls": {"retries": 0}}]
)
def test_what_changes_the_speed_alone_does_not_change_the_digest(sections: dict[str, Any]) -> None:
    assert parse(**sections).digest() == parse().digest()
    assert parse(**sections).differing_keys(parse()) == []


@pytest.mark.parametrize(
    "sections",
    [
        {"run": {"seed": 1}},
        {"personas": {"file": "x.jsonl"}},
        {"policy": {"kind": "full"}},
        {"cast": {"judge": "embedding"}},
        {"models": {"script": {"engine": "scripted", "parameters": {"temperature": 0.5}}}},
    ],
)
def test_what_changes_the_trees_changes_the_digest(sections: dict[str, Any]) -> None:
    assert parse(**sections).digest() != parse().digest()
    assert parse(**sections).differing_keys(parse()) != []


def test_differing_keys_are_named() -> None:
    one = parse(run={"turns": 3, "seed": 1}, cast={"judge": {"judge": "embedding", "margin": 0.1}})
    other = parse(run={"turns": 4, "seed": 1}, cast={"judge": "embedding"})
    assert one.differing_keys(other) == ["run.turns", "cast.judge.margin"]


def test_a_resolved_config_reads_back_as_the_same(tmp_path: Path) -> None:
    config = parse(policy={"kind": "full"}, cast={"judge": {"judge": "embedding", "margin": 0.1}}, **OPENAI)
    (tmp_path / "config.toml").write_text(tomli_w.dumps(config.model_dump(mode="json", exclude_none=True)))
    assert load_config(tmp_path / "config.toml", RunConfig) == config
