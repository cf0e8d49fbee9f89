"""report: the figures of an evaluation on the terminal, as a page, in Markdown, as plots and as JSON."""

from interalign.evaluation.report.notebook import notebook_results
from interalign.evaluation.report.terminal import print_results
from interalign.evaluation.report.writing import write_report

__all__ = ["notebook_results", "print_results", "write_report"]
