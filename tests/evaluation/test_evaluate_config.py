"""The TOML of an evaluation, and the sentence for each mistake in it."""

from typing import Any

import pytest
from evaluating import config_of

from interalign.config import parse_config
from interalign.errors import ConfigError
from interalign.evaluation import EvaluateConfig


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"models": ["x"]}, "evaluate.models names 'x', but .models. has only base, tuned, sim"),
        ({"models": []}, "evaluate.models says which of the models"),
        ({"models": ["base", "base"]}, "'evaluate.models'.*'base' stands in it twice"),
        ({"controls": ["placebo"]}, "'placebo': input should be 'generic', 'echo', 'oracle' or 'swap'"),
        ({"cases": 0}, "'evaluate.cases' = 0"),
        ({"user": "x"}, "evaluate.user is played by 'x'"),
        ({"user": {}}, "evaluate.user names no model and there are several"),
        ({"judge": "llm"}, "evaluate.judge names no model and there are several .* set evaluate.judge.model"),
        ({"judge": "oracle"}, "there is no judge 'oracle'"),
        ({"responder": "base"}, "it is played by the models in evaluate.models"),
        ({"flip_at": 9}, "flip_at = 9 is after the last turn .turns = 4."),
        ({"infer_at": [0]}, "'evaluate.infer_at.0' = 0"),
    ],
)
def test_mistakes_get_a_sentence(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_of(**section)


def test_a_model_cannot_have_the_name_of_a_control() -> None:
    with pytest.raises(ConfigError, match="'echo' could not be told from the control"):
        parse_config({"models": {"echo": {"engine": "scripted"}}}, EvaluateConfig)


def test_a_single_model_plays_everybody() -> None:
    config = parse_config({"models": {"m": {"engine": "scripted"}}}, EvaluateConfig)
    assert config.evaluated == ("m",)
    assert config.run_config().cast.user.model == "m"


def test_judges_may_be_named() -> None:
    data = {
        "evaluate": {"judge": "strict"},
        "judges": {"strict": {"judge": "llm", "criteria": ["style"]}},
        "models": {"m": {"engine": "scripted"}},
    }
    judge = parse_config(data, EvaluateConfig).judge
    assert (judge.judge, judge.name) == ("llm", "strict")


def test_dialogues_depend_on_their_own_model_alone() -> None:
    def digest(*overrides: str, **section: Any) -> str:
        return config_of(*overrides, **section).dialogue_config("base", "base", "hash").digest()

    same = digest()
    assert digest(models=["base", "tuned"], controls=["swap"], cases=9, infer_at=[2]) == same
    assert digest("models.tuned.adaptation=0.1") == same
    assert digest(judge="embedding") == same
    assert digest("models.base.adaptation=0.1") != same
    assert digest("models.sim.judge_accuracy=0.5") != same
    assert digest(disclosure="free") != same
    assert digest(flip_at=3) != same
