"""results.json: read back as it was written, and refused with a sentence where it is something else."""

import json
from pathlib import Path
from typing import Any

import pytest
from measured import written

from interalign.errors import ConfigError, MissingError
from interalign.evaluation.reading import read_results
from interalign.evaluation.report.writing import results_text
from interalign.evaluation.statistics import compute_figures

GOOD = written({"m": [[3.0, None], [4.0, 5.0]]})


def test_it_comes_back_from_a_file_and_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(results_text(GOOD, compute_figures(GOOD, replicates=10)))
    assert read_results(tmp_path) == read_results(tmp_path / "results.json") == GOOD


def changed(**more: Any) -> dict[str, Any]:
    return {**GOOD.model_dump(mode="json"), **more}


def model(**more: Any) -> list[Any]:
    return [{**GOOD.models[0].model_dump(mode="json"), **more}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[1]", "a list where the results of an evaluation are needed"),
        ("[" * 100_000, "not valid JSON"),
        (changed(turns="many"), "key 'turns'"),
        (changed(extra=1), "key 'extra'"),
        (changed(models=[]), "a case, a turn and a model"),
        (changed(models=model() * 2), "the model 'm' stands in it twice"),
        (changed(cases=[GOOD.cases[0].model_dump()] * 2), "the case 'c0' stands in it twice"),
        (changed(turns=3), "no table of 2 cases x 3 turns"),
        (changed(models=model(scores={"overall": [[1.0, 2.0]]})), "'overall' of model 'm' is no table of 2 cases"),
        (changed(models=model(scores={})), "no 'overall' scores"),
        (changed(models=model(measures={"x": [[1, 2], [1, float("nan")]]})), "'x' of model 'm' has a value"),
        (changed(flip_at=3), "flip_at = 3 is none of the turns 2 to 2"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: Any, words: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ConfigError, match=r"results\.json") as error:
        read_results(file)
    assert words in str(error.value)


@pytest.mark.parametrize("path", ["absent", "absent/results.json", "."])
def test_what_is_not_there_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(MissingError, match="give a folder that `interalign evaluate` has written"):
        read_results(tmp_path / path)
