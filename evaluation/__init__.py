"""evaluation: does a model align with its user as the conversation goes on?"""

from interalign.evaluation.metrics import Fit, improvement_rate, normalised

__all__ = ["Fit", "improvement_rate", "normalised"]
