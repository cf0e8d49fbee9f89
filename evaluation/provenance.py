"""provenance: what it takes to quote or repeat an evaluation: models, judge, prompts, seeds, versions. No secrets, no times."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from autogen_core.models import ChatCompletionClient

from interalign.agents import Agent, Cast, Context, Message, Persona
from interalign.agents.judges.verdict import prompt_digest
from interalign.evaluation.config import EvaluateConfig
from interalign.evaluation.scoring import Scorer
from interalign.sim.engines import Engine

__all__ = ["provenance_of"]

_PACKAGES = ("interalign", "langgraph", "autogen-core", "numpy", "wordllama", "xllamacpp")
_PROBE = Persona(id="probe", facts=("I keep six hens.",), traits=("Long answers make me stop reading.",))


def provenance_of(
    config: EvaluateConfig, cast: Cast, clients: Mapping[str, ChatCompletionClient], scorer: Scorer, personas: str
) -> dict[str, Any]:
    """As wire data. Prompts are named by the digest of what they come to for a made-up persona and message."""
    section = config.evaluate
    used = dict.fromkeys((*config.evaluated, cast.user.model, *(name for name in config.models if name in clients)))
    opened = Context(history=(Message("user", "Hello!"),), turns=section.turns)
    return {
        "models": {name: _identity(clients[name]) for name in used},
        "evaluated": list(config.evaluated),
        "user": {"model": cast.user.model, **_asked(cast.user, Context(persona=_PROBE, turns=section.turns))},
        "responder": next(_asked(one.agent, opened) for one in cast.responders),
        "judge": {"name": scorer.judge.name, "label": scorer.label, **_digested(scorer.judge.identity())},
        "personas_sha256": personas,
        "personas": section.personas or "held-out",
        "seed": section.seed,
        "disclosure": section.plan,
        "flip_at": section.flip_at,
        "infer_at": list(section.infer_at),
        "adjusted": section.adjusted,
        "paper_compat": section.paper_compat,
        "versions": {package: version(package) for package in _PACKAGES},
    }


def _identity(client: ChatCompletionClient) -> dict[str, Any]:
    return client.identity() if isinstance(client, Engine) else {"client": type(client).__name__}


def _asked(agent: Any, context: Context) -> dict[str, Any]:
    """A role, its prompt and how it samples; an agent of another framework by its name alone."""
    if not isinstance(agent, Agent):
        return {"agent": type(agent).__name__}
    role = type(agent.role)
    return {
        "role": f"{role.__module__}:{role.__qualname__}",
        "prompt": prompt_digest(agent.role.messages(context)),
        "parameters": dict(agent.settings),
    }


def _digested(identity: dict[str, Any]) -> dict[str, Any]:
    """The judge's identity as it is, and the digest of its texts with it."""
    text = json.dumps(identity, sort_keys=True, default=str)
    return {"identity": json.loads(text), "digest": hashlib.sha256(text.encode()).hexdigest()}
