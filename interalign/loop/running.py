"""running: the stages of a loop, one after the other. Each has a folder of its own and goes on by its own means.

A stage that is finished notices so and returns at once; so the whole is resumed by doing all of it again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interalign.config import digest
from interalign.errors import ConfigError, RunFolderError
from interalign.evaluation import Results, evaluate
from interalign.evaluation.reading import read_results
from interalign.evaluation.scoring import Scorer
from interalign.loop.config import LoopConfig
from interalign.loop.findings import Findings, find
from interalign.loop.folder import LoopFolder
from interalign.loop.report import render_html, render_markdown
from interalign.sim import run, simulate
from interalign.sim.engines.pinning import pin_adapters
from interalign.sim.judging import make_judge
from interalign.sim.progress import NoProgress, Progress
from interalign.sim.store import now
from interalign.training import make_pairs, train
from interalign.training.progress import NoTrainProgress, TrainProgress

__all__ = ["Looped", "Shows", "run_loop"]


@dataclass(frozen=True, slots=True)
class Shows:
    """How a loop shows that it gets on."""

    say: Callable[[str], None] = lambda line: None
    simulation: Callable[[], Progress] = NoProgress
    training: Callable[[], TrainProgress] = NoTrainProgress


@dataclass(frozen=True, slots=True)
class Looped:
    """What came of a loop."""

    folder: Path
    results: Results
    findings: Findings


def run_loop(config: LoopConfig, out: str | Path, shows: Shows | None = None) -> Looped:
    """Do the rounds that `out` does not hold yet; the same call goes on where it was stopped.

    Raises:
        ConfigError, MissingError, RunFolderError: a stage cannot be done; what is finished is kept.
        DivergedError: a training has diverged.
    """
    shows = shows or Shows()
    _check_last_stage(config)
    with LoopFolder(Path(out), config) as folder:
        (folder.path / "manifest.json").unlink(missing_ok=True)
        work = _Work(config, folder, shows)
        results: Results | None = None
        for number in range(1, config.training.rounds + 1):
            results = work.round(number)
        assert results is not None, "there is at least one round"
        return work.finish(results)


def _check_last_stage(config: LoopConfig) -> None:
    """An evaluation that cannot be done is found before hours are spent on what comes before it."""
    last = config.evaluate_config([Path("somewhere")] * config.training.rounds)
    Scorer(make_judge(last.run_config()), whole=last.evaluate.paper_compat)


class _Work:
    """One call of `run_loop`."""

    def __init__(self, config: LoopConfig, folder: LoopFolder, shows: Shows) -> None:
        self.config = config
        self.folder = folder
        self.shows = shows

    def round(self, number: int) -> Results:
        """Trees, pairs, training, evaluation."""
        self._simulate(number)
        self._pair(number)
        start = self._sft() if number == 1 else self.folder.round(number - 1, "dpo")
        self._dpo(number, start)
        return self._evaluate(number)

    def _simulate(self, number: int) -> None:
        config = self.config.run_config(number, self.folder.round(number - 1, "dpo"))
        with self._stage(number, "trees"):
            summary = run(
                lambda: simulate(config, self.folder.round(number, "trees"), progress=self.shows.simulation())
            )
            failed = f", {summary.failed} failed" if summary.failed else ""
            self.shows.say(f"  {summary.conversations} conversations{failed}")
        if summary.stopped:
            raise ConfigError(f"round {number} stopped: {summary.stopped}")
        if not summary.conversations:
            raise RunFolderError(
                f"no conversation of round {number} came to its end; see {summary.folder / 'failures.jsonl'}"
            )

    def _pair(self, number: int) -> None:
        with self._stage(number, "pairs"):
            options = self.config.pair_options()
            made = make_pairs([self.folder.round(number, "trees")], self.folder.round(number, "pairs"), options)
            counts = made.manifest["train"]
            self.shows.say(f"  {counts['pairs']} pairs of {counts['personas']} personas")
            if made.warning:
                self.shows.say(f"  warning: {made.warning}")

    def _sft(self) -> Path:
        out = self.folder.round(1, "sft")
        with self._stage(1, "sft"):
            settings = self.config.sft_settings(self.folder.round(1, "pairs"), out)
            self._trained(train(settings, out, progress=self.shows.training()).manifest)
        return out

    def _dpo(self, number: int, start: Path) -> None:
        out = self.folder.round(number, "dpo")
        with self._stage(number, "dpo"):
            settings = self.config.dpo_settings(self.folder.round(number, "pairs"), start)
            self._trained(train(settings, out, progress=self.shows.training()).manifest)

    def _trained(self, manifest: dict) -> None:
        loss = manifest.get("loss")
        self.shows.say(
            f"  {manifest['steps']} steps" + (f", loss {loss['first']:.3g} to {loss['last']:.3g}" if loss else "")
        )

    def _evaluate(self, number: int) -> Results:
        adapters = [self.folder.round(done, "dpo") for done in range(1, number + 1)]
        config = pin_adapters(self.config.evaluate_config(adapters))
        out = self.folder.path / "evaluation"
        with self._stage(number, "evaluation"):
            done = _finished(out, digest(config))
            if done is not None:
                return done
            found = run(lambda: evaluate(config, out, progress=self.shows.simulation()))
        if found.stopped:
            raise ConfigError(f"the evaluation stopped: {found.stopped}")
        return found.results

    def _stage(self, number: int, name: str):
        title = f"round {number}: {name}"
        self.shows.say(title)
        return self.folder.timed(title)

    def finish(self, results: Results) -> Looped:
        """The report, and last the manifest."""
        config = self.config
        findings = find(config, self.folder, results)
        self.folder.write("report.md", render_markdown(findings))
        self.folder.write("report.html", render_html(findings))
        manifest = {"config_digest": config.digest(), "rounds": config.training.rounds, "finished_at": now()}
        self.folder.write_json("manifest.json", {**manifest, "findings": findings.model_dump(mode="json")})
        return Looped(self.folder.path, results, findings)


def _finished(out: Path, wanted: str) -> Results | None:
    """The results of that very evaluation, if it came to its end."""
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read_results(out) if manifest.get("config_digest") == wanted else None
