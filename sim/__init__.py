"""sim: how it runs. Engines, the call path, the runner and the run folder."""

from interalign.sim.calls import CallPath, CallSettings, Ledger
from interalign.sim.config import RunConfig
from interalign.sim.engines import Engine, ScriptedEngine, make_engine
from interalign.sim.health import Health, assess
from interalign.sim.judging import make_judge, make_scorer
from interalign.sim.models import MODELS, locate, pull
from interalign.sim.runner import Summary, run, simulate
from interalign.sim.store import read_manifest, read_trees

__all__ = [
    "MODELS",
    "CallPath",
    "CallSettings",
    "Engine",
    "Health",
    "Ledger",
    "RunConfig",
    "ScriptedEngine",
    "Summary",
    "assess",
    "locate",
    "make_engine",
    "make_judge",
    "make_scorer",
    "pull",
    "read_manifest",
    "read_trees",
    "run",
    "simulate",
]
