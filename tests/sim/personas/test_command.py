"""`interalign personas`: each command does what its help says, and every mistake is one sentence and exit status 2."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from interalign.agents import Persona, Profile, read_jsonl, read_personas
from interalign.cli import main

ROOT = Path(__file__).parents[3]


class Done(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def personas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `interalign personas ...` in a folder of its own with the examples in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copytree(ROOT / "examples", "examples")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["interalign", "personas", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Done(int(end.value.code or 0), *capsys.readouterr())

    return call


def refused(personas: Command, *arguments: str) -> str:
    before = {str(path) for path in Path().rglob("*")}
    done = personas(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("interalign: ")
    assert done.err.count("\n") == 1
    assert {str(path) for path in Path().rglob("*")} == before
    return done.err


# -- check ---------------------------------------------------------------------------------------


def test_the_shipped_pool_is_checked_when_nothing_is_named(personas: Command) -> None:
    done = personas("check", "--html", "pages/pool.html")
    assert (done.status, done.err) == (0, "")
    for words in (
        "train: 348, effectively",
        "heldout: 20,",
        "train and heldout: 0 pairs above 0.6, 0 sentences shared",
    ):
        assert words in done.out
    assert Path("pages/pool.html").read_text().startswith("<!doctype html>")


def test_a_pool_with_doubles_fails_the_check(personas: Command) -> None:
    Path("p.jsonl").write_text('{"id": "a", "facts": ["I row."]}\n{"id": "b", "facts": ["I row!"]}\n')
    done = personas("check", "p.jsonl")
    assert (done.status, done.err) == (1, "")
    assert "1 pairs above 0.6, 1 sentences repeated" in done.out
    assert personas("check", "p.jsonl", "--threshold", "1").status == 1


def test_a_check_takes_embedder_and_threshold_from_a_config(personas: Command) -> None:
    Path("c.toml").write_text('[filter]\nthreshold = 0.2\n[models.m]\nengine = "scripted"\n')
    done = personas("check", "--config", "c.toml")
    assert done.status == 1
    assert "above 0.2" in done.out
    Path("c.toml").write_text(
        '[embedder]\nengine = "sentence_transformers"\nmodel = "m"\n[models.m]\nengine = "scripted"\n'
    )
    assert "sentence-transformers" in refused(personas, "check", "--config", "c.toml")


def test_a_check_draws(personas: Command) -> None:
    pytest.importorskip("resvg_py")
    assert personas("check", "--png", "pool.png").status == 0
    assert Path("pool.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "none.jsonl"], "no persona file at 'none.jsonl'"),
        (["check", "examples"], "is a folder"),
        (["check", "examples/people.csv"], "people.csv, line 1: not valid JSON"),
        (["check", "--config", "none.toml"], "no config file at 'none.toml'"),
        (["build", "none.toml"], "no config file at 'none.toml'"),
        (["build", "examples/build_personas.toml", "--set", "build.targett=3"], "did you mean 'target'?"),
        (["build", "examples/build_personas.toml", "--set", "build.target=3"], "but the pool begins with 20"),
        (["import", "examples/people.csv", "-o", "p.jsonl"], "neither facts nor traits"),
        (
            ["import", "examples/people.csv", "--map", "facts", "-o", "p.jsonl"],
            "'facts' is not of the form OURS=COLUMN",
        ),
        (
            ["import", "examples/people.csv", "--map", "facts=bio", "-o", "p.jsonl"],
            "no column 'bio'; there are 'name', 'age'",
        ),
        (["import", "examples/build_personas.toml", "-o", "p.jsonl"], "say it with --from"),
        (["import", "none.csv", "-o", "p.jsonl"], "no file at 'none.csv'"),
        (["export", "none.jsonl", "-o", "p.csv"], "no persona file"),
        (["export", "-o", "examples/people.csv/p.csv"], "cannot be written"),
        (["sample", "--count", "99999", "-o", "p.jsonl"], "99999 personas asked for, but there are only 3310"),
        (["sample", "--by", "colour", "-o", "p.jsonl"], "no persona has the attribute 'colour'"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(personas: Command, arguments: list[str], says: str) -> None:
    assert says in refused(personas, *arguments)


# -- build ---------------------------------------------------------------------------------------


def test_a_build_says_what_it_came_to_and_goes_on(personas: Command) -> None:
    first = personas("build", "examples/build_personas.toml", "--set", "build.target=24")
    assert first.status == 0
    assert "stopped: target: the pool has 24" in first.out
    assert "24 in runs/build_personas/pool.jsonl, 4 of them new" in first.out
    assert "too similar" in first.out
    again = personas("build", "examples/build_personas.toml", "--set", "build.target=26")
    assert "stopped: target: the pool has 26" in again.out
    assert "no call was made" in personas("build", "examples/build_personas.toml", "--set", "build.target=26").out
    assert len(read_jsonl(Path("runs/build_personas/pool.jsonl"), Profile)) == 26
    assert personas("check", "runs/build_personas/pool.jsonl").status == 0


def test_ctrl_c_keeps_whole_rounds_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_text('[build]\nbatch = 10\n[models.m]\nengine = "scripted"\nlatency = 0.05\n')
    code = "from interalign.cli import main; main()"
    command = [sys.executable, "-c", code, "personas", "build", "slow.toml", "--out", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        rounds = tmp_path / "out/rounds.jsonl"
        while not (rounds.exists() and rounds.stat().st_size) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    if process.returncode == 130:
        assert "stopped: whole rounds are kept in out; go on with: interalign personas build slow.toml" in err
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    subprocess.run([*command[:-1], "whole"], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/pool.jsonl").read_bytes() == (tmp_path / "whole/pool.jsonl").read_bytes()


# -- import, export, sample ------------------------------------------------------------------------


def test_a_table_is_imported_and_exported(personas: Command) -> None:
    arguments = ["--map", "id=name", "--map", "facts=about", "--map", "age=age", "-o", "people.jsonl"]
    done = personas("import", "examples/people.csv", *arguments)
    assert (done.status, done.out) == (0, "wrote 2 people to people.jsonl, each a profile\n")
    people = read_jsonl(Path("people.jsonl"), Profile)
    assert [(person.id, person.attributes) for person in people] == [("Imre", {"age": 71}), ("Noor", {"age": 28})]
    assert all(len(person.facts) == 8 for person in people)
    assert personas("export", "people.jsonl", "--to", "tinytroupe", "-o", "agents").status == 0
    agent = json.loads(Path("agents/00001-Imre.agent.json").read_text())
    assert agent["persona"]["name"] == "Imre"


def test_doubles_are_said_on_import(personas: Command) -> None:
    Path("p.txt").write_text("I row.\n" * 15)
    done = personas("import", "p.txt", "-o", "p.jsonl")
    assert done.status == 0
    assert "p.txt, line 2: left out, it says the same as p.txt, line 1" in done.err
    assert "... and 4 more notes like these" in done.err


def test_a_model_can_split_what_is_imported(personas: Command) -> None:
    Path("p.txt").write_text("A nurse who rows.\n")
    Path("split.toml").write_text('[models.m]\nengine = "scripted"\n')
    assert personas("import", "p.txt", "--split-with", "split.toml", "-o", "p.jsonl").status == 0
    assert "splitter" in Path("p.jsonl").read_text()


def test_the_shipped_pool_is_exported_when_nothing_is_named(personas: Command) -> None:
    assert personas("export", "--to", "csv", "-o", "all.csv").out == "wrote 3310 people to all.csv\n"
    assert len(Path("all.csv").read_text().splitlines()) == 3311


def test_samples_are_drawn_by_seed_and_attribute(personas: Command) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        personas("sample", "--count", "44", "--by", "region", "--seed", seed, "-o", f"{name}.jsonl")
    assert Path("a.jsonl").read_bytes() == Path("b.jsonl").read_bytes() != Path("c.jsonl").read_bytes()
    drawn = read_personas("a.jsonl")
    assert len({persona.attributes["region"] for persona in drawn}) == 22
    assert len(drawn) == 44


def test_halves_are_paired(personas: Command) -> None:
    he = '{"id": "a", "facts": ["I row."], "attributes": {"pronouns": "he"}}'
    Path("f.jsonl").write_text(he + '\n{"id": "b", "facts": ["I knit."]}\n')
    Path("t.jsonl").write_text('{"id": "x", "traits": ["She hums."]}\n{"id": "y", "traits": ["I whisper."]}\n')
    assert personas("sample", "f.jsonl", "--with", "t.jsonl", "-o", "p.jsonl").out == "wrote 4 people to p.jsonl\n"
    people = {persona.id: persona for persona in read_personas("p.jsonl")}
    assert people["a+x"] == Persona(id="a+x", facts=("I row.",), traits=("He hums.",), attributes={"pronouns": "he"})
    assert people["b+x"].traits == ("She hums.",)
    assert (
        personas("sample", "--with", "t.jsonl", "--pool", "heldout", "-o", "q.jsonl").out
        == "wrote 40 people to q.jsonl\n"
    )
    assert "give profiles and --with personalities" in refused(personas, "sample", "f.jsonl", "-o", "r.jsonl")


def test_the_held_out_cases_can_be_written(personas: Command) -> None:
    assert personas("sample", "--pool", "heldout", "-o", "p.jsonl").out == "wrote 100 people to p.jsonl\n"
