"""The command line: every command does what its help says, and every mistake gets one sentence and exit status 2."""

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import typer
from measured import drawn

from interalign.cli import app, main
from interalign.files import write_text
from interalign.sim import models as model_store
from interalign.sim import read_trees
from interalign.sim.calls import CallCache

ROOT = Path(__file__).parents[2]
GOOD = "[run]\nturns = 2\nconversations = 2\n[models.script]\nengine = 'scripted'\n"
UNREACHABLE = "[run]\nconversations = 2\n[calls]\nretries = 0\n[models.m]\nengine = 'openai_api'\nmodel = 'm'\n"
UNREACHABLE += "base_url = 'http://127.0.0.1:9/v1'\n"
PERSONA = '{"id": "p", "facts": ["I keep hens."], "traits": ["I talk a lot."]}'


@dataclass
class Done:
    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def interalign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in a folder of its own that has a good run.toml. A traceback fails the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "run.toml").write_text(GOOD)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["interalign", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Done(int(end.value.code or 0), *capsys.readouterr())

    return call


def files() -> set[str]:
    """Everything in the working directory."""
    return {str(path) for path in Path().rglob("*")}


def refused(interalign: Command, *arguments: str, leaves: bool = False) -> str:
    """The one sentence with which the command refuses, warnings aside; nothing may be left behind."""
    before = files()
    done = interalign(*arguments)
    assert (done.status, done.out) == (2, "")
    [error] = [line for line in done.err.splitlines() if not line.startswith("warning: ")]
    assert error.startswith("interalign: ")
    assert leaves or files() == before
    return f"{error}\n"


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run\nturns = 3\n", ["bad.toml: not valid TOML", "line 1"]),
        (GOOD + "[run]\nseed = 1\n", ["bad.toml: not valid TOML", "line 6"]),
        (GOOD.replace("turns", "turnz"), ["bad.toml: unknown key 'run.turnz' = 2", "did you mean 'turns'?"]),
        (GOOD.replace("= 2", "= 'two'", 1), ["bad.toml: key 'run.turns' = 'two'", "integer"]),
        ("[run]\nturns = 2\n", ["bad.toml: key 'models' is missing; add it"]),
        ("", ["bad.toml: key 'models' is missing; add it"]),
        ("\ufeff" + GOOD, ["bad.toml: not valid TOML", "line 1"]),
    ],
    ids=["broken", "section twice", "unknown key", "wrong type", "no model", "empty", "byte order mark"],
)
def test_a_bad_config_is_refused(interalign: Command, text: str, words: list[str]) -> None:
    Path("bad.toml").write_text(text, encoding="utf-8")
    message = refused(interalign, "simulate", "bad.toml")
    assert all(word in message for word in words)


def test_a_missing_config_is_refused(interalign: Command) -> None:
    assert refused(interalign, "simulate", "absent.toml").endswith("no config file at 'absent.toml'; check the path\n")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("run.turnz=3", ["unknown key 'run.turnz' = 3", "did you mean 'turns'?"]),
        ("run.turns", ["override 'run.turns' is not of the form key=value"]),
        ("personas.file=none.jsonl", ["no persona file at 'none.jsonl'"]),
        ("personas.file=.", ["'.' is a folder"]),
        ("cast.model=other", ["cast.user is played by 'other'", "[models] has only script"]),
    ],
)
def test_a_bad_override_is_refused(interalign: Command, override: str, words: list[str]) -> None:
    message = refused(interalign, "simulate", "run.toml", "--set", override)
    assert all(word in message for word in words)


def test_more_conversations_than_shipped_personas_name_the_keys(interalign: Command) -> None:
    message = refused(interalign, "simulate", "run.toml", "--set", "run.conversations=99999999")
    assert "run.conversations" in message
    assert "personas.file" in message


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([PERSONA, '{"id": "q", "facts": ['], ["line 2: not valid JSON at column"]),
        ([PERSONA, PERSONA.replace('"p"', '"q"') + " {}"], ["line 2: more than one JSON value on the line"]),
        ([PERSONA, "[1]"], ["line 2: a list where a JSON object is needed"]),
        ([PERSONA, '{"id": "q", "facts": ["", "x"], "traits": ["y"]}'], ["line 2", "facts[0] is empty"]),
        ([PERSONA, '{"id": "q", "facts": ["  \\n"], "traits": ["y"]}'], ["line 2", "facts[0] is empty"]),
        ([PERSONA, '{"id": "q", "profile": "", "personality": "y"}'], ["line 2", "facts[0] is empty"]),
        ([PERSONA, '{"id": "q", "facts": ["x"]}'], ["line 2: key 'traits'"]),
        ([PERSONA, '{"id": "q", "facts": ["x"], "trait": ["y"]}'], ["line 2: key 'trait"]),
        ([PERSONA, PERSONA.replace("hens", "bees")], ["line 2: the id 'p' stands on line 1 too; remove one"]),
        ([PERSONA, PERSONA.replace('"p"', '"q"')], ["line 2: the content of 'q' stands on line 1 too"]),
        ([""], ["no persona in it; give one JSON object a line"]),
    ],
    ids=[
        *("cut off", "two objects", "a list", "empty text", "blank text", "empty profile", "no traits", "wrong key"),
        *("same id", "same content", "empty file"),
    ],
)
def test_a_bad_persona_file_is_refused(interalign: Command, lines: list[str], words: list[str]) -> None:
    Path("people.jsonl").write_text("\n".join(lines) + "\n")
    message = refused(interalign, "simulate", "run.toml", "--set", "personas.file=people.jsonl")
    assert "people.jsonl" in message
    assert all(word in message for word in words)


def test_a_persona_file_that_is_not_utf8_is_refused(interalign: Command) -> None:
    Path("people.jsonl").write_text(PERSONA + "\n" + PERSONA.replace("hens", "h\xe9ns"), encoding="latin-1")
    message = refused(interalign, "simulate", "run.toml", "--set", "personas.file=people.jsonl")
    assert re.search(r"people\.jsonl, line 2: byte \d+ is not UTF-8; save the file as UTF-8", message)


@pytest.mark.parametrize(
    "attribute",
    [
        (r'"\ud800"'),
        ("1" * 5000),
    ],
    ids=["half a surrogate pair", "huge number"],
)
def test_an_attribute_that_cannot_be_kept_is_refused(interalign: Command, attribute: str) -> None:
    Path("people.jsonl").write_text(PERSONA[:-1] + f', "attributes": {{"x": {attribute}}}}}\n')
    message = refused(interalign, "simulate", "run.toml", "--set", "personas.file=people.jsonl")
    assert "people.jsonl, line 1" in message


@pytest.mark.parametrize(
    "path",
    [
        ("run.toml/x"),
        ('"a\\u0000b"'),
    ],
    ids=["below a file", "null byte"],
)
def test_an_impossible_persona_path_is_refused(interalign: Command, path: str) -> None:
    refused(interalign, "simulate", "run.toml", "--set", f"personas.file={path}")


def test_a_missing_model_is_refused_with_the_command_that_fetches_it(interalign: Command) -> None:
    Path("small.toml").write_text("[models.m]\nengine = 'embedded'\n")
    message = refused(interalign, "simulate", "small.toml", leaves=True)
    assert message.endswith("is not on this machine; fetch it with: interalign models pull smollm2-135m\n")


def test_an_unknown_model_file_is_refused(interalign: Command) -> None:
    Path("small.toml").write_text("[models.m]\nengine = 'embedded'\nmodel = 'mine.gguf'\n")
    message = refused(interalign, "simulate", "small.toml", leaves=True)
    assert "no model 'mine.gguf': known are smollm2-135m, or give the path of a GGUF file" in message


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("nowhere:Thing", "cannot be imported (No module named 'nowhere')"),
        ("json:Nope", "the module has no 'Nope'"),
        ("json:JSONDecoder", "is no subclass of interalign.Role"),
        ("json", "is not of the form 'module:Class'"),
    ],
)
def test_a_role_that_cannot_be_loaded_is_refused(interalign: Command, role: str, words: str) -> None:
    message = refused(interalign, "simulate", "run.toml", "--set", f"cast.user.role={role}", leaves=True)
    assert message.startswith(f"interalign: cast.user.role = {role!r}")
    assert words in message


@pytest.mark.parametrize(
    "text",
    [
        "[models.m]\nengine = 'embedded'\n",
        GOOD + "[cast.user]\nrole = 'nowhere:Thing'\n",
        "[models.m]\nengine = 'openai_api'\nmodel = 'm'\nbase_url = 'http://127.0.0.1:9/v1'\napi_key_env = 'NO_KEY'\n",
    ],
    ids=["model", "role", "key"],
)
def test_a_cast_that_cannot_be_made_leaves_no_run_folder(interalign: Command, text: str) -> None:
    Path("bad.toml").write_text(text)
    refused(interalign, "simulate", "bad.toml")


def test_the_folder_of_another_config_is_refused(interalign: Command) -> None:
    interalign("simulate", "run.toml")
    kept = Path("runs/run/trees.jsonl").read_bytes()
    message = refused(interalign, "simulate", "run.toml", "--set", "run.turns=3", "--set", "run.seed=5")
    assert "runs/run holds a run of another config (differs in: run.turns, run.seed)" in message
    assert Path("runs/run/trees.jsonl").read_bytes() == kept


@pytest.mark.parametrize("out", ["run.toml", "run.toml/below", "/proc/interalign"])
def test_a_run_folder_that_cannot_be_made_is_refused(interalign: Command, out: str) -> None:
    assert f"{out} cannot be written" in refused(interalign, "simulate", "run.toml", "--out", out)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_run_folder_may_have_any_name(interalign: Command) -> None:
    assert interalign("simulate", "run.toml", "--out", os.fsdecode(b"run\xfe")).status == 0


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["simulate"], ["simulate", "run.toml", "--sett", "x=1"], ["demo", "--engine", "nope"], ["pairs", "x"]],
)
def test_a_wrong_command_line_shows_how_to_get_help(interalign: Command, arguments: list[str]) -> None:
    done = interalign(*arguments)
    assert done.status == 2
    assert "--help" in done.err
    assert "Traceback" not in done.err


# -- runs ----------------------------------------------------------------------------------------


def test_a_run_is_kept_below_the_name_of_its_config(interalign: Command) -> None:
    done = interalign("simulate", "run.toml")
    assert (done.status, done.err) == (0, "")
    assert "2 conversations in runs/run\n" in done.out
    assert [tree.id for tree in read_trees(Path("runs/run"))] == ["c00000", "c00001"]


def test_a_finished_run_has_nothing_left_to_do(interalign: Command) -> None:
    interalign("simulate", "run.toml")
    before = Path("runs/run/manifest.json").read_bytes()
    done = interalign("simulate", "run.toml")
    assert done.status == 0
    assert "nothing was left to do" in done.out
    assert Path("runs/run/manifest.json").read_bytes() == before


def test_the_run_folder_of_the_command_line_wins(interalign: Command) -> None:
    assert interalign("simulate", "run.toml", "--set", "run.out=kept/a", "--out", "kept/b").status == 0
    assert os.listdir("kept") == ["b"]


def test_conversations_without_an_endpoint_become_records(interalign: Command) -> None:
    Path("far.toml").write_text(UNREACHABLE)
    done = interalign("simulate", "far.toml")
    records = [json.loads(line) for line in Path("runs/far/failures.jsonl").read_text().splitlines()]
    assert sorted(record["id"] for record in records) == ["c00000", "c00001"]
    assert all("http://127.0.0.1:9/v1/chat/completions cannot be reached" in record["reason"] for record in records)
    assert "2 failed (see runs/far/failures.jsonl)" in done.out


def test_a_run_that_comes_to_nothing_is_no_success(interalign: Command) -> None:
    Path("far.toml").write_text(UNREACHABLE)
    assert interalign("simulate", "far.toml").status == 1


def test_a_run_that_comes_to_nothing_does_not_say_that_it_was_done(interalign: Command) -> None:
    Path("far.toml").write_text(UNREACHABLE)
    assert "nothing was left to do" not in interalign("simulate", "far.toml").out


def test_failed_conversations_are_tried_again(interalign: Command) -> None:
    Path("far.toml").write_text(UNREACHABLE)
    interalign("simulate", "far.toml")
    assert "2 failed" in interalign("simulate", "far.toml").out
    assert len(Path("runs/far/failures.jsonl").read_text().splitlines()) == 2


def test_a_hostile_persona_survives_unchanged(interalign: Command) -> None:
    facts = [
        "{0} {name} $x ${y} %s %(z)s {{",
        "\"quoted\" 'single' \\n \\",
        "</script><b>&amp;",
        "🦜 \u202eabc\u202c \u2028 end",
    ]
    person = {
        "id": "{x} <i> 🦜",
        "facts": [*facts, ("long " * 20_000).strip()],
        "traits": ["{fact}$hint", "<|im_end|>"],
    }
    Path("people.jsonl").write_text(json.dumps(person) + "\n")
    done = interalign("simulate", "run.toml", "--set", "personas.file=people.jsonl", "--set", "run.turns=8")
    assert (done.status, done.err) == (0, "")
    trees = list(read_trees(Path("runs/run")))
    assert [tree.persona.model_dump(mode="json", exclude={"attributes"}) for tree in trees] == [person] * 2
    said = " ".join(node.text for node in trees[0])
    assert all(fact in said for fact in person["facts"])


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file grows beyond 20,000 bytes: to a program that writes one this is a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_ends_a_run_with_a_sentence(interalign: Command) -> None:
    done = interalign("simulate", "run.toml", "--set", "run.conversations=20")
    assert done.status == 2
    assert "runs/run" in done.err
    assert "cannot be written" in done.err
    assert Path("runs/run/trees.jsonl").read_bytes().endswith(b"\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_page_that_cannot_be_written_gets_a_sentence(interalign: Command) -> None:
    Path("out").mkdir()
    Path("out/report.html").symlink_to("/dev/full")
    done = interalign("simulate", "run.toml", "--out", "out")
    assert (done.status, done.err.count("\n")) == (2, 1)


# -- trees and pairs -----------------------------------------------------------------------------


def test_tree_lists_the_conversations(interalign: Command, scripted_run: Path) -> None:
    lines = interalign("tree", str(scripted_run)).out.splitlines()
    assert lines[0].split() == ["conversation", "persona", "turns", "messages", "pairs"]
    assert [line.split()[0] for line in lines[1:]] == [f"c{place:05d}" for place in range(6)]


def test_tree_reads_a_file_too(interalign: Command, scripted_run: Path) -> None:
    assert len(interalign("tree", str(scripted_run / "trees.jsonl")).out.splitlines()) == 7


def test_tree_shows_one_conversation(interalign: Command, scripted_run: Path) -> None:
    done = interalign("tree", str(scripted_run), "c00002")
    tree = list(read_trees(scripted_run))[2]
    assert done.out.startswith(f"c00002   {tree.persona.id}")
    assert done.out.count("turn ") >= 4
    assert "plain" in done.out
    assert "hinted" in done.out


def test_tree_of_an_unknown_conversation_names_known_ones(interalign: Command, scripted_run: Path) -> None:
    message = refused(interalign, "tree", str(scripted_run), "c99999")
    assert "no conversation 'c99999'" in message
    assert "c00000, c00001" in message


def test_tree_of_no_run_is_refused(interalign: Command) -> None:
    assert "no conversation trees at 'absent'" in refused(interalign, "tree", "absent")


def test_tree_of_another_file_is_refused(interalign: Command) -> None:
    assert "run.toml, line 1: not valid JSON" in refused(interalign, "tree", "run.toml")


def test_tree_writes_a_page(interalign: Command, scripted_run: Path) -> None:
    done = interalign("tree", str(scripted_run), "--html", "page.html")
    assert done.out == "wrote page.html: open it in a browser\n"
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert all(f'"id":"c{place:05d}"' in page for place in range(6))


@pytest.mark.parametrize("target", ["absent/page.html", ".", "run.toml/page.html"])
def test_a_page_without_a_place_is_refused(interalign: Command, scripted_run: Path, target: str) -> None:
    message = refused(interalign, "tree", str(scripted_run), "--html", target)
    assert f"{target} cannot be written" in message
    assert "choose another file" in message


def test_control_characters_do_not_reach_the_terminal(interalign: Command) -> None:
    Path("people.jsonl").write_text(PERSONA.replace('"p"', '"\\u001b[31mred\\u001b[0m"') + "\n")
    interalign("simulate", "run.toml", "--set", "personas.file=people.jsonl")
    assert "\x1b" not in interalign("tree", "runs/run").out
    assert "\x1b" not in interalign("tree", "runs/run", "c00000").out


def test_pairs_become_rows(interalign: Command, scripted_run: Path) -> None:
    done = interalign("pairs", str(scripted_run), "--out", "kept/data", "--eval-share", "0")
    rows = [json.loads(line) for line in Path("kept/data/train.jsonl").read_text().splitlines()]
    assert len(rows) == sum(len(list(tree.pairs())) for tree in read_trees(scripted_run)) > 0
    assert done.out.startswith(f"{len(rows)} pairs of 6 personas to train on, ")


def test_pairs_of_no_run_are_refused(interalign: Command) -> None:
    assert "no conversation trees at 'absent'" in refused(interalign, "pairs", "absent", "--out", "data")


def test_pairs_of_no_run_do_not_blame_the_output(interalign: Command) -> None:
    assert "cannot be written" not in refused(interalign, "pairs", "absent", "--out", "data")


def test_pairs_of_a_damaged_run_leave_no_file(interalign: Command, scripted_run: Path) -> None:
    Path("trees.jsonl").write_bytes((scripted_run / "trees.jsonl").read_bytes() + b"{}\n")
    assert "trees.jsonl, line 7" in refused(interalign, "pairs", "trees.jsonl", "--out", "data")


# -- help and start ------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups left out."""
    todo: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while todo:
        name, command = todo.pop(0)
        inner = getattr(command, "commands", {})
        todo += [(f"{name} {key}".strip(), below) for key, below in inner.items()]
        if not inner:
            yield name, command


NAMES = [name for name, _ in commands()]


def example(text: str) -> str:
    """The command behind `Example:` in a help text, its line breaks taken out."""
    found = re.search(r"Example: (interalign .+?)\n\s*\n", text, re.DOTALL)
    assert found, text
    return " ".join(found[1].split())


def test_the_commands_are_these() -> None:
    plain = [name for name in NAMES if not name.startswith("personas ")]
    assert sorted(plain) == [
        *("calls", "compare", "demo", "estimate", "evaluate", "graph", "judges card", "judges compare"),
        *("models export", "models list", "models pull", "pairs", "rejudge", "run", "simulate", "simulator card"),
        *("train dpo", "train sft", "tree"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_an_example(interalign: Command, name: str) -> None:
    done = interalign(*name.split(), "--help")
    assert (done.status, done.err) == (0, "")
    assert f"{example(done.out)} ".startswith(f"interalign {name} ")


ELSEWHERE = ("train sft", "train dpo", "run", "models export")
"""Commands that need a trained model, or half an hour: their own tests run them."""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ELSEWHERE])
def test_every_example_works(interalign: Command, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = model_store.MODELS["smollm2-135m"]
    whole = model_store.ModelSource(**{**vars_of(source), "size": 4, "sha256": sha256(b"GGUF").hexdigest()})
    monkeypatch.setitem(model_store.MODELS, source.name, whole)
    Path("cache/models").mkdir(parents=True)
    Path("cache/models", source.file).write_bytes(b"GGUF")
    shutil.copytree(ROOT / "examples", "examples")
    interalign("demo", "--engine", "scripted", "--cases", "0")
    if name == "rejudge":
        interalign("simulate", "examples/first_run.toml")
    if name == "compare":
        for label, results in (("base", drawn({"base": (3.0, 0.1)})), ("tuned", drawn({"tuned": (3.3, 0.1)}))):
            write_text(Path("runs", label, "results.json"), results.model_dump_json())
    CallCache(Path("runs/demo/calls.sqlite")).close()
    command = shlex.split(example(interalign(*name.split(), "--help").out))
    done = interalign(*command[1:])
    assert (done.status, done.err) == (0, "")


def vars_of(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in source.__slots__}


def test_the_scripted_demo_shows_a_tree_and_keeps_pairs(interalign: Command) -> None:
    done = interalign("demo", "--engine", "scripted", "--conversations", "2", "--turns", "3")
    assert done.status == 0
    assert "c00000" in done.out
    assert "preference pairs in runs/demo/pairs.jsonl" in done.out
    assert {"trees.jsonl", "pairs.jsonl", "report.html", "manifest.json"} <= set(os.listdir("runs/demo"))


def test_the_demo_without_its_model_says_how_to_fetch_it(interalign: Command) -> None:
    assert "interalign models pull smollm2-135m" in refused(interalign, "demo", leaves=True)


def test_the_demo_works_after_the_model_was_missing(interalign: Command) -> None:
    interalign("demo")
    assert interalign("demo", "--engine", "scripted").status == 0


def test_an_unknown_model_is_not_fetched(interalign: Command) -> None:
    assert "no model 'nope' to fetch; known are smollm2-135m" in refused(interalign, "models", "pull", "nope")


@pytest.mark.parametrize(
    ("content", "state"), [(None, "not fetched"), (b"x", "damaged, pull it again")], ids=["absent", "damaged"]
)
def test_models_are_listed_with_their_state(interalign: Command, content: bytes | None, state: str) -> None:
    if content is not None:
        Path("cache/models").mkdir(parents=True)
        Path("cache/models", model_store.MODELS["smollm2-135m"].file).write_bytes(content)
    done = interalign("models", "list")
    assert done.out.startswith("smollm2-135m ")
    assert done.out.endswith(f"  {state}\n")


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['interalign', '--help']; import atexit\n"
    code += "heavy = ('torch', 'langgraph', 'pydantic', 'rich', 'autogen_core', 'numpy', 'aiohttp')\n"
    code += "atexit.register(lambda: print([name for name in heavy if name in sys.modules], file=sys.stderr))\n"
    done = run_python(code + "from interalign.cli import main; main()", "-W", "error")
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert "simulate" in done.stdout


def test_the_installed_command_refuses_without_a_traceback(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("interalign"), "simulate", "absent.toml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "interalign: no config file at 'absent.toml'; check the path\n"


def test_a_closed_pipe_is_no_traceback(tmp_path: Path, scripted_run: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from interalign.cli import main; main()", "tree", str(scripted_run)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert done.returncode != 0
