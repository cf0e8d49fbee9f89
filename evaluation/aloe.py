"""aloe: the benchmark: does a model align with its user as the conversation goes on?

Each evaluated model, and each control that is one, talks with the user agent of every case without seeing the persona, and a judge
that sees it scores every reply. What comes of it stands in one folder:

config.toml           the resolved config, written first; holds no secrets
calls.sqlite          every answer of a model, shared by all dialogues and all judges
dialogues/NAME/       a run folder for each model and control: its dialogues as trees, scores as notes at the replies
results.json ...      what was measured, and the report
manifest.json         what the evaluation was and came to, written last
by-JUDGE/             the results of another judge: the dialogues are scored again, and not held again

Method: Wu et al., "Aligning LLMs with Individual Preferences via Interaction" (COLING 2025, arXiv 2410.03642).
"""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from autogen_core.models import ChatCompletionClient

from interalign.agents import Cast
from interalign.config import digest, without_none
from interalign.evaluation.cases import cases_of, fingerprint, flips_of, swapped
from interalign.evaluation.config import EvaluateConfig
from interalign.evaluation.controls import ControlEngine
from interalign.evaluation.gathering import gather_results
from interalign.evaluation.provenance import provenance_of
from interalign.evaluation.report import notebook_results, write_report
from interalign.evaluation.results import Results
from interalign.evaluation.scoring import Observer, Scorer
from interalign.evaluation.subjects import Subject, subjects_of
from interalign.evaluation.table import Seat
from interalign.evaluation.work import Work
from interalign.files import write_text
from interalign.sim.calls import CallPath
from interalign.sim.casting import make_cast, make_clients
from interalign.sim.engines.pinning import pin_adapters
from interalign.sim.progress import NoProgress, Progress
from interalign.sim.runner import open_cache
from interalign.sim.store import RunFolder, now

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of an evaluation."""

    results: Results
    folder: Path
    """Where the results stand: the evaluation's folder, or one below it for a judge that came later."""
    calls: int
    """Sent to an engine this time."""
    seconds: float
    stopped: str = ""
    """Why it stopped before its end; empty if it did not."""

    def _repr_html_(self) -> str:
        """For notebooks: the tables of the report."""
        return notebook_results(self.results)


async def evaluate(
    config: EvaluateConfig,
    out: str | Path,
    *,
    progress: Progress | None = None,
    clients: Mapping[str, ChatCompletionClient] | None = None,
    judge: Any = None,
) -> Evaluation:
    """Hold and score the dialogues that `out` does not have yet, and write what all of them come to.

    `clients` and `judge` (a PointwiseJudge) replace what the config describes. A dialogue that failed before is tried again.
    Cancelling it (Ctrl-C) keeps every finished dialogue and every answer; the same call then goes on.

    Raises:
        ConfigError, MissingError: the config cannot be played or scored; before any call is made.
        RunFolderError: `out` holds dialogues of another config (its message names the keys), or cannot be written.
    """
    out, config = Path(out), pin_adapters(config)
    section = config.evaluate
    cases, personas = cases_of(section), fingerprint(section)
    swap = swapped(cases) if "swap" in section.controls else {}
    flips = flips_of(cases, section)
    cast = make_cast(config.run_config())
    scorer = Scorer(judge or cast.judge, whole=section.paper_compat)
    subjects = subjects_of(config, personas)
    own = dict(clients) if clients is not None else make_clients(config.run_config())
    engines = {**own, "generic": ControlEngine("generic"), "echo": ControlEngine("echo")}
    seats = [Seat(subject, _cast_of(cast, subject), _observer(config, subject, scorer, swap)) for subject in subjects]
    started = time.monotonic()
    with ExitStack() as stack:
        folders = [stack.enter_context(RunFolder(out / one.folder, one.config)) for one in subjects]
        place = _results_folder(out, scorer.label)
        _write_config(place, config)
        cache = open_cache(config.run_config(), out, engines)
        calls = CallPath(engines, config.calls, cache=cache)
        before = calls.ledger.calls
        work = Work(config.run_config(), seats, folders, calls, progress or NoProgress())
        try:
            await work.converse(cases, flips)
            trees = await work.score(cases)
        finally:
            work.close()
            if clients is None:
                await calls.close()
            if cache is not None:
                cache.close()
        made = provenance_of(config, cast, engines, scorer, personas)
        results = gather_results(config, cases, seats, trees, scorer.label, made, _up(out, place))
        _write(place, results, config, work, time.monotonic() - started)
    return Evaluation(results, place, calls.ledger.calls - before, time.monotonic() - started, work.stopped)


def _cast_of(cast: Cast, subject: Subject) -> Cast:
    return Cast(user=cast.user, responders=(subject.candidate,))


def _observer(config: EvaluateConfig, subject: Subject, scorer: Scorer, swap: Mapping[str, Any]) -> Observer:
    """Swap and inference are about evaluated models; controls are scored, and that is all."""
    section = config.evaluate
    if subject.control is not None:
        return Observer(scorer, section.turns, adjusted=section.adjusted)
    return Observer(scorer, section.turns, swap, section.adjusted, section.infer_at, subject.name)


def _results_folder(out: Path, label: str) -> Path:
    """The folder itself for the judge that came first, one below it for any other."""
    try:
        kept = json.loads((out / "results.json").read_text(encoding="utf-8"))["provenance"]["judge"]["label"]
    except (OSError, ValueError, KeyError, TypeError):
        return out
    return out if kept == label else out / f"by-{label}"


def _up(out: Path, place: Path) -> str:
    """The way from the results to the dialogues."""
    return "" if place == out else "../"


def _write_config(folder: Path, config: EvaluateConfig) -> None:
    write_text(folder / "config.toml", tomli_w.dumps(without_none(config.model_dump(mode="json"))))


def _write(folder: Path, results: Results, config: EvaluateConfig, work: Work, seconds: float) -> None:
    """The results, and last the manifest: only for an evaluation that came to its end."""
    (folder / "manifest.json").unlink(missing_ok=True)
    write_report(results, folder)
    usage = work.calls.ledger.to_dict()
    write_text(folder / "usage.json", json.dumps(usage, indent=2) + "\n")
    if work.stopped:
        return
    manifest = {
        "config_digest": digest(config),
        "results_sha256": hashlib.sha256((folder / "results.json").read_bytes()).hexdigest(),
        "missing": sum(len(model.missing) for model in results.models),
        "finished_at": now(),
        "seconds": round(seconds, 1),
    }
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")
