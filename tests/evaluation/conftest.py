"""One evaluation with two models and all controls, for tests that only look at it."""

import pytest
from evaluating import evaluated

from interalign.evaluation import Evaluation


@pytest.fixture(scope="session")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Ten cases of five turns. Only look at it."""
    out = tmp_path_factory.mktemp("evaluations") / "all"
    controls = ["generic", "echo", "oracle", "swap"]
    models = ["base", "tuned"]
    return evaluated(out, models=models, controls=controls, cases=10, turns=5, infer_at=[5], adjusted=True)


@pytest.fixture
def _no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots are most of a small evaluation's time."""
    monkeypatch.setattr("interalign.evaluation.report.writing.draw_plots", lambda *_: {})
