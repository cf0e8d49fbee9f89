"""reading: results.json, checked: what a file says is compared and shown only if it is the results of an evaluation."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interalign.errors import ConfigError, MissingError
from interalign.evaluation.results import ModelResult, Results

__all__ = ["check_results", "read_results"]

Rows = Sequence[Sequence[float | None]]


def read_results(path: Path) -> Results:
    """The results in a file, or in the results.json of a folder. Figures that stand in it are computed anew by who needs them.

    Raises:
        MissingError: there is no such file.
        ConfigError: it does not hold results, or they do not fit together.
    """
    file = path / "results.json" if path.is_dir() else path
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(
            f"no results at {str(file)!r}; give a folder that `interalign evaluate` has written"
        ) from None
    except OSError as error:
        raise MissingError(f"{file} cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid JSON ({error}); it was not written by `interalign evaluate`") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: a {type(data).__name__} where the results of an evaluation are needed")
    try:
        results = Results.model_validate({key: value for key, value in data.items() if key != "figures"})
        check_results(results)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"{file}: key {key!r}: {problem['msg']}; it was not written by `interalign evaluate`"
        ) from None
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    return results


def check_results(results: Results) -> None:
    """Raises ConfigError where cases, turns, names and scores do not fit together."""
    _distinct("case", [case.id for case in results.cases])
    _distinct("model", [model.name for model in results.models])
    if not results.cases or not results.models or results.turns < 1:
        raise ConfigError("results need a case, a turn and a model; there is nothing to compute")
    if results.flip_at is not None and not 2 <= results.flip_at <= results.turns:
        raise ConfigError(f"flip_at = {results.flip_at} is none of the turns 2 to {results.turns}")
    for model in results.models:
        if "overall" not in model.scores:
            raise ConfigError(f"model {model.name!r} has no 'overall' scores; each model needs them")
        for name, rows in _tables(model):
            _check_table(f"{name!r} of model {model.name!r}", rows, results)


def _distinct(what: str, names: Sequence[str]) -> None:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ConfigError(f"the {what} {twice!r} stands in it twice; give each a name of its own")


def _tables(model: ModelResult) -> list[tuple[str, Rows]]:
    return [*model.scores.items(), *model.measures.items()]


def _check_table(what: str, rows: Rows, results: Results) -> None:
    cases, turns = len(results.cases), results.turns
    if len(rows) != cases or any(len(row) != turns for row in rows):
        raise ConfigError(f"{what} is no table of {cases} cases x {turns} turns, one value or null for each")
    if any(value is not None and not math.isfinite(value) for row in rows for value in row):
        raise ConfigError(f"{what} has a value that is no finite number; what is missing is null")
