"""What is said of a loop: sentences for every outcome, markup of nobody."""

from typing import Any

import pytest

from interalign.evaluation.figures import Estimate
from interalign.graphs import ConversationTree
from interalign.loop.copying import copied, mean_copied
from interalign.loop.findings import Findings, Gain, ModelLine, _cautions
from interalign.loop.folder import StageRecord
from interalign.loop.report import render_html, render_markdown, render_text


def findings(low: float | None = 0.1, high: float | None = 0.3, **changes: Any) -> Findings:
    average = Estimate(value=0.2, low=low, high=high, note="" if low is not None else "too few profiles")
    gain = Gain(model="tuned-1", base="base", average=average, p=0.0004, pairs=60)
    line = ModelLine(name="base", control=False, score=average, words=12.3, copied=0.05)
    values: dict[str, Any] = {
        "title": "x", "cases": 20, "profiles": 20, "turns": 3, "judge": "likelihood", "labellers": ("embedding",),
        "pairs": (162,), "gains": (gain,), "against": (), "models": (line,),
        "stages": (StageRecord(name="round 1: trees", seconds=61.2, processor=99.0, memory=2**30),), "cautions": (),
    }  # fmt: skip
    return Findings(**{**values, **changes})


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 0.3, "The gain is above zero"),
        (-0.1, 0.3, "No gain can be shown"),
        (-0.3, -0.1, "Training has made the model worse"),
        (None, None, "No gain can be shown"),
    ],
)
def test_the_verdict_follows_from_the_interval(low: float | None, high: float | None, said: str) -> None:
    assert findings(low, high).verdict.startswith(said)


def test_the_report_says_who_judged_and_who_labelled() -> None:
    for render in (render_text, render_markdown, render_html):
        text = render(findings())
        for part in (
            "0.200",
            "p &lt; 0.001" if render is render_html else "p",
            "likelihood",
            "embedding",
            "162",
            "61 s",
            "12.3",
        ):
            assert part in text


def test_names_and_cautions_are_nobodys_markup() -> None:
    hostile = "<script>alert(1)</script> | **x** BODY TITLE"
    found = findings(title=hostile, judge=hostile, cautions=(hostile,))
    page = render_html(found)
    assert "<script" not in page
    assert page.count("<h1>") == 1
    markdown = render_markdown(found)
    assert markdown.count("<script") == markdown.count("\\<script") == 3
    assert "**x**" not in markdown


def test_copied_counts_neighbouring_words() -> None:
    assert copied("I keep six hens", "Well, I keep six hens behind the garage!") == 1
    assert copied("Six hens? How lovely.", "I keep six hens.") == pytest.approx(1 / 3)
    assert copied("hens", "hens") is None


def test_copied_is_the_mean_over_replies(persona: Any) -> None:
    tree = ConversationTree("c", persona)
    root = tree.add(None, "user", "I keep six hens")
    tree.add(root, "assistant", "I keep six hens", place=0)
    tree.add(root, "assistant", "What a day", place=1)
    assert mean_copied([tree]) == 0.5
    assert mean_copied([]) is None


@pytest.mark.parametrize(("before", "after", "warned"), [(0.21, 0.22, False), (0.21, 0.29, True), (0.02, 0.08, False)])
def test_a_reader_is_warned_of_a_model_that_copies_more(before: float, after: float, warned: bool) -> None:
    unknown = Estimate(value=None)
    lines = [
        ModelLine(name=name, control=False, score=unknown, words=20.0, copied=share)
        for name, share in (("base", before), ("tuned", after))
    ]
    said = _cautions("likelihood", ["embedding"], lines, "base", "tuned", [])
    assert ["part of the gain may be an echo" in one for one in said] == [True] * warned
