"""measuring: from the configs of some judges and a set of rows to their card."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from interalign.agents import Judge
from interalign.errors import ConfigError
from interalign.evaluation.judging.agreement import require_agreement
from interalign.evaluation.judging.answers import Answers, Asked
from interalign.evaluation.judging.asking import ask_judge, refuse_without_persona
from interalign.evaluation.judging.card import Card, Money, data_set, judge_column
from interalign.evaluation.judging.orders import settled
from interalign.evaluation.judging.readers import Judgement
from interalign.sim.config import RunConfig
from interalign.sim.engines import Engine
from interalign.sim.judging import make_judge
from interalign.sim.rejudge import judging_calls

__all__ = ["measure_judges"]

Progress = Callable[[str, int, int], None]
"""Told (judge, answers that are there, answers wanted)."""


async def measure_judges(
    configs: Sequence[RunConfig],
    rows: Sequence[Judgement],
    name: str,
    folder: Path,
    repeats: int,
    progress: Progress = lambda judge, done, wanted: None,
) -> Card:
    """Ask the judge of each config for every row, one judge after the other, and hold it to the labels.

    What is asked is kept in `folder`: the same call goes on where it was stopped, and asks nothing twice.

    Raises:
        ConfigError: two judges have one name, or one needs a persona and a row has none.
        MissingError: the extra `agreement`, a model, or a file is not there.
        RunFolderError: the folder cannot be used.
        CallError: a model call failed for good; what was answered is kept.
    """
    require_agreement()
    judges = [make_judge(config, folder=folder) for config in configs]
    _check(judges, rows)
    asked: list[list[list[Asked]]] = []
    prices: list[Money] = []
    with Answers(folder) as answers:
        for config, judge in zip(configs, judges, strict=True):
            found, money = await _ask(config, judge, rows, repeats, folder, answers, progress)
            asked.append(found)
            prices.append(money)
    columns = tuple(
        judge_column(rows, found, judge.name, judge.identity(), money)
        for judge, found, money in zip(judges, asked, prices, strict=True)
    )
    return Card(data=data_set(name, rows), judges=columns, answers=_answers(rows, judges, asked))


def _check(judges: Sequence[Judge], rows: Sequence[Judgement]) -> None:
    """Find what cannot work before anything is asked."""
    names = [judge.name for judge in judges]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"two judges are called {twice!r}; name one of them in a table [judges.NAME] of the config")
    for judge in judges:
        refuse_without_persona(judge, rows)


async def _ask(
    config: RunConfig,
    judge: Judge,
    rows: Sequence[Judgement],
    repeats: int,
    folder: Path,
    answers: Answers,
    progress: Progress,
) -> tuple[list[list[Asked]], Money]:
    wanted, done = len(rows) * repeats, 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(judge.name, done, wanted)

    progress(judge.name, 0, wanted)
    async with judging_calls(config, folder) as calls:
        models = {name: client.identity() for name, client in calls.clients.items() if isinstance(client, Engine)}
        prices = {name: client.price for name, client in calls.clients.items() if isinstance(client, Engine)}
        found = await ask_judge(judge, rows, repeats, calls, answers, models, count)

    def money(model: str, prompt: int, cached: int, completion: int) -> float:
        return prices[model].of(prompt, cached, completion) if model in prices else 0.0

    return found, money


def _answers(
    rows: Sequence[Judgement], judges: Sequence[Judge], asked: Sequence[Sequence[Sequence[Asked]]]
) -> tuple[dict[str, Any], ...]:
    found = [
        {judge.name: settled(answers[place][0]) for judge, answers in zip(judges, asked, strict=True)}
        for place in range(len(rows))
    ]
    return tuple(
        {"row": row.id, "label": row.label, "judges": outcomes} for row, outcomes in zip(rows, found, strict=True)
    )
