"""evaluation: does a model align with its user as the conversation goes on?"""

from interalign.evaluation.metrics import Fit, improvement_rate, normalised
from interalign.evaluation.results import CaseInfo, Missing, ModelResult, Results

__all__ = ["CaseInfo", "Fit", "Missing", "ModelResult", "Results", "improvement_rate", "normalised"]
