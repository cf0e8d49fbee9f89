"""judging: how far judges can be trusted: held to people's labels, and to each other."""

from interalign.evaluation.judging.card import Card, DataSet, JudgeColumn
from interalign.evaluation.judging.estimates import Counted
from interalign.evaluation.judging.measuring import measure_judges
from interalign.evaluation.judging.page import card_page
from interalign.evaluation.judging.readers import Judgement, read_judgements, shipped_judgements
from interalign.evaluation.judging.report import card_lines, data_sentences
from interalign.evaluation.judging.terminal import text_table

__all__ = [
    "Card",
    "Counted",
    "DataSet",
    "Judgement",
    "JudgeColumn",
    "card_lines",
    "card_page",
    "data_sentences",
    "measure_judges",
    "read_judgements",
    "shipped_judgements",
    "text_table",
]
