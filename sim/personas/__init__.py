"""personas: the persona pool: checked, grown by a model, imported, exported and sampled."""

from interalign.sim.personas.build import BuildSummary, build_pool
from interalign.sim.personas.check import Report, check, check_with, read_pools, shipped_pools
from interalign.sim.personas.embedders import Embedder, make_embedder
from interalign.sim.personas.exporting import export_people
from interalign.sim.personas.figure import render_png, render_svg
from interalign.sim.personas.filter import Blocked, SimilarityFilter, similarity
from interalign.sim.personas.halves import read_people
from interalign.sim.personas.importing import Imported, import_people, import_with
from interalign.sim.personas.page import render_page
from interalign.sim.personas.pronouns import agree
from interalign.sim.personas.sampling import sample_pairs, sample_personas
from interalign.sim.personas.settings import BuildConfig, SplitConfig
from interalign.sim.personas.splitting import FactSplitter, sentences

__all__ = [
    "Blocked",
    "BuildConfig",
    "BuildSummary",
    "Embedder",
    "FactSplitter",
    "Imported",
    "Report",
    "SimilarityFilter",
    "SplitConfig",
    "agree",
    "build_pool",
    "check",
    "check_with",
    "export_people",
    "import_people",
    "import_with",
    "make_embedder",
    "read_people",
    "read_pools",
    "render_page",
    "render_png",
    "render_svg",
    "sample_pairs",
    "sample_personas",
    "sentences",
    "shipped_pools",
    "similarity",
]
