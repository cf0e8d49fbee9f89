"""interalign: simulate, train and measure language models that adapt to the person they talk to.

The names below are imported on first use, so that `import interalign` and the command line start at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interalign.agents import (
        Agent,
        Candidate,
        Cast,
        Context,
        EmbeddingJudge,
        Inducer,
        LLMJudge,
        Message,
        Persona,
        Prompt,
        Responder,
        Role,
        Score,
        UserAgent,
        Verdict,
        json_request,
        read_personas,
        shipped_personas,
    )
    from interalign.config import load_config
    from interalign.errors import InteralignError
    from interalign.evaluation import EvaluateConfig, evaluate
    from interalign.graphs import (
        ConversationTree,
        DialogueState,
        Full,
        Stage,
        Walk,
        compile_dialogue,
        dialogue_graph,
        grow,
    )
    from interalign.graphs.drawing import draw_tree, render_html
    from interalign.sim import CallPath, RunConfig, ScriptedEngine, read_trees, run, simulate
    from interalign.training import preference_rows, write_rows

_HOMES = {
    "interalign.agents": (
        "Agent",
        "Candidate",
        "Cast",
        "Context",
        "EmbeddingJudge",
        "Inducer",
        "LLMJudge",
        "Message",
        "Persona",
        "Prompt",
        "Responder",
        "Role",
        "Score",
        "UserAgent",
        "Verdict",
        "json_request",
        "read_personas",
        "shipped_personas",
    ),
    "interalign.config": ("load_config",),
    "interalign.errors": ("InteralignError",),
    "interalign.evaluation": ("EvaluateConfig", "evaluate"),
    "interalign.graphs": (
        "ConversationTree",
        "DialogueState",
        "Full",
        "Stage",
        "Walk",
        "compile_dialogue",
        "dialogue_graph",
        "grow",
    ),
    "interalign.graphs.drawing": ("draw_tree", "render_html"),
    "interalign.sim": ("CallPath", "RunConfig", "ScriptedEngine", "read_trees", "run", "simulate"),
    "interalign.training": ("preference_rows", "write_rows"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Agent",
    "CallPath",
    "Candidate",
    "Cast",
    "Context",
    "ConversationTree",
    "DialogueState",
    "EmbeddingJudge",
    "EvaluateConfig",
    "Full",
    "Inducer",
    "InteralignError",
    "LLMJudge",
    "Message",
    "Persona",
    "Prompt",
    "Responder",
    "Role",
    "RunConfig",
    "Score",
    "ScriptedEngine",
    "Stage",
    "UserAgent",
    "Verdict",
    "Walk",
    "compile_dialogue",
    "dialogue_graph",
    "draw_tree",
    "evaluate",
    "grow",
    "json_request",
    "load_config",
    "preference_rows",
    "read_personas",
    "read_trees",
    "render_html",
    "run",
    "shipped_personas",
    "simulate",
    "write_rows",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'interalign' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
