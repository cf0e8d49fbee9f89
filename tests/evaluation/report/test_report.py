"""The report of an evaluation: every form of it is written, says the same, and takes any text for text."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from measured import drawn, written
from rich.console import Console

from interalign.evaluation import Missing, Results
from interalign.evaluation.report import print_results, write_report
from interalign.evaluation.report.heat import MOST_ROWS, heat_table
from interalign.evaluation.report.markdown import render_markdown
from interalign.evaluation.report.plots import draw_plots
from interalign.evaluation.report.texts import chance, cleaned, number, short
from interalign.evaluation.statistics import compute_figures

HOSTILE = "<b>$x_1$</b> | `c` [l](http://e) [red]{0}\x1b[31m\u202e &amp; _a_ \n# h"


@pytest.fixture(scope="module")
def results() -> Results:
    return drawn(profiles=8, personalities=2, turns=4, missing=0.05)


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of these results."""
    path = tmp_path_factory.mktemp("reports")
    write_report(results, path)
    return path


def printed(results: Results, width: int = 140) -> str:
    file = StringIO()
    print_results(results, Console(file=file, width=width))
    return file.getvalue()


def test_everything_is_written(folder: Path) -> None:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    plots = [f"plots/{name}.{kind}" for name in ("curves", "heatmaps") for kind in ("png", "svg")]
    assert files == sorted([*plots, "report.html", "report.md", "results.json"])


def test_results_json_has_the_results_and_every_figure(results: Results, folder: Path) -> None:
    data = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    figures = data.pop("figures")
    assert Results.model_validate(data) == results
    assert figures == json.loads(compute_figures(results).model_dump_json())


def test_the_same_results_give_the_same_files(results: Results, folder: Path, tmp_path: Path) -> None:
    write_report(results, tmp_path)
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_all_forms_have_the_same_figures(results: Results, folder: Path) -> None:
    average = compute_figures(results).models[1].overall.average
    text = f"{number(average.value)} [{number(average.low)}, {number(average.high)}]"
    assert text in printed(results)
    assert text in (folder / "report.html").read_text(encoding="utf-8")
    assert text in (folder / "report.md").read_text(encoding="utf-8")


def test_a_narrow_terminal_gets_intervals_on_a_line_of_their_own(results: Results) -> None:
    assert all(len(line) <= 80 for line in printed(results, 80).splitlines())
    assert "\x1b" not in printed(results, 80)


@pytest.mark.parametrize("rows", [[[3.0]], [[None]], [[None, 2.0], [1.0, None]], [[3.0, 3.0]] * 7])
def test_a_report_of_next_to_nothing_says_what_is_undefined(rows: list[list[float | None]], tmp_path: Path) -> None:
    results = written({"m": rows, "generic": rows})
    write_report(results, tmp_path)
    text = printed(results) + "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("report.*"))
    assert "undefined: " in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_hostile_names_are_text_on_the_terminal_and_in_markdown(tmp_path: Path) -> None:
    plain = written({"m": [[3.0, 4.0]] * 6})
    model = plain.models[0].model_copy(
        update={"name": HOSTILE, "missing": (Missing(case="c0", turn=1, reason=HOSTILE),)}
    )
    results = plain.model_copy(update={"models": (model,), "judge": HOSTILE})
    out = printed(results, 300)
    assert "<b>$x_1$</b> | `c` [l](http://e) [red]" in out
    assert not {"\x1b", "\u202e"} & set(out)
    text = render_markdown(compute_figures(results, replicates=10), [HOSTILE])
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows[:2]}) == 1
    assert not re.search(r"<b>|(?<!\\)`|(?<!\\)\[l|http://|^# h", text, re.MULTILINE)
    write_report(results, tmp_path)
    svg = (tmp_path / "plots/curves.svg").read_text(encoding="utf-8")
    assert "&lt;b&gt;$x_1$&lt;/b&gt;" in svg


def test_plots_of_scores_that_are_all_missing_are_not_drawn() -> None:
    results = written({"m": [[None, None]] * 6})
    assert draw_plots(results, compute_figures(results, replicates=10)) == {}


def test_a_map_of_many_cases_shows_the_best_and_the_worst() -> None:
    rows = [[1.0 + place / 100] for place in range(400)]
    table = heat_table(written({"m": rows}).models[0], written({"m": rows}).cases, lambda _: None)
    assert table.count("<tr>") == MOST_ROWS + 1
    assert "the best and the worst 100 of 400 cases" in table
    assert "c399<" in table
    assert "c0<" in table
    assert "c200<" not in table


def test_a_missing_score_says_why_in_the_map() -> None:
    results = written({"m": [[3.0, None]]})
    model = results.models[0].model_copy(update={"missing": (Missing(case="c0", turn=2, reason='a "reason" <'),)})
    assert 'title="a &quot;reason&quot; &lt;"' in heat_table(model, results.cases, lambda _: None)


def test_the_table_of_levels_says_how_many_scores_are_missing(results: Results, folder: Path) -> None:
    missing = compute_figures(results).models[0].overall.missing
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert max(missing) > 0
    assert f"<br><small>{max(missing)} missing</small></td>" in page


def test_figures_are_written_as_one_reads_them() -> None:
    assert (number(-0.001), number(None), number(2.0, 1)) == ("0.00", "–", "2.0")
    assert (chance(0.0004), chance(0.0421), chance(None)) == ("< 0.001", "0.042", "–")
    assert cleaned("a\u202eb\x00\ud800\n") == "a\ufffdb\ufffd\ufffd\n"
    assert short("  two\nlines  ", 5) == "two …"
