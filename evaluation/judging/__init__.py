"""judging: how far judges can be trusted: held to people's labels, and to each other."""

from interalign.evaluation.judging.card import Card, DataSet, JudgeColumn
from interalign.evaluation.judging.comparing import compare_judges, judges_in
from interalign.evaluation.judging.comparison import Agreement, Comparison, Flip, JudgeSide
from interalign.evaluation.judging.estimates import Counted
from interalign.evaluation.judging.measuring import measure_judges
from interalign.evaluation.judging.page import card_page, comparison_page
from interalign.evaluation.judging.readers import Judgement, read_judgements, shipped_judgements
from interalign.evaluation.judging.report import (
    agreement_lines,
    card_lines,
    comparison_sentences,
    data_sentences,
    side_lines,
)
from interalign.evaluation.judging.runs import compare_run
from interalign.evaluation.judging.terminal import text_table

__all__ = [
    "Agreement",
    "Card",
    "Comparison",
    "Counted",
    "DataSet",
    "Flip",
    "JudgeColumn",
    "JudgeSide",
    "Judgement",
    "agreement_lines",
    "card_lines",
    "card_page",
    "compare_judges",
    "compare_run",
    "comparison_page",
    "comparison_sentences",
    "data_sentences",
    "judges_in",
    "measure_judges",
    "read_judgements",
    "shipped_judgements",
    "side_lines",
    "text_table",
]
