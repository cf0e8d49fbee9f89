"""subjects: whose dialogues an evaluation holds: the evaluated models, their oracles, and the controls that are no model."""

import re
from dataclasses import dataclass

from interalign.agents import Agent, Candidate, Responder
from interalign.agents.seeds import derive
from interalign.evaluation.config import EvaluateConfig
from interalign.evaluation.results import Control
from interalign.sim import RunConfig
from interalign.sim.casting import make_cast

__all__ = ["Subject", "subjects_of", "swap_name"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who talks with the user of every case."""

    name: str
    """Stands in the results; unique."""
    candidate: Candidate
    config: RunConfig
    """What decides its dialogues, for its run folder."""
    control: Control | None = None
    of: str | None = None
    """The model whose oracle it is."""

    @property
    def folder(self) -> str:
        """Where its dialogues go, below the evaluation's folder. A model's name is a key of somebody's file: not a path."""
        safe = re.sub(r"[^\w()+-]", "_", self.name)[:80]
        return f"dialogues/{safe}" if safe == self.name else f"dialogues/{safe}-{derive(self.name):x}"


def subjects_of(config: EvaluateConfig, personas: str) -> list[Subject]:
    """Models first, then their oracles, then generic and echo. `personas` is the hash of the cases' personas.

    Raises:
        ConfigError: a role of the user's own cannot be loaded.
    """
    controls = config.evaluate.controls
    plain = make_cast(config.run_config()).responders
    found = [Subject(one.name, one, config.dialogue_config(one.name, one.name, personas)) for one in plain]
    if "oracle" in controls:
        for one in make_cast(config.run_config("informed")).responders:
            name = f"oracle({one.name})"
            oracle = Candidate(name, one.agent, one.strategy)
            own = config.dialogue_config(one.name, name, personas, "informed")
            found.append(Subject(name, oracle, own, "oracle", one.name))
    for control in ("generic", "echo"):
        if control in controls:
            candidate = Candidate(control, Agent(Responder(), control))
            found.append(Subject(control, candidate, config.dialogue_config(None, control, personas), control))
    return found


def swap_name(model: str) -> str:
    """What a model's persona-swap is called in the results."""
    return f"swap({model})"
