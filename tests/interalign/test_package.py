"""The package: what it offers under which name, and who may import whom."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import interalign

ROOT = Path(__file__).parents[2]
FOLDERS = ("agents", "evaluation", "graphs", "interalign", "sim", "training")

PUBLIC = {
    "interalign": [
        *("Agent", "CallPath", "Candidate", "Cast", "Context", "ConversationTree", "DialogueState", "EmbeddingJudge"),
        "EvaluateConfig",
        *("Full", "Inducer", "InteralignError", "LLMJudge", "Message", "Persona", "Prompt", "Responder", "Role"),
        *(
            "RunConfig",
            "Score",
            "ScriptedEngine",
            "Stage",
            "UserAgent",
            "Verdict",
            "Walk",
            "compile_dialogue",
            "dialogue_graph",
        ),
        *(
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
        ),
        *("shipped_personas", "simulate", "write_rows"),
    ],
    "interalign.agents": [
        *("Agent", "Answer", "Caller", "Candidate", "Cast", "Context", "EmbeddingJudge", "Inducer", "Judge"),
        *("LLMJudge", "LikelihoodJudge", "Message", "Outcome", "PanelJudge", "Performer", "Persona", "PersonaWriter"),
        *("Personality", "PointwiseJudge"),
        *(
            "Profile",
            "Prompt",
            "Responder",
            "RewardModelJudge",
            "Role",
            "Score",
            "Spent",
            "Strategy",
            "Usage",
            "UserAgent",
            "Verdict",
            "Vote",
            "embed",
            "heldout_personas",
            "json_request",
            "read_json",
            "read_jsonl",
        ),
        *("read_personas", "shipped_personas"),
    ],
    "interalign.evaluation": [
        *("CaseInfo", "EvaluateConfig", "Evaluation", "Fit", "Missing", "ModelResult", "Results", "evaluate"),
        *("improvement_rate", "normalised"),
    ],
    "interalign.evaluation.judging": [
        *("Agreement", "Card", "Comparison", "Counted", "DataSet", "Flip", "JudgeColumn", "JudgeSide", "Judgement"),
        *("agreement_lines", "card_lines", "card_page", "compare_judges", "compare_run", "comparison_page"),
        *("comparison_sentences", "data_sentences", "judges_in", "measure_judges"),
        *("read_judgements", "shipped_judgements", "side_lines", "text_table"),
    ],
    "interalign.evaluation.report": ["notebook_results", "print_results", "write_report"],
    "interalign.evaluation.simulator": [
        *("Card", "Distance", "Portrait", "Talk", "card_grids", "card_sentences", "read_talks", "render_card"),
        *("simulator_card", "talks_of"),
    ],
    "interalign.graphs": [
        *(
            "Beam",
            "BestFirst",
            "ConversationTree",
            "DialogueState",
            "Ending",
            "Flip",
            "Full",
            "Guided",
            "Label",
            "Node",
            "Pair",
            "PairRule",
            "Policy",
            "Stage",
            "Walk",
        ),
        *("compile_dialogue", "dialogue_graph", "export_trees", "from_oasst", "grow", "import_trees"),
        *("judging_context", "select_pairs", "standings", "to_oasst"),
    ],
    "interalign.graphs.drawing": [
        *(
            "draw_tree",
            "list_trees",
            "machine_image",
            "machine_mermaid",
            "notebook_html",
            "notebook_table",
            "notebook_trees",
            "plain_text",
            "render_html",
            "render_png",
            "render_svg",
        ),
    ],
    "interalign.sim": [
        *("MODELS", "CallPath", "CallSettings", "Engine", "Health", "Ledger", "RunConfig", "ScriptedEngine", "Summary"),
        *(
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
        ),
    ],
    "interalign.training": [
        *("DPOSettings", "PairOptions", "PairSet", "SFTSettings", "Trained", "make_pairs", "preference_rows"),
        *("read_pair_set", "train", "write_rows"),
    ],
    "interalign.training.packing": [
        *("Encoded", "Layout", "TreeArguments", "TreeDPOTrainer", "TreeSFTTrainer", "ancestors", "encode_rows"),
        *("lay_out", "model_refusal", "pack_rows", "prefix_stable", "tree_size"),
    ],
}

LAYERS = (
    {"interalign.errors"},
    {"interalign.explain", "interalign.files"},
    {"interalign.config"},
    {"interalign.agents"},
    {"interalign.graphs"},
    {"interalign.sim"},
    {"interalign.evaluation", "interalign.training"},
    {"interalign.loop"},
    {"interalign.cli"},
)
"""Lowest first: a module imports from its own package, or from a lower layer."""


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_are_these(package: str) -> None:
    assert import_module(package).__all__ == PUBLIC[package]


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_are_sorted(package: str) -> None:
    """Constants, then classes, then functions; each by name."""
    names = import_module(package).__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_can_be_imported(package: str) -> None:
    module = import_module(package)
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_the_facade_gives_the_things_themselves() -> None:
    from interalign.agents import Persona
    from interalign.sim import simulate

    assert interalign.Persona is Persona
    assert interalign.simulate is simulate


def test_the_facade_lists_its_names_and_no_others() -> None:
    assert dir(interalign) == sorted(PUBLIC["interalign"])
    with pytest.raises(AttributeError, match="module 'interalign' has no attribute 'nonsense'"):
        _ = interalign.nonsense


def test_the_facade_imports_nothing_before_it_is_used() -> None:
    code = "import sys, interalign\nprint([name for name in sys.modules if name.startswith('interalign.')])\n"
    code += "print([name for name in ('pydantic', 'langgraph', 'numpy', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


def test_every_folder_with_code_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(project["tool"]["setuptools"]["packages"])
    assert {module.rpartition(".")[0] for module, _ in sources()} == packages


# -- imports -------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[str, Path]]:
    """Every source file with the name of its module; a package ends in `.__init__`."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts if folder == "interalign" else ("interalign", *parts)), path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, "." * node.level + f"{node.module or ''}.{alias.name}") for alias in node.names)


def layer(module: str) -> int | None:
    """The height of a module's package; None for the facade, which stands above all."""
    part = ".".join(module.split(".")[:2])
    return next((height for height, packages in enumerate(LAYERS) if part in packages), None)


def test_imports_run_one_way() -> None:
    wrong: list[str] = []
    for module, path in sources():
        if module == "interalign.__init__":
            continue
        own = layer(module)
        assert own is not None, f"{module} has no layer"
        for line, name in imported(path):
            if name.split(".")[0] != "interalign" or name.split(".")[:2] == module.split(".")[:2]:
                continue
            below = layer(name)
            if below is None or below >= own:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_no_file_imports_a_folder_by_its_bare_name() -> None:
    bare = set(FOLDERS) - {"interalign"}
    others = [path for folder in ("tests", "examples", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in [path for _, path in sources()] + others
        for line, name in imported(path)
        if name.split(".")[0] in bare or name.startswith(".")
    ]
    assert wrong == []
