"""From a config to clients, cast, policy and personas."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interalign.agents import (
    Agent,
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
from interalign.graphs import Flip, Full, Walk
from interalign.sim import RunConfig, ScriptedEngine, read_trees, run, simulate
from interalign.sim.casting import (
    disclosure_plan,
    load_role,
    make_cast,
    make_clients,
    make_dialogue,
    make_policy,
    personas_of,
)
from interalign.sim.estimate import estimate
from interalign.sim.flipping import flip_of, personality_pool

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

class Needy(Plain):
    def __init__(self, mood):
        self.mood = mood

class Prompted(Plain):
    prompt = ia.Prompt("Be $mood.", ("mood",))

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


@pytest.mark.parametrize("name", ["Unfinished", "Needy"])
def test_a_role_that_cannot_be_made_is_refused_with_its_key(config: Config, roles: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"cast\.responders\.0\.role = "):
        make_cast(config(cast={"responders": [{"role": f"{roles}:{name}"}]}))


def test_a_strategy_may_be_taken_by_keyword_alone(config: Config, roles: str) -> None:
    [one] = make_cast(config(cast={"responders": [{"role": f"{roles}:Stiff", "strategy": "informed"}]})).responders
    assert isinstance(one.agent, Agent)
    assert one.agent.role.strategy == one.strategy == "informed"  # type: ignore[attr-defined]


def test_a_config_replaces_prompts_of_shipped_roles_and_of_ones_own(config: Config, roles: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Du bist: $profile\n\n", encoding="utf-8")
    responders = [
        {"role": f"{roles}:Prompted", "prompt": "Never be $mood!"},
        {"strategy": "hinted", "prompt": "Short."},
    ]
    made = config(cast={"user": {"prompt_file": str(tmp_path / "mine.txt")}, "responders": responders})
    cast = make_cast(made)
    assert cast.user.role.prompt.text == "Du bist: $profile"
    assert [one.agent.role.prompt.text for one in cast.responders if isinstance(one.agent, Agent)] == [
        "Never be $mood!",
        "Short.",
    ]
    assert (made.cast.user.prompt, made.cast.user.prompt_file) == ("Du bist: $profile", None)


@pytest.mark.parametrize(
    ("user", "says"),
    [
        (
            {"prompt": "Be $persona."},
            r"cast.user.prompt: .*\$persona, but only \$profile, \$personality can be filled in",
        ),
        ({"prompt": "5$"}, r"cast.user.prompt: a prompt has a lone '\$'"),
        ({"role": "own_roles:Plain", "prompt": "x"}, "cast.user.prompt: Plain has no prompt to replace"),
        ({"prompt": "x", "prompt_file": "y"}, "give prompt or prompt_file, not both"),
        ({"prompt_file": "nowhere.txt"}, r"prompt_file = 'nowhere.txt' cannot be read \(No such file"),
        ({"prompt_file": "latin.txt"}, "prompt_file = 'latin.txt' cannot be read .it is not UTF-8"),
        ({"prompt_file": "a\0b"}, "prompt_file = .* cannot be read"),
    ],
)
@pytest.mark.usefixtures("roles")
def test_a_prompt_that_cannot_be_used_is_refused_with_its_key(config: Config, user: dict[str, str], says: str) -> None:
    Path("latin.txt").write_bytes(b"\xe9")
    with pytest.raises(ConfigError, match=says):
        make_cast(config(cast={"user": user}))


# -- extras, graphs and agents of other frameworks ---------------------------------------------------

OWN = """
import interalign as ia

class Critic(ia.Role[str]):
    def messages(self, context):
        return []
    def parse(self, text):
        return text

def build():
    graph = ia.dialogue_graph()
    async def count(state, runtime):
        for user in state["users"]:
            runtime.context.tree.annotate(user, seen=True)
    graph.add_node("count", count)
    graph.add_edge("branch", "count")
    return graph

def dangling():
    graph = ia.dialogue_graph()
    graph.add_edge("branch", "nowhere")
    return graph

def compiled():
    return ia.compile_dialogue()

def needy(mood):
    return build()

def make_agent(client):
    from autogen_agentchat.agents import AssistantAgent
    return AssistantAgent("helper", client)

NUMBER = 5
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_graph.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_graph", raising=False)
    return "own_graph"


def test_extras_are_agents_by_name_and_their_models_become_clients(config: Config, own: str) -> None:
    models = {"a": {"engine": "scripted"}, "b": {"engine": "scripted"}}
    made = config(models=models, cast={"model": "a", "extras": {"critic": {"role": f"{own}:Critic", "model": "b"}}})
    assert list(make_clients(made)) == ["a", "b"]
    extra = make_cast(made).extras["critic"]
    assert (extra.role.name, extra.model) == ("critic", "b")


def test_an_extra_without_a_role_is_refused(config: Config) -> None:
    with pytest.raises(ConfigError, match=r"key 'cast.extras.critic.role' is missing"):
        config(cast={"extras": {"critic": {}}})


def test_a_graph_of_ones_own_plays_a_run(config: Config, own: str, tmp_path: Path) -> None:
    made = config(run={"conversations": 2, "turns": 2, "graph": f"{own}:build"})
    assert "count" in make_dialogue(made).nodes
    run(lambda: simulate(made, tmp_path / "r"))
    assert all(tree.notes("0") == {"seen": True} for tree in read_trees(tmp_path / "r"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("own_graph:NUMBER", "is no function but a int"),
        ("own_graph:compiled", r"returned a CompiledStateGraph; return dialogue_graph\(\) with nodes"),
        ("own_graph:dangling", "makes no graph: .*nowhere"),
        ("own_graph:needy", "makes no graph: .*missing 1 required positional argument: 'mood'"),
        ("own_graph:absent", "has no 'absent'"),
        ("own_graph", "is not of the form 'module:"),
    ],
)
@pytest.mark.usefixtures("own")
def test_a_graph_that_is_none_is_refused_with_its_key(config: Config, name: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"run.graph = '{name}'.* ?{says}"):
        make_dialogue(config(run={"graph": name}))


def test_an_autogen_agent_is_a_responder_by_its_factory(config: Config, own: str, tmp_path: Path) -> None:
    responders = [{}, {"agent": f"{own}:make_agent", "name": "helper", "parameters": {"top_p": 0.5}}]
    made = config(run={"conversations": 2, "turns": 2}, cast={"responders": responders})
    assert not isinstance(make_cast(made).responders[1].agent, Agent)
    run(lambda: simulate(made, tmp_path / "r"))
    rows = json.loads((tmp_path / "r/usage.json").read_text())["by_role_and_model"]
    assert {row["role"]: row["calls"] for row in rows}["autogen"] == 4
    assert all(
        reply.agent in ("plain", "helper") for tree in read_trees(tmp_path / "r") for reply in tree.children("0")
    )


def test_an_estimate_counts_what_agents_of_ones_own_ask(config: Config, own: str, tmp_path: Path) -> None:
    responders = [{}, {"agent": f"{own}:make_agent", "name": "helper"}]
    made = config(run={"conversations": 6, "turns": 2}, cast={"responders": responders})
    expected = asyncio.run(estimate(made, probe=2)).total.calls
    assert expected == run(lambda: simulate(made, tmp_path / "r")).calls


@pytest.mark.parametrize(
    ("responder", "says"),
    [
        ({"agent": "own_graph:NUMBER"}, "cast.responders.0.agent = 'own_graph:NUMBER': .*needs a function"),
        ({"agent": "own_graph:absent"}, "cast.responders.0.agent = 'own_graph:absent': the module has no 'absent'"),
        ({"agent": "own_graph:make_agent", "prompt": "x"}, "give agent without role and prompt"),
    ],
)
@pytest.mark.usefixtures("own")
def test_an_autogen_agent_that_is_none_is_refused(config: Config, responder: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make_cast(config(cast={"responders": [responder]}))


# -- flips -----------------------------------------------------------------------------------------


def test_a_flip_keeps_the_facts_and_takes_the_traits_of_somebody_else_by_seed(config: Config) -> None:
    persona = shipped_personas(1)[0]
    pool = personality_pool(config())
    flips = [flip_of(persona, 3, pool, seed, "c0") for seed in range(20)]
    assert {flip.persona.facts for flip in flips} == {persona.facts}
    assert all(flip.persona.traits != persona.traits for flip in flips)
    assert len({flip.persona.traits for flip in flips}) > 10
    assert flips[0] == flip_of(persona, 3, pool, 0, "c0")
    assert flips[0].persona.id.startswith(f"{persona.id}>")


def test_the_personalities_of_a_file_are_its_pool(config: Config, tmp_path: Path) -> None:
    lines = [{"id": f"p{n}", "facts": [f"I own {n} boats."], "traits": [f"I say {n % 2}."]} for n in range(4)]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(personality_pool(config(personas={"file": str(tmp_path / "p.jsonl")}))) == 2
    (tmp_path / "p.jsonl").write_text(json.dumps(lines[0]))
    with pytest.raises(ConfigError, match="flip_at needs another personality to flip to"):
        personality_pool(config(personas={"file": str(tmp_path / "p.jsonl")}))


def test_a_plan_goes_on_with_the_new_persona_from_the_flip_on() -> None:
    old = Persona(id="p", facts=("f1", "f2", "f3"), traits=("t1", "t2", "t3"))
    new = Persona(id="q", facts=old.facts, traits=("u1", "u2", "u3"))
    for seed in range(20):
        plan = disclosure_plan(old, 6, seed, flip=Flip(3, new))
        assert len(plan) == len(set(plan)) == 6
        assert set(plan[:2]) <= set(old.items)
        assert set(plan[2:]) <= set(new.items)
        assert plan[:2] == disclosure_plan(old, 6, seed)[:2]
    assert len(disclosure_plan(old, 10, 0, flip=Flip(9, new))) >= 8


def test_a_run_with_flips_is_the_same_at_any_concurrency_and_when_resumed(config: Config, tmp_path: Path) -> None:
    for concurrency in (1, 32):
        section = {"conversations": 8, "turns": 4, "flip_at": 3, "disclosure": "planned", "concurrency": concurrency}
        run(lambda: simulate(config(run=section), tmp_path / str(concurrency)))  # noqa: B023 - run at once
    assert (tmp_path / "1/trees.jsonl").read_bytes() == (tmp_path / "32/trees.jsonl").read_bytes()
    for tree in read_trees(tmp_path / "1"):
        assert tree.flip is not None
        told = [node.disclose for node in tree.main_path() if node.role == "user"]
        assert set(told[:2]) <= set(tree.persona.items)
        assert set(told[2:]) <= set(tree.flip.persona.items)
    lines = (tmp_path / "1/trees.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "1/trees.jsonl").write_bytes(b"".join(lines[:3]))
    (tmp_path / "1/manifest.json").unlink()
    run(lambda: simulate(config(run={**section, "concurrency": 2}), tmp_path / "1"))
    assert (tmp_path / "1/trees.jsonl").read_bytes() == b"".join(lines)


def test_a_flip_after_the_last_turn_is_refused(config: Config) -> None:
    with pytest.raises(ConfigError, match=r"run.flip_at = 5 is after the last turn \(run.turns = 4\)"):
        config(run={"turns": 4, "flip_at": 5})


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
