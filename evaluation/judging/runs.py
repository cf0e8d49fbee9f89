"""runs: the judges of a run folder side by side: those that have not judged it yet are asked first, and no other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncio
import json

from interalign.agents import Context, Judge
from interalign.config import load_config
from interalign.errors import ConfigError, MissingError
from interalign.evaluation.judging.comparing import Scores, compare_judges, judges_in
from interalign.evaluation.judging.comparison import Comparison
from interalign.evaluation.judging.levels import exchanges
from interalign.graphs import ConversationTree
from interalign.sim.config import RunConfig
from interalign.sim.judging import make_judge
from interalign.sim.rejudge import judging_calls, rejudge
from interalign.sim.store import read_manifest, read_trees

__all__ = ["compare_run", "judge_override"]

_AT_A_TIME = 64


def judge_override(name: str) -> str:
    """The override that makes a judge the one of the cast."""
    return f"cast.judge={{ judge = {json.dumps(name)} }}"


async def compare_run(
    run: Path, names: Sequence[str] = (), overrides: Sequence[str] = (), *, with_scores: bool = False
) -> Comparison:
    """Compare the judges of a run, all that have judged it unless `names` says which.

    Judges that have not judged it are asked first, made as `overrides` say, and their verdicts are kept. `with_scores` asks the
    judges that score single replies for all replies along the continued branches, too; what they say is in the call cache.

    Raises:
        ConfigError: fewer than two judges, or `overrides` without anybody to be asked.
        MissingError, RunFolderError: the folder is none, or cannot be written.
        CallError: a model call failed for good.
    """
    if not (run / "config.toml").is_file():
        raise MissingError(f"{run} is no run folder: it has no config.toml")
    known = judges_in(list(read_trees(run)))
    configs = {name: load_config(run / "config.toml", RunConfig, [judge_override(name), *overrides]) for name in names if name not in known}
    if overrides and not configs:
        raise ConfigError(
            f"--set {overrides[0]} changes nothing: all judges named have judged {run} already; "
            f"interalign rejudge {run} --judge NAME --set ... --name ANOTHER judges it again"
        )
    found = await _judged(run, names or known, configs, known)
    trees = list(read_trees(run))
    scores = {name: await _scores(run, trees, name, configs.get(name)) for name in found} if with_scores else {}
    return compare_judges(str(run), trees, found, {name: given for name, given in scores.items() if given is not None})
