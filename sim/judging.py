"""judging: from a config to the judge that it names."""

from typing import assert_never

from interalign.agents import EmbeddingJudge, Judge, LLMJudge
from interalign.sim.config import RunConfig
from interalign.sim.judge_config import EmbeddingJudgeConfig, LLMJudgeConfig

__all__ = ["make_judge"]


def make_judge(config: RunConfig, name: str | None = None) -> Judge:
    """The judge that the config names; its verdicts stand under `name`, if one is given."""
    judge = config.cast.judge
    if isinstance(judge, EmbeddingJudgeConfig):
        return EmbeddingJudge(margin=judge.margin, name=name or "embedding")
    if isinstance(judge, LLMJudgeConfig):
        return LLMJudge(config.model_of(judge, "cast.judge"), parameters=judge.parameters, name=name or "llm")
    raise NotImplementedError(judge)
