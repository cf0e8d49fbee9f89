"""Checking a pool: what is counted is true, and what is shown is whole and harmless."""

import asyncio
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from interalign.agents import Persona, Personality, Profile, shipped_personas
from interalign.errors import ConfigError, MissingError
from interalign.sim.personas import Report, check, export_people, read_pools, render_page, render_png, render_svg
from interalign.sim.personas import check as check_pools
from interalign.sim.personas.check import effective_number
from interalign.sim.personas.embedders import WordLlamaConfig, make_embedder
from interalign.sim.personas.halves import Half
from interalign.sim.personas.text import printable, report_lines
from tests.conftest import HOSTILE

HENS = Profile(id="hens", facts=("I keep six hens.", "My coop is red."), attributes={"age": 34, "job": "farmer"})
CHICKENS = Profile(
    id="chickens", facts=("I keep seven hens.", "My coop is blue."), attributes={"age": 38, "job": "farmer"}
)
TAXES = Profile(id="taxes", facts=("I audit banks in Zurich.", "My train leaves at six."), attributes={"age": 51})
WHISPER = Personality(id="whisper", traits=("I whisper.",))


def checked(pools: dict[str, list[Half]], threshold: float = 0.6) -> Report:
    return asyncio.run(check_pools(pools, threshold, make_embedder(WordLlamaConfig())))


def test_what_is_too_similar_is_counted_and_named() -> None:
    report = checked({"a": [HENS, TAXES, CHICKENS]})
    (part,) = report.groups[0].parts
    assert part.above == 1
    assert {part.pairs[0].first.id, part.pairs[0].second.id} == {"hens", "chickens"}
    assert len(part.pairs) == 3
    assert part.nearest[0] == part.nearest[2] > 0.6 > part.nearest[1]
    assert not report.clean
    assert checked({"a": [HENS, TAXES]}).clean


def test_a_similarity_at_the_threshold_is_let_in_as_the_filter_does() -> None:
    exact = checked({"a": [HENS, CHICKENS]}).groups[0].parts[0].pairs[0].similarity
    assert checked({"a": [HENS, CHICKENS]}, exact).clean
    assert not checked({"a": [HENS, CHICKENS]}, np.nextafter(exact, 0)).clean


def test_overlap_between_files_counts_pairs_and_sentences() -> None:
    copy = Profile(id="copy", facts=("Something else is here.", "i keep six HENS"))
    report = checked({"a": [HENS, TAXES], "b": [CHICKENS, copy], "c": [WHISPER]})
    (overlap,) = report.groups[0].overlaps
    assert (overlap.first, overlap.second) == ("a", "b")
    assert overlap.above >= 1
    assert overlap.shared == ("I keep six hens.",)
    assert [group.kind for group in report.groups] == ["profile", "personality"]


def test_repeated_sentences_inside_a_file_are_found() -> None:
    twin = Profile(id="twin", facts=("My coop is red!", "I dive for pearls off the coast of Oman."))
    (part,) = checked({"a": [HENS, TAXES, twin]}, 1.0).groups[0].parts
    assert [sentence.rstrip(".!") for sentence in part.repeated] == ["My coop is red"]


def test_attributes_are_counted_numbers_in_tens() -> None:
    (part,) = checked({"a": [HENS, TAXES, CHICKENS]}).groups[0].parts
    assert part.attributes == {"age": {"30-39": 2, "50-59": 1}, "job": {"farmer": 2, "(none)": 1}}
    assert (part.items, part.words) == ([2, 2, 2], [4, 4, 5, 5, 4, 4])


@pytest.mark.parametrize(("weights", "wanted"), [([1, 1, 1, 1], 4), ([5], 1), ([], 0), ([1, 1e-12], 1)])
def test_the_effective_number_of_equal_shares_is_their_number(weights: list[float], wanted: float) -> None:
    assert effective_number(np.array(weights)) == pytest.approx(wanted)


class Fixed:
    """Embeds each text as the next of the given rows."""

    def __init__(self, rows: NDArray[np.float64]) -> None:
        self.rows = rows.astype(np.float32)

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        return self.rows[: len(texts)]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("rows", "wanted"), [(np.eye(6), 6), (np.tile(np.eye(6)[0], (6, 1)), 1), (np.eye(6)[[0, 0, 0, 1, 1, 1]], 2)]
)
def test_effective_clusters_are_as_many_as_there_are(rows: NDArray[np.float64], wanted: float) -> None:
    people: list[Half] = [Profile(id=f"{n}", facts=(f"Fact {n}.",)) for n in range(6)]
    report = asyncio.run(check({"a": people}, 0.6, Fixed(rows)))
    assert report.groups[0].parts[0].clusters == pytest.approx(wanted)


def test_many_rows_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).standard_normal((60, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people: list[Half] = [Profile(id=f"{n}", facts=(f"Fact {n}.",)) for n in range(60)]
    whole = asyncio.run(check({"a": people[:40], "b": people[:30]}, 0.5, Fixed(rows))).groups[0]
    monkeypatch.setattr(sys.modules["interalign.sim.personas.check"], "_PRODUCTS", 77)
    blocks = asyncio.run(check({"a": people[:40], "b": people[:30]}, 0.5, Fixed(rows))).groups[0]
    near = rows @ rows.T
    assert whole.parts[0].above == blocks.parts[0].above == (np.triu(near[:40, :40], 1) > 0.5).sum()
    assert whole.overlaps[0].above == blocks.overlaps[0].above == (near[:40, :30] > 0.5).sum()
    assert [pair.similarity for pair in whole.parts[0].pairs] == [pair.similarity for pair in blocks.parts[0].pairs]


# -- files ---------------------------------------------------------------------------------------


def test_whole_personas_are_taken_apart(tmp_path: Path) -> None:
    export_people(shipped_personas(700), tmp_path / "p.jsonl", "jsonl")
    halves = read_pools([tmp_path / "p.jsonl"])["p.jsonl"]
    profiles = [half for half in halves if isinstance(half, Profile)]
    assert (len(profiles), len(halves)) == (348, 348 + 79)
    assert all("region" in half.attributes and "tone" not in half.attributes for half in profiles)


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        export_people([HENS], tmp_path / folder / "p.jsonl", "jsonl")
    files = [tmp_path / "a/p.jsonl", tmp_path / "b/p.jsonl"]
    assert list(read_pools(files)) == [str(file) for file in files]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no profile in it"), ("[1]\n", "line 1: a list"), ('{"id": "a"}\n', "key 'facts'"), ("{", "not valid JSON")],
)
def test_files_that_are_no_pool_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "p.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_pools([tmp_path / "p.jsonl"])
    with pytest.raises(MissingError):
        read_pools([tmp_path / "none.jsonl"])


# -- what is shown -------------------------------------------------------------------------------


def hostile() -> Report:
    odd = Profile(id=HOSTILE, facts=(HOSTILE, "\x1b[31mred\x1b[0m \x00"), attributes={HOSTILE: HOSTILE, "empty": ""})
    return checked({HOSTILE: [odd, HENS, CHICKENS], "b": [odd], "c": [WHISPER]})


def test_a_page_is_whole_and_asks_nobody() -> None:
    page = render_page(checked({"a": [HENS, TAXES], "b": [CHICKENS]}), "pool")
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert not re.search(r"(?:src|href)=|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "Some are more similar than 0.6" in page
    assert all(word in page for word in ("hens", "taxes", "farmer", "30-39"))


def test_hostile_text_is_text_on_page_figure_and_terminal() -> None:
    report = hostile()
    for shown in (render_page(report, HOSTILE), render_svg(report)):
        assert "<script>" not in shown
        assert "alert(1)&lt;/script&gt;" in shown
        assert not re.search("[\u202a-\u202e\x00\x1b]", shown)
    lines = list(report_lines(report))
    assert all(line == "" or line.isprintable() for line in lines)


def test_a_figure_has_a_dot_for_each_and_says_when_it_leaves_some_out() -> None:
    svg = render_svg(checked({"a": [HENS, TAXES, CHICKENS], "b": [WHISPER]}))
    assert svg.count("<title>") == 1 + 4
    rows = np.random.default_rng(0).standard_normal((9000, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people: list[Half] = [Profile(id=f"{n}", facts=(f"Fact {n}.",)) for n in range(9000)]
    large = render_svg(asyncio.run(check({"a": people}, 0.9, Fixed(rows))))
    assert large.count("<title>") == 1 + 3000
    assert "one of 3 is shown" in large


def test_a_figure_becomes_a_png(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resvg_py")
    report = checked({"a": [HENS]})
    assert render_png(report).startswith(b"\x89PNG")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingError, match=r"pip install 'interalign\[plot\]', or write a page with --html"):
        render_png(report)


def test_long_and_odd_lines_are_made_printable() -> None:
    assert printable("a\x1bb\u202e") == "a\ufffdb\ufffd"
    assert len(printable("x" * 500)) == 100


def test_a_report_in_lines_has_everything(tmp_path: Path) -> None:
    text = "\n".join(report_lines(checked({"a": [HENS, TAXES], "b": [CHICKENS]})))
    for word in (
        "a: 2, effectively",
        "b: 1,",
        "1 pairs above 0.6",
        "hens · chickens",
        "age: 2 values",
        "some are too similar",
    ):
        assert word in text
    assert json.dumps(text).isascii() or "·" in text


def test_one_alone_has_no_pairs() -> None:
    report = checked({"a": [HENS]})
    assert report.clean
    assert report.groups[0].parts[0].pairs == ()
    assert "There is only one." in render_page(report, "x")


def test_personas_can_be_read_and_checked_again(tmp_path: Path) -> None:
    person = Persona(id="p", facts=HENS.facts, traits=WHISPER.traits)
    export_people([person], tmp_path / "p.jsonl", "jsonl")
    assert [group.kind for group in checked(read_pools([tmp_path / "p.jsonl"])).groups] == ["profile", "personality"]
