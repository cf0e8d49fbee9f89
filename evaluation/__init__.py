"""evaluation: does a model align with its user as the conversation goes on?"""

from interalign.evaluation.aloe import Evaluation, evaluate
from interalign.evaluation.config import EvaluateConfig
from interalign.evaluation.metrics import Fit, improvement_rate, normalised
from interalign.evaluation.results import CaseInfo, Missing, ModelResult, Results

__all__ = [
    "CaseInfo",
    "EvaluateConfig",
    "Evaluation",
    "Fit",
    "Missing",
    "ModelResult",
    "Results",
    "evaluate",
    "improvement_rate",
    "normalised",
]
