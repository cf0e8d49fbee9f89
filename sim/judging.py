"""judging: from a config to the judge that it names."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_never, cast

from interalign.agents import EmbeddingJudge, Judge, LLMJudge, PointwiseJudge
from interalign.agents.judges.likelihood import LikelihoodJudge
from interalign.agents.judges.panel import PanelJudge
from interalign.agents.judges.renamed import Renamed
from interalign.agents.judges.reward_model import RewardModelJudge
from interalign.agents.judges.server_logprobs import ServerLogProbs
from interalign.errors import ConfigError
from interalign.sim.config import RunConfig
from interalign.sim.engines import (
    EmbeddedConfig,
    EngineConfig,
    OpenAIConfig,
    ScriptedConfig,
    VLLMConfig,
    served_with_adapters,
)
from interalign.sim.judge_config import (
    EmbeddingJudgeConfig,
    HumanJudgeConfig,
    JudgeConfig,
    LikelihoodJudgeConfig,
    LLMJudgeConfig,
    OwnJudgeConfig,
    PanelJudgeConfig,
    RewardModelJudgeConfig,
    members_of,
)
from interalign.sim.loading import load_object

__all__ = ["make_judge", "make_scorer", "same_model"]

AnyJudge = Judge | PointwiseJudge


def make_judge(config: RunConfig, name: str | None = None, folder: Path | None = None) -> Judge:
    """The judge that the config names, for comparing replies; its verdicts stand under `name`, if one is given.

    `folder` is where a human judge's answers go, unless their path is absolute; the working directory unless given.

    Raises:
        ConfigError: it cannot be made, or only scores single replies.
        MissingError: it needs an extra or a model that is not there.
    """
    judge = _make(config, config.cast.judge, "cast.judge", folder or Path(), name)
    if not hasattr(judge, "compare"):
        raise ConfigError(f"the judge {judge.name!r} only scores single replies; comparing needs a method `compare`")
    return cast("Judge", judge)


def make_scorer(config: RunConfig, name: str | None = None) -> PointwiseJudge:
    """The same for scoring single replies from 1 to 5.

    Raises:
        ConfigError: it cannot be made, or only compares.
        MissingError: it needs an extra or a model that is not there.
    """
    judge = _make(config, config.cast.judge, "cast.judge", Path(), name)
    if not hasattr(judge, "score"):
        raise ConfigError(f"the judge {judge.name!r} only compares two replies; scoring needs a method `score`")
    return cast("PointwiseJudge", judge)


def _make(config: RunConfig, judge: JudgeConfig, where: str, folder: Path, name: str | None = None) -> AnyJudge:
    name = name or judge.name or judge.judge
    if isinstance(judge, EmbeddingJudgeConfig):
        return EmbeddingJudge(judge.margin, judge.nearest, name)
    if isinstance(judge, LLMJudgeConfig):
        options = judge.model_dump(include={"votes", "history", "criteria", "expected", "structured"})
        return LLMJudge(config.model_of(judge, where), judge.rubric, name, judge.parameters, **options)
    if isinstance(judge, LikelihoodJudgeConfig):
        return _likelihood(config, judge, where, name)
    if isinstance(judge, RewardModelJudgeConfig):
        from interalign.sim.torch_rewards import TorchRewards

        return RewardModelJudge(TorchRewards(judge.weights), judge.margin, judge.centre, judge.scale, name)
    if isinstance(judge, HumanJudgeConfig):
        from interalign.sim.human import HumanJudge

        answers = folder / Path(judge.answers).expanduser()
        return HumanJudge(judge.annotator, answers, where=judge.where, port=judge.port, name=name)
    if isinstance(judge, PanelJudgeConfig):
        members = [
            _make(config, member, f"{where}.members.{place}", folder) for place, member in enumerate(judge.members)
        ]
        return PanelJudge(members, judge.rule, judge.margin, name)
    if isinstance(judge, OwnJudgeConfig):
        return _own(judge, where, name if name != "own" else None)
    assert_never(judge)


def _likelihood(config: RunConfig, judge: LikelihoodJudgeConfig, where: str, name: str) -> LikelihoodJudge:
    if judge.model is None:
        from interalign.sim.torch_logprobs import TorchLogProbs

        return LikelihoodJudge(TorchLogProbs(judge.weights, judge.dtype), judge.margin, name)
    model = config.model_of(judge, where)
    engine = config.models[model]
    if not isinstance(engine, OpenAIConfig | VLLMConfig):
        raise ConfigError(
            f"{where}.model = {model!r} is played by the {engine.engine} engine, which gives no log-probabilities of prompts; "
            f'use one with engine = "vllm", or leave out model and set {where}.weights'
        )
    others = [other for other in config.models.values() if isinstance(other, VLLMConfig)]
    if isinstance(engine, VLLMConfig) and served_with_adapters(engine, others):
        raise ConfigError(
            f"{where}.model = {model!r} is on a vLLM server that serves adapters as well, and such a server dies when it is "
            f"asked for the log-probabilities of a prompt; leave out model and set {where}.weights, or start a server without "
            "adapters and name it by base_url in a section of [models] for the judge"
        )
    return LikelihoodJudge(ServerLogProbs(model), judge.margin, name)


def _own(judge: OwnJudgeConfig, where: str, name: str | None) -> AnyJudge:
    """A judge of the user's own. Its class gets the further keys of the table, and nothing else."""
    key = f"{where}.judge"
    make = load_object(judge.make, key)
    if not callable(make):
        raise ConfigError(f"{key} = {judge.make!r} is no class")
    try:
        inspect.signature(make).bind(**judge.options)
    except TypeError as error:
        raise ConfigError(f"{key} = {judge.make!r} cannot be made with {judge.options}: {error}") from None
    made: Any = make(**judge.options)
    lacking = [method for method in ("name", "identity") if not hasattr(made, method)]
    if not (hasattr(made, "compare") or hasattr(made, "score")):
        lacking.append("compare")
    if lacking:
        raise ConfigError(f"{key} = {judge.make!r} is no judge: it has no {' and no '.join(lacking)}")
    return made if name is None or name == made.name else cast("AnyJudge", Renamed(made, name))


# -- a judge that judges itself ------------------------------------------------------------------


def same_model(config: RunConfig) -> str | None:
    """A sentence of warning where a responder's model is also a judge's: models favour what they would say themselves."""
    responders = {
        _model(config.models[config.model_of(player, where)])
        for where, player in config.players()
        if where.startswith("cast.responders.")
    }
    shared = next((model for model in _judging_models(config) if model and model in responders), None)
    if shared is None:
        return None
    return (
        f"the judge and a responder are the same model ({shared}), and models favour their own replies; "
        "let another model judge, for example with cast.judge.model"
    )


def _judging_models(config: RunConfig) -> Iterator[str | None]:
    for member in members_of(config.cast.judge):
        if isinstance(member, LLMJudgeConfig) or (isinstance(member, LikelihoodJudgeConfig) and member.model):
            yield _model(config.models[config.model_of(member, "cast.judge")])
        elif isinstance(member, LikelihoodJudgeConfig):
            yield member.weights


def _model(engine: EngineConfig) -> str | None:
    """What the model is called, wherever it runs; None for the script, which has no favourites."""
    if isinstance(engine, ScriptedConfig):
        return None
    return f"embedded:{engine.model}" if isinstance(engine, EmbeddedConfig) else engine.model
