"""runs: the judges of a run folder side by side: those that have not judged it yet are asked first, and no other."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from interalign.agents import Context, Judge, PointwiseJudge
from interalign.config import load_config, parse_config, read_toml
from interalign.errors import ConfigError, MissingError
from interalign.evaluation.judging.agreement import require_agreement
from interalign.evaluation.judging.comparing import Scores, compare_judges, judges_in
from interalign.evaluation.judging.comparison import Comparison
from interalign.evaluation.judging.levels import exchanges
from interalign.graphs import ConversationTree
from interalign.sim.config import RunConfig
from interalign.sim.judge_config import add_tables
from interalign.sim.judging import make_judge
from interalign.sim.rejudge import judging_calls, rejudge
from interalign.sim.store import read_manifest, read_trees

__all__ = ["compare_run"]

_AT_A_TIME = 64


async def compare_run(
    run: Path,
    names: Sequence[str] = (),
    overrides: Sequence[str] = (),
    *,
    tables: Mapping[str, Any] | None = None,
    with_scores: bool = False,
    before: Callable[[RunConfig], None] = lambda config: None,
) -> Comparison:
    """Compare judges of a run: all that have judged it, unless `names` says which.

    Judges that have not judged it yet are asked first, and their verdicts are kept in the trees. They are made as the run's
    config says, with the models and judges of `tables` beside its own and with `overrides`; `before` is handed each such config.
    `with_scores` also lets the judges that score single replies score those along the continued branches; the call cache keeps
    what they answer.

    Raises:
        ConfigError: fewer than two judges, or `overrides` where nobody is to be asked.
        MissingError: the folder is no run, or the extra `agreement` is not installed.
        RunFolderError: the folder cannot be written.
        CallError: a model call failed for good.
    """
    require_agreement()
    if not (run / "config.toml").is_file():
        raise MissingError(f"{run} is no run folder: it has no config.toml")
    known = judges_in(list(read_trees(run)))
    data = add_tables(read_toml(run / "config.toml"), tables or {})
    new = _configs(run, data, [name for name in names if name not in known], overrides)
    found = [new[name][1].name if name in new else name for name in names or known]
    if len(set(found)) < max(2, len(found)):
        raise ConfigError(
            f"two or more different judges are needed, not {', '.join(map(repr, found)) or 'none'}; "
            f"{run} was judged by {', '.join(map(repr, known)) or 'nobody'}; add another --judge"
        )
    for config, judge in new.values():
        if judge.name not in known:
            before(config)
            await rejudge(run, config, judge.name)
    trees = list(read_trees(run))
    asked = {judge.name: (config, judge) for config, judge in new.values()} if with_scores else {}
    scores = {name: await _scores(run, data, trees, name, asked.get(name)) for name in found} if with_scores else {}
    return compare_judges(str(run), trees, found, {name: given for name, given in scores.items() if given is not None})


def _configs(
    run: Path, data: Mapping[str, Any], names: Sequence[str], overrides: Sequence[str]
) -> dict[str, tuple[RunConfig, Judge]]:
    """The judges to be asked. Raises ConfigError where there is none that the overrides could be meant for."""
    if overrides and not names:
        raise ConfigError(
            f"--set {overrides[0]} changes nothing, as {run} has the verdicts of all these judges; to judge it once more: "
            f"interalign rejudge {run} --judge NAME --set {overrides[0]} --name ANOTHER"
        )
    configs = {name: _config(run, data, name, overrides) for name in dict.fromkeys(names)}
    return {name: (config, make_judge(config, folder=run)) for name, config in configs.items()}


def _config(run: Path, data: Mapping[str, Any], name: str, overrides: Sequence[str] = ()) -> RunConfig:
    """The run's config with that judge as the one of its cast."""
    cast_with = {**data.get("cast", {}), "judge": {"judge": name}}
    return parse_config({**data, "cast": cast_with}, RunConfig, overrides, source=str(run / "config.toml"))


async def _scores(
    run: Path, data: Mapping[str, Any], trees: Sequence[ConversationTree], name: str, made: Any
) -> Scores | None:
    """The judge's scores of all replies along the continued branches; None for one that scores none, or cannot be made again."""
    config, judge = made or _made_again(run, data, name) or (None, None)
    if config is None or judge is None or not hasattr(judge, "score"):
        return None
    scorer = cast("PointwiseJudge", judge)
    slots = asyncio.Semaphore(_AT_A_TIME)
    scores: dict[tuple[int, str], float] = {}

    async def score(number: int, id: str, text: str, context: Context, calls: Any) -> None:
        tree = trees[number]
        async with slots:
            found = await scorer.score(context, text, calls, key=f"{tree.seed}/{tree.id}/score/{scorer.name}/{id}")
        if found.value is not None:
            scores[number, id] = found.value

    try:
        async with judging_calls(config, run) as calls, asyncio.TaskGroup() as tasks:
            for number, user, replies in exchanges(trees):
                tree = trees[number]
                context = Context(
                    tree.history(user.id), tree.persona_at(user.turn), turn=user.turn, turns=config.run.turns
                )
                for reply in replies:
                    tasks.create_task(score(number, reply.id, reply.text, context, calls))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return scores


def _made_again(run: Path, data: Mapping[str, Any], name: str) -> tuple[RunConfig, Judge] | None:
    """The judge that judged the run under that name, where the config and the name alone give the very same one."""
    manifest = read_manifest(run) or {}
    config = load_config(run / "config.toml", RunConfig)
    first = make_judge(config, folder=run)
    if first.name == name and _same(first, manifest.get("judge")):
        return config, first
    try:
        config = _config(run, data, name)
    except ConfigError:
        return None
    judge = make_judge(config, folder=run)
    return (config, judge) if _same(judge, manifest.get("rejudged_by", {}).get(name)) else None


def _same(judge: Judge, kept: Any) -> bool:
    return json.loads(json.dumps(judge.identity(), default=str)) == kept
