"""Every judge: swapping a and b mirrors the verdict, equal replies are a tie, and a judge with a position decides nothing."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from autogen_core.models import LLMMessage
from judging import ABOUT, CONTEXT, GENERIC, Saying, caller_of, compared

from interalign.agents import (
    EmbeddingJudge,
    Judge,
    LikelihoodJudge,
    LLMJudge,
    PanelJudge,
    RewardModelJudge,
    Verdict,
)
from interalign.agents.judges import LogProb, Reward
from interalign.agents.judges.renamed import Renamed
from interalign.sim.human import HumanJudge
from interalign.sim.human.desk import Desk

REPLIES = [ABOUT, GENERIC, "Rye bread, yes!", "🦜 {0} $x </s>", "a", "The hens the hens the hens the hens.", "", "  "]


class Fake:
    """Log-probabilities and rewards that depend on the texts alone."""

    def identity(self) -> dict[str, Any]:
        return {"fake": True}

    async def of_replies(self, prompt: Sequence[LLMMessage], replies: Sequence[str], caller: Any, *, key: str) -> Any:
        known = "hens" in str(prompt[0].content)
        return [LogProb(-2.0 + known * reply.count("e") / 7 - len(reply) / 90) for reply in replies]

    async def of_chat(self, chat: Sequence[LLMMessage]) -> Reward:
        return Reward(str(chat[-1].content).count("e") / 3)


async def prefers_long(desk: Desk) -> None:
    while (sheet := desk.current) is not None:
        desk.answer("tie" if len(sheet.first) == len(sheet.second) else _longer(sheet.first, sheet.second))


def _longer(first: str, second: str) -> Any:
    return "first" if len(first) > len(second) else "second"


JUDGES: dict[str, Callable[[Path], Judge]] = {
    "llm": lambda folder: LLMJudge("m"),
    "llm of three votes": lambda folder: LLMJudge("m", votes=3),
    "embedding": lambda folder: EmbeddingJudge(),
    "likelihood": lambda folder: LikelihoodJudge(Fake()),
    "likelihood with a margin": lambda folder: LikelihoodJudge(Fake(), margin=0.1),
    "reward_model": lambda folder: RewardModelJudge(Fake(), margin=0.4),
    "majority": lambda folder: PanelJudge([LLMJudge("m"), EmbeddingJudge(), LikelihoodJudge(Fake())]),
    "mean": lambda folder: PanelJudge([EmbeddingJudge(), RewardModelJudge(Fake())], "mean", 0.2),
    "unanimous": lambda folder: PanelJudge([LLMJudge("m"), EmbeddingJudge()], "unanimous"),
    "human": lambda folder: HumanJudge("anna", folder / "answers.jsonl", show=prefers_long),
    "renamed": lambda folder: Renamed(EmbeddingJudge(), "mine"),  # type: ignore[dict-item,return-value]
}


def without_order(verdict: Verdict) -> Verdict:
    """Which order was asked first is no part of a verdict."""
    votes = tuple(sorted(verdict.votes, key=lambda vote: (vote.order, vote.raw)))
    return verdict.model_copy(update={"votes": votes, "members": tuple(map(without_order, verdict.members))})


@pytest.mark.parametrize("kind", JUDGES)
def test_swapping_the_replies_mirrors_the_verdict(kind: str, tmp_path: Path) -> None:
    async def all_pairs() -> None:
        judge, caller = JUDGES[kind](tmp_path), caller_of()
        for a, b in itertools.combinations(REPLIES, 2):
            one = await judge.compare(CONTEXT, a, b, caller, key="k")
            other = await judge.compare(CONTEXT, b, a, caller, key="k")
            assert without_order(one) == without_order(other.mirrored())

    asyncio.run(all_pairs())


@pytest.mark.parametrize("kind", JUDGES)
def test_equal_replies_are_never_decided(kind: str, tmp_path: Path) -> None:
    verdict = compared(JUDGES[kind](tmp_path), ABOUT, ABOUT)
    assert verdict.outcome == "tie"
    assert verdict.reason


@pytest.mark.parametrize("kind", JUDGES)
def test_a_verdict_survives_json(kind: str, tmp_path: Path) -> None:
    verdict = compared(JUDGES[kind](tmp_path))
    assert Verdict.model_validate_json(verdict.model_dump_json(exclude_defaults=True)) == verdict
    assert verdict.mirrored().mirrored() == verdict
    assert verdict.judge == JUDGES[kind](tmp_path).name


@pytest.mark.parametrize("kind", ["llm", "llm of three votes"])
@pytest.mark.parametrize("always", ["first", "second", "The first reply is lovely."])
def test_a_judge_with_a_favourite_position_decides_nothing(kind: str, always: str, tmp_path: Path) -> None:
    verdict = compared(JUDGES[kind](tmp_path), caller=caller_of(judge=lambda context: always))
    assert (verdict.outcome, verdict.margin) == ("tie", 0.0)


@pytest.mark.parametrize("kind", ["llm", "llm of three votes", "unanimous"])
def test_a_judge_of_garbage_scores_nothing(kind: str, tmp_path: Path) -> None:
    verdict = compared(JUDGES[kind](tmp_path), caller=caller_of(judge=lambda context: "banana"))
    assert (verdict.outcome, verdict.margin) == ("unscored", 0.0)
    assert verdict.reason


def test_old_trees_have_verdicts_that_can_be_read() -> None:
    old = '{"judge":"llm","outcome":"a","margin":1.0,"votes":[{"order":"ab","outcome":"a","raw":"first"}]}'
    verdict = Verdict.model_validate_json(old)
    assert verdict.model_dump_json(exclude_defaults=True) == old


def test_a_renamed_judge_can_do_what_the_judge_can() -> None:
    class OnlyScores:
        name = "x"
        score = Saying("x").score

    assert not hasattr(Renamed(OnlyScores(), "y"), "compare")  # type: ignore[arg-type]
    assert hasattr(Renamed(OnlyScores(), "y"), "score")  # type: ignore[arg-type]
