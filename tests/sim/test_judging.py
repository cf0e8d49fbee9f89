"""From a config to a judge: every kind by its name, as a table and side by side; and what a wrong one is told."""

import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from interalign.agents import EmbeddingJudge, LikelihoodJudge, LLMJudge, PanelJudge, RewardModelJudge
from interalign.cli import app
from interalign.config import load_config, parse_config, without_none
from interalign.errors import ConfigError
from interalign.sim import RunConfig, make_judge, make_scorer, read_trees
from interalign.sim.casting import make_cast, make_clients
from interalign.sim.estimate import calls_per_conversation
from interalign.sim.human import HumanJudge
from interalign.sim.judging import same_model

Config = Callable[..., RunConfig]
PAGE = (Path(__file__).parents[2] / "docs/judges.md").read_text(encoding="utf-8")

OWN = """
from interalign.agents import Score, Verdict

class Longest:
    name = "longest"

    def __init__(self, least=1):
        self.least = least

    def identity(self):
        return {"judge": "longest", "least": self.least}

    async def compare(self, context, a, b, caller, *, key):
        return Verdict(judge=self.name, outcome="tie" if len(a) == len(b) else "a" if len(a) > len(b) else "b")

class OnlyScores:
    name = "only"

    def identity(self):
        return {}

    async def score(self, context, reply, caller, *, key):
        return Score(judge=self.name, value=3.0)

class Nothing:
    name = "nothing"

SOMETHING = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of judges in the working directory."""
    (tmp_path / "own_judges.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_judges", raising=False)
    return "own_judges"


def judge_of(config: Config, judge: Any, **sections: Any) -> Any:
    return make_judge(config(cast={"judge": judge}, **sections))


# -- kinds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judge", "kind", "name"),
    [
        ("embedding", EmbeddingJudge, "embedding"),
        ("llm", LLMJudge, "llm"),
        ("human", HumanJudge, "human"),
        ("human-web", HumanJudge, "human"),
        ({"judge": "human-web", "annotator": "anna"}, HumanJudge, "human"),
        ({"judge": "reward_model", "weights": "some/model"}, RewardModelJudge, "reward_model"),
        ({"judge": "llm", "votes": 3, "name": "three"}, LLMJudge, "three"),
        ({"judge": "panel", "members": ["llm", "embedding"]}, PanelJudge, "panel"),
    ],
)
def test_a_judge_is_made_by_name_or_table(config: Config, judge: Any, kind: type, name: str) -> None:
    made = judge_of(config, judge)
    assert (type(made), made.name) == (kind, name)


def test_a_likelihood_judge_takes_weights(config: Config, tiny_gguf: Path) -> None:
    made = judge_of(config, {"judge": "likelihood", "weights": f"embedded:{tiny_gguf}", "margin": 0.5})
    assert isinstance(made, LikelihoodJudge)
    assert (made.identity()["weights"], made.margin) == (f"embedded:{tiny_gguf}", 0.5)


VLLM = {"engine": "vllm", "model": "m"}


@pytest.mark.parametrize(
    ("models", "judge"),
    [
        ({"m": VLLM, "tuned": {**VLLM, "model": "m+somewhere"}}, "m"),
        ({"m": VLLM, "tuned": {**VLLM, "model": "m+somewhere"}}, "tuned"),
        ({"tuned": {**VLLM, "model": "m+somewhere"}}, "tuned"),
    ],
)
def test_a_vllm_server_with_adapters_is_not_asked_for_the_prompts_probabilities(
    config: Config, models: dict[str, Any], judge: str
) -> None:
    loaded = config(models=models, cast={"model": judge, "judge": {"judge": "likelihood", "model": judge}})
    with pytest.raises(ConfigError, match=rf"cast\.judge\.model = '{judge}' is on a vLLM server that serves adapters"):
        make_judge(loaded)


@pytest.mark.parametrize(
    "other",
    [
        {**VLLM, "model": "other+somewhere"},
        {**VLLM, "model": "m+somewhere", "arguments": ["--max-model-len=99"]},
        {**VLLM, "model": "m+somewhere", "base_url": "http://127.0.0.1:1/v1"},
    ],
)
def test_adapters_of_other_servers_do_not_matter(config: Config, other: dict[str, Any]) -> None:
    made = make_judge(
        config(models={"m": VLLM, "o": other}, cast={"model": "m", "judge": {"judge": "likelihood", "model": "m"}})
    )
    assert isinstance(made, LikelihoodJudge)


def test_a_name_that_is_given_wins(config: Config) -> None:
    assert make_judge(config(cast={"judge": {"judge": "llm", "name": "a"}}), "b").name == "b"


def test_every_key_of_an_llm_judge_arrives(config: Config, tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.txt"
    rubric.write_text("Judge for $profile and $personality.\n")
    table = {"judge": "llm", "votes": 3, "history": False, "rubric_file": str(rubric), "criteria": ["style"]}
    loaded = config(cast={"judge": {**table, "parameters": {"temperature": 0.3}}})
    identity = make_judge(loaded).identity()
    assert (identity["votes"], identity["history"], identity["criteria"]) == (3, False, ["style"])
    assert identity["rubric"] == identity["score_rubric"] == "Judge for $profile and $personality."
    assert identity["parameters"]["temperature"] == 0.3
    rubric.unlink()  # the text is in the config now
    assert parse_config(without_none(loaded.model_dump()), RunConfig).digest() == loaded.digest()


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("llama", "there is no judge 'llama': use 'embedding', 'llm', 'likelihood', 'reward_model', 'panel', 'human'"),
        ({"judge": "llama"}, "there is no judge 'llama'"),
        ({"model": "script"}, "judge"),
        (3, "judge"),
        ({"judge": "llm", "vote": 3}, "vote"),
        ({"judge": "llm", "votes": 0}, "votes"),
        (
            {"judge": "llm", "votes": 2, "parameters": {"temperature": 0}},
            "votes at temperature 0 are the same vote again",
        ),
        ({"judge": "llm", "expected": True, "votes": 2}, "leave out structured and votes"),
        ({"judge": "llm", "criteria": ["charm"]}, "criteria"),
        ({"judge": "llm", "criteria": ["style", "style"]}, "criteria names one twice"),
        ({"judge": "llm", "rubric_file": "absent.txt"}, "rubric_file = 'absent.txt' cannot be read"),
        ({"judge": "llm", "rubric_file": "x", "rubric": "y"}, "give rubric or rubric_file, not both"),
        ({"judge": "llm", "model": "absent"}, "cast.judge is played by 'absent', but [models] has only script"),
        ({"judge": "reward_model"}, "weights"),
        ({"judge": "panel"}, "members"),
        ({"judge": "panel", "members": ["llm"]}, "members"),
        (
            {"judge": "panel", "members": ["llm", {"judge": "llm", "model": "absent"}]},
            "cast.judge.members.1 is played by 'absent'",
        ),
        ({"judge": "panel", "members": ["llm", "nobody"]}, "there is no judge 'nobody'"),
        ({"judge": "human", "annotator": ""}, "annotator"),
    ],
)
def test_a_wrong_judge_is_named_before_anything_is_done(config: Config, judge: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(cast={"judge": judge})
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ({"judge": "llm", "rubric": "For $nobody."}, "placeholder $nobody"),
        ({"judge": "panel", "members": ["llm", "llm"]}, "judges with names of their own, not ['llm', 'llm']"),
        (
            {"judge": "panel", "rule": "mean", "members": ["llm", "human"]},
            "'human' of a panel with rule = 'mean' cannot score",
        ),
    ],
)
def test_a_judge_that_cannot_be_made_says_why(config: Config, judge: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        judge_of(config, judge)
    assert said in str(caught.value)


# -- side by side --------------------------------------------------------------------------------

TABLES = {
    "strict": {"judge": "llm", "votes": 3},
    "near": {"judge": "embedding", "margin": 0.5},
    "both": {"judge": "panel", "members": ["strict", "near", {"judge": "llm", "name": "plain"}]},
}


def test_tables_have_names(config: Config) -> None:
    made = judge_of(config, "strict", judges=TABLES)
    assert (type(made), made.name, made.votes) == (LLMJudge, "strict", 3)
    assert judge_of(config, {"judge": "strict", "votes": 5, "name": "five"}, judges=TABLES).votes == 5


def test_the_members_of_a_panel_may_be_tables(config: Config) -> None:
    made = judge_of(config, "both", judges=TABLES)
    assert [member.name for member in made.members] == ["strict", "near", "plain"]
    assert made.members[1].margin == 0.5


def test_the_config_that_is_kept_reads_back_as_it_was(config: Config) -> None:
    loaded = config(cast={"judge": "both"}, judges=TABLES)
    again = parse_config(without_none(loaded.model_dump()), RunConfig)
    assert again == loaded


def test_tables_that_nobody_names_change_no_tree(config: Config) -> None:
    assert config(judges=TABLES).digest() == config().digest()
    assert config(judges=TABLES, cast={"judge": "near"}).digest() != config().digest()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"a": {"judge": "b"}, "b": {"judge": "a"}}, "leads back to itself"),
        ({"p": {"judge": "panel", "members": ["p", "llm"]}}, "judges.p leads back to itself"),
        ({"llm": {"judge": "embedding"}}, "needs another name than 'llm'"),
        ({"x": {"judge": "nobody"}}, "there is no judge 'nobody'"),
        ({"x": 3}, "judges.x"),
    ],
)
def test_wrong_tables_are_named(config: Config, tables: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(judges=tables)
    assert said in str(caught.value)


def test_only_models_that_a_judge_needs_are_started(config: Config) -> None:
    models = {name: {"engine": "scripted"} for name in ("a", "b", "c")}
    panel = {"judge": "panel", "members": [{"judge": "llm", "model": "b"}, "embedding"]}
    assert list(make_clients(config(models=models, cast={"model": "a", "judge": panel}))) == ["a", "b"]


@pytest.mark.parametrize(
    ("judge", "calls"),
    [
        ("embedding", 0),
        ("llm", 2),
        ({"judge": "llm", "votes": 3}, 6),
        ({"judge": "panel", "members": ["llm", "embedding"]}, 2),
        (
            {
                "judge": "panel",
                "rule": "mean",
                "members": [{"judge": "llm", "criteria": ["style", "human"]}, "embedding"],
            },
            4,
        ),
    ],
)
def test_an_estimate_counts_the_calls_of_a_judge(config: Config, judge: Any, calls: int) -> None:
    assert calls_per_conversation(config(cast={"judge": judge})) == 3 * (4 + calls)


# -- one's own -----------------------------------------------------------------------------------


def test_a_class_of_ones_own_is_a_judge(config: Config, own: str) -> None:
    assert judge_of(config, f"{own}:Longest").least == 1
    made = judge_of(config, {"judge": f"{own}:Longest", "least": 7, "name": "mine"})
    assert (made.name, made.identity()) == ("mine", {"judge": "longest", "least": 7})
    assert judge_of(config, "l", judges={"l": {"judge": f"{own}:Longest", "least": 2}}).identity()["least"] == 2


def test_a_judge_that_only_scores_can_score(config: Config, own: str) -> None:
    loaded = config(cast={"judge": f"{own}:OnlyScores"})
    assert make_scorer(loaded).name == "only"
    with pytest.raises(ConfigError, match="'only' only scores single replies"):
        make_judge(loaded)
    with pytest.raises(ConfigError, match="'longest' only compares two replies"):
        make_scorer(config(cast={"judge": f"{own}:Longest"}))


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("own_judges:Absent", "the module has no 'Absent'"),
        ("nowhere:Longest", "the module cannot be imported"),
        (":Longest", "is not of the form 'module:Class'"),
        ("own_judges:SOMETHING", "is no class"),
        ("own_judges:Nothing", "is no judge: it has no identity and no compare"),
        ({"judge": "own_judges:Longest", "most": 3}, "cannot be made with {'most': 3}"),
    ],
)
@pytest.mark.usefixtures("own")
def test_what_is_no_judge_is_refused_with_its_key(config: Config, judge: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        judge_of(config, judge)
    assert str(caught.value).startswith("cast.judge.judge = ")
    assert said in str(caught.value)


def test_a_judge_of_ones_own_may_ask_any_model(config: Config, own: str) -> None:
    models = {name: {"engine": "scripted"} for name in ("a", "b")}
    assert list(make_clients(config(models=models, cast={"model": "a", "judge": f"{own}:Longest"}))) == ["a", "b"]


# -- the command line ----------------------------------------------------------------------------


@pytest.fixture
def judged(scripted_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scripted_run, tmp_path / "run"))


def names_in(run: Path) -> set[str]:
    return {verdict.judge for tree in read_trees(run) for found in tree.verdicts.values() for verdict in found}


def test_rejudge_takes_a_class_and_a_table_of_another_config(judged: Path, own: str, tmp_path: Path) -> None:
    more = tmp_path / "more.toml"
    more.write_text('[models.other]\nengine = "scripted"\n[judges.strict]\njudge = "llm"\nmodel = "other"\nvotes = 2\n')
    for options in (["--judge", f"{own}:Longest"], ["--judge", "strict", "--config", str(more)]):
        done = CliRunner().invoke(app, ["rejudge", str(judged), *options])
        assert done.exit_code == 0, done.output
    assert names_in(judged) == {"llm", "longest", "strict"}


def test_simulate_takes_a_judge(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[run]\nconversations = 1\nturns = 1\n[models.s]\nengine = "scripted"\n[judges.near]\njudge = "embedding"\n'
    )
    done = CliRunner().invoke(app, ["simulate", str(config), "--judge", "near", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert names_in(tmp_path / "out") == {"near"}
    assert load_config(tmp_path / "out" / "config.toml", RunConfig).cast.judge.name == "near"


def test_people_do_not_judge_trees_that_grow(config: Config) -> None:
    for judge in ("human", {"judge": "panel", "members": ["llm", "human"]}):
        with pytest.raises(ConfigError, match="interalign rejudge RUN --judge human"):
            make_cast(config(cast={"judge": judge}))


# -- a judge of its own replies ------------------------------------------------------------------

EMBEDDED = {"engine": "embedded"}
SERVER = {"engine": "openai_api", "base_url": "http://localhost:1/v1", "model": "big"}


@pytest.mark.parametrize(
    ("models", "judge", "shared"),
    [
        ({"m": EMBEDDED}, "llm", "embedded:smollm2-135m"),
        ({"m": EMBEDDED}, "likelihood", "embedded:smollm2-135m"),
        ({"m": EMBEDDED}, "embedding", None),
        ({"m": {"engine": "scripted"}}, "llm", None),
        ({"m": SERVER}, {"judge": "panel", "members": ["embedding", "llm"]}, "big"),
        ({"m": SERVER, "n": {**SERVER, "base_url": "http://localhost:2/v1"}}, {"judge": "llm", "model": "n"}, "big"),
        ({"m": SERVER, "n": {**SERVER, "model": "other"}}, {"judge": "llm", "model": "n"}, None),
    ],
)
def test_a_model_that_judges_its_own_replies_is_named(
    config: Config, models: Any, judge: Any, shared: str | None
) -> None:
    sentence = same_model(config(models=models, cast={"model": "m", "judge": judge}))
    assert (sentence is None) == (shared is None)
    assert shared is None or f"are the same model ({shared})" in str(sentence)


def test_the_warning_stands_once_on_stderr(judged: Path) -> None:
    engine = '{engine="openai_api",base_url="http://localhost:1/v1",model="big",max_in_flight=1}'
    options = ["--judge", "llm", "--name", "again", "--set", f"models.script={engine}", "--set", "calls.retries=0"]
    done = CliRunner().invoke(app, ["rejudge", str(judged), *options])
    assert done.stderr.count("the judge and a responder are the same model (big)") == 1
    assert "same model" not in done.stdout


# -- what the page shows -------------------------------------------------------------------------


@pytest.mark.parametrize("block", re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_the_tables_of_the_page_are_judges(block: str) -> None:
    data = tomllib.loads(block)
    data["models"] = {"qwen": {"engine": "scripted"}}
    loaded = parse_config(data, RunConfig)
    assert loaded.judges
    for name, judge in loaded.judges.items():
        assert judge.name in (name, None)
