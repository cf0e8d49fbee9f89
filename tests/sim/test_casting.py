"""From a config to clients, cast, policy and personas."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interalign.agents import (
    Context,
    EmbeddingJudge,
    Inducer,
    LLMJudge,
    Message,
    Persona,
    Responder,
    UserAgent,
    shipped_personas,
)
from interalign.errors import ConfigError, MissingError
from interalign.graphs import Full, Walk
from interalign.sim import RunConfig, ScriptedEngine
from interalign.sim.casting import disclosure_plan, load_role, make_cast, make_clients, make_policy, personas_of

Config = Callable[..., RunConfig]

ROLES = """
import interalign as ia

class Plain(ia.Role[str]):
    def messages(self, context):
        return []

    def parse(self, text):
        return text.strip()

class Choosy(Plain):
    def __init__(self, strategy="none"):
        self.strategy = strategy

class Stiff(Plain):
    def __init__(self, *, strategy):
        self.strategy = strategy

class Unfinished(ia.Role[str]):
    def messages(self, context):
        return []

NOT_A_CLASS = Plain()
"""


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of roles in the working directory."""
    (tmp_path / "own_roles.py").write_text(ROLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_roles", raising=False)
    return "own_roles"


# -- clients -------------------------------------------------------------------------------------


def test_only_models_that_the_cast_uses_become_clients(config: Config) -> None:
    models = {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}, "idle": {"engine": "embedded"}}
    clients = make_clients(config(models=models, cast={"model": "a", "judge": {"judge": "llm", "model": "b"}}))
    assert list(clients) == ["a", "b"]
    assert all(isinstance(client, ScriptedEngine) for client in clients.values())


def test_an_embedding_judge_needs_no_client(config: Config) -> None:
    models = {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}}
    assert list(make_clients(config(models=models, cast={"model": "a", "judge": "embedding"}))) == ["a"]


def test_a_client_without_its_key_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    engine = {"engine": "openai_api", "base_url": "http://localhost:1/v1", "model": "m", "api_key_env": "A_KEY"}
    with pytest.raises(ConfigError, match="variable 'A_KEY' that api_key_env names is not set; export the key there"):
        make_clients(config(models={"m": engine}))


def test_a_client_without_its_model_is_refused(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path))
    with pytest.raises(MissingError, match="interalign models pull smollm2-135m"):
        make_clients(config(models={"m": {"engine": "embedded"}}))


# -- cast ----------------------------------------------------------------------------------------


def test_the_cast_without_a_section_is_the_shipped_one(config: Config) -> None:
    cast = make_cast(config())
    assert isinstance(cast.user.role, UserAgent)
    assert cast.inducer is not None
    assert isinstance(cast.inducer.role, Inducer)
    assert [(one.name, one.strategy) for one in cast.responders] == [("plain", "plain"), ("hinted", "hinted")]
    assert all(isinstance(one.agent.role, Responder) for one in cast.responders)
    assert isinstance(cast.judge, LLMJudge)


def test_players_get_their_model_and_parameters(config: Config) -> None:
    models = {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}}
    user = {"model": "b", "parameters": {"temperature": 0.1}}
    cast = make_cast(config(models=models, cast={"model": "a", "user": user}))
    assert (cast.user.model, cast.responders[0].agent.model) == ("b", "a")
    assert cast.user.settings["temperature"] == 0.1


def test_responders_keep_their_order_and_names(config: Config) -> None:
    responders = [{"strategy": "hinted", "name": "warm"}, {"name": "cold"}, {"strategy": "hinted"}]
    cast = make_cast(config(cast={"responders": responders}))
    assert [(one.name, one.strategy) for one in cast.responders] == [
        ("warm", "hinted"),
        ("cold", "plain"),
        ("hinted", "hinted"),
    ]


def test_the_judge_is_the_one_of_the_config(config: Config) -> None:
    judge = make_cast(config(cast={"judge": {"judge": "embedding", "margin": 0.5}})).judge
    assert isinstance(judge, EmbeddingJudge)
    assert judge.margin == 0.5


def test_the_policy_is_the_one_of_the_config(config: Config) -> None:
    assert isinstance(make_policy(config()), Walk)
    policy = make_policy(config(policy={"kind": "full", "width": 1, "depth": 5}))
    assert isinstance(policy, Full)
    assert (policy.width, policy.depth) == (1, 5)


# -- roles of one's own --------------------------------------------------------------------------


def test_a_role_is_found_in_the_working_directory(config: Config, roles: str) -> None:
    cast = make_cast(config(cast={"user": {"role": f"{roles}:Plain"}}))
    assert cast.user.role.name == "plain"
    assert cast.user.role.parse(" x ") == "x"


def test_a_responder_that_takes_a_strategy_gets_it(config: Config, roles: str) -> None:
    responders = [{"role": f"{roles}:Choosy", "strategy": "hinted"}, {"role": f"{roles}:Plain"}]
    first, second = make_cast(config(cast={"responders": responders})).responders
    assert first.agent.role.strategy == "hinted"  # type: ignore[attr-defined]
    assert second.agent.role.name == "plain"


def test_a_role_that_takes_a_strategy_can_play_the_user(config: Config, roles: str) -> None:
    cast = make_cast(config(cast={"user": {"role": f"{roles}:Choosy"}}))
    assert cast.user.role.strategy == "none"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("own_roles", "is not of the form 'module:Class'"),
        (":Plain", "is not of the form 'module:Class'"),
        ("own_roles:", "is not of the form 'module:Class'"),
        ("nowhere:Plain", "the module cannot be imported (No module named 'nowhere')"),
        ("own_roles.deeper:Plain", "the module cannot be imported"),
        ("own_roles:Absent", "the module has no 'Absent'"),
        ("own_roles:NOT_A_CLASS", "is no subclass of interalign.Role"),
        ("json:JSONDecoder", "is no subclass of interalign.Role"),
        (".own_roles:Plain", "module"),
    ],
)
@pytest.mark.usefixtures("roles")
def test_a_role_that_is_none_is_refused_with_its_key(name: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_role(name, "cast.user")
    assert str(caught.value).startswith(f"cast.user.role = {name!r}")
    assert reason in str(caught.value)


@pytest.mark.parametrize("name", ["Unfinished", "Stiff"])
def test_a_role_that_cannot_be_made_is_refused_with_its_key(config: Config, roles: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"cast\.responders\.0\.role = "):
        make_cast(config(cast={"responders": [{"role": f"{roles}:{name}"}]}))


def test_a_library_that_a_role_needs_is_named(roles: str) -> None:
    Path(f"{roles}.py").write_text("import nowhere\n")
    with pytest.raises(ConfigError, match=r"'own_roles:Plain': the module cannot be imported .*'nowhere'"):
        load_role(f"{roles}:Plain", "cast.user")


# -- personas ------------------------------------------------------------------------------------


def test_shipped_personas_are_drawn_by_the_seed(config: Config) -> None:
    assert personas_of(config()) == shipped_personas(3, 0)
    assert personas_of(config(run={"conversations": 3, "seed": 1})) == shipped_personas(3, 1) != shipped_personas(3, 0)


def test_the_personas_of_a_file_come_in_order_and_again(config: Config, tmp_path: Path) -> None:
    people = [{"id": id, "facts": [f"I am {id}."], "traits": ["I talk."]} for id in ("a", "b")]
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(person) + "\n" for person in people))
    personas = personas_of(config(run={"conversations": 5}, personas={"file": str(tmp_path / "people.jsonl")}))
    assert [persona.id for persona in personas] == ["a", "b", "a", "b", "a"]


def test_a_missing_persona_file_is_refused(config: Config) -> None:
    with pytest.raises(MissingError, match=r"no persona file at 'absent\.jsonl'"):
        personas_of(config(personas={"file": "absent.jsonl"}))


def test_a_plan_discloses_each_thing_once(persona: Persona) -> None:
    plan = disclosure_plan(persona, 99, 0, "c00000")
    assert sorted(plan) == sorted(persona.items)


def test_a_plan_is_as_long_as_the_conversation(persona: Persona) -> None:
    assert len(disclosure_plan(persona, 2, 0, "c00000")) == 2


def test_a_plan_depends_on_seed_and_conversation_alone(persona: Persona) -> None:
    plans = {(seed, id): disclosure_plan(persona, 5, seed, id) for seed in range(3) for id in ("c1", "c2", "c3")}
    assert plans == {(seed, id): disclosure_plan(persona, 5, seed, id) for seed, id in reversed(plans)}
    assert len(set(plans.values())) > 1


def test_the_user_role_of_a_cast_writes_a_prompt(config: Config, persona: Persona) -> None:
    context = Context(persona=persona, history=(Message("user", "Hi."), Message("assistant", "Hello.")), turn=2)
    prompt = " ".join(str(message.content) for message in make_cast(config()).user.role.messages(context))
    assert all(item in prompt for item in persona.items)
