"""The run folder: what it keeps, what it refuses, and what a full disk leaves."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interalign.agents import Persona
from interalign.errors import InteralignError, MissingError, RunFolderError, TreeError
from interalign.graphs import ConversationTree
from interalign.sim import RunConfig, read_manifest, read_trees, run, simulate
from interalign.sim.store import RunFolder

Config = Callable[..., RunConfig]


@pytest.fixture
def tree(persona: Persona) -> Callable[..., ConversationTree]:
    """Make a tree of one message."""

    def make(id: str, text: str = "Hello.") -> ConversationTree:
        tree = ConversationTree(id, persona)
        tree.add(None, "user", text)
        return tree

    return make


Tree = Callable[..., ConversationTree]


def ids(path: Path) -> list[str]:
    return [tree.id for tree in read_trees(path)]


# -- keeping -------------------------------------------------------------------------------------


def test_a_tree_is_on_disk_as_soon_as_it_is_added(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1", "käse 🦜\u2028"))
        (read,) = read_trees(tmp_path)
        assert read.to_dict() == tree("c1", "käse 🦜\u2028").to_dict()
        assert folder.finished == {"c1"}


def test_the_config_is_kept_without_secrets(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "do-not-write-me")
    engine = {"engine": "openai_api", "base_url": "http://localhost:1/v1", "model": "m", "api_key_env": "A_KEY"}
    with RunFolder(tmp_path / "new" / "run", config(models={"m": engine})):
        text = (tmp_path / "new" / "run" / "config.toml").read_text()
    assert 'api_key_env = "A_KEY"' in text
    assert "do-not-write-me" not in text


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"policy": {"kind": "full"}},
        {"cast": {"judge": {"judge": "embedding", "margin": 0.1}}},
        {"cast": {"user": {"parameters": {"stop": ["\n", "é"], "deep": {"a.b": 1}}}}},
        {"models": {"a name": {"engine": "embedded", "threads": 2}}},
        ({"models": {"m": {"engine": "scripted", "parameters": {"x": float("inf")}}}}),
    ],
    ids=["default", "full", "embedding", "parameters", "embedded", "infinite"],
)
def test_a_folder_opens_again_under_its_config(tmp_path: Path, config: Config, sections: dict[str, Any]) -> None:
    for _ in range(2):
        with RunFolder(tmp_path, config(**sections)) as folder:
            assert folder.finished == set()


def test_a_parameter_without_a_value_does_not_break_the_folder(tmp_path: Path, config: Config) -> None:
    for _ in range(2):
        RunFolder(tmp_path, config(cast={"user": {"parameters": {"stop": None}}})).__exit__()


def test_reopening_finds_the_finished_and_goes_on(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1"))
    with RunFolder(tmp_path, config()) as folder:
        assert folder.finished == {"c1"}
        folder.add_tree(tree("c2"))
    assert ids(tmp_path) == ["c1", "c2"]


@pytest.mark.parametrize("rest", [b"{", b'{"directed":true', b"\xf0\x9f", b"{}"])
def test_a_line_cut_off_is_dropped_on_reopening(tmp_path: Path, config: Config, tree: Tree, rest: bytes) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1"))
    whole = (tmp_path / "trees.jsonl").read_bytes()
    (tmp_path / "trees.jsonl").write_bytes(whole + rest)
    assert ids(tmp_path) == ["c1"]
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c2"))
    assert ids(tmp_path) == ["c1", "c2"]
    assert (tmp_path / "trees.jsonl").read_bytes().startswith(whole)


def test_every_cut_of_a_file_keeps_the_whole_lines(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        for place in range(3):
            folder.add_tree(tree(f"c{place}"))
    whole = (tmp_path / "trees.jsonl").read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "trees.jsonl").write_bytes(whole[:end])
        with RunFolder(tmp_path, config()) as folder:
            assert len(folder.finished) == whole[:end].count(b"\n")


def test_failures_are_lines_and_can_be_cleared(tmp_path: Path, config: Config) -> None:
    with RunFolder(tmp_path, config()) as folder:
        for id in ("c1", "c2"):
            folder.add_failure({"id": id, "reason": "käse\nbroke"})
        lines = (tmp_path / "failures.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["c1", "c2"]
        folder.clear_failures()
        folder.clear_failures()
    assert not (tmp_path / "failures.jsonl").exists()


def test_a_folder_is_complete_when_it_has_a_manifest(tmp_path: Path, config: Config) -> None:
    with RunFolder(tmp_path, config()) as folder:
        assert not folder.complete
        assert read_manifest(tmp_path) is None
        folder.write_json("manifest.json", {"conversations": 0})
        assert folder.complete
    assert read_manifest(tmp_path) == {"conversations": 0}


# -- order ---------------------------------------------------------------------------------------


def test_trees_are_sorted_into_the_order_of_the_conversations(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        for id in ("c2", "c0", "c1"):
            folder.add_tree(tree(id, f"I am {id}, " + id * 50))
        folder.sort_trees(["c0", "c1", "c2", "c3"])
        assert ids(tmp_path) == ["c0", "c1", "c2"]
        folder.add_tree(tree("c3"))
    assert [next(iter(found)).text[:7] for found in read_trees(tmp_path)] == ["I am c0", "I am c1", "I am c2", "Hello."]


def test_sorting_twice_is_sorting_once(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        for id in ("c1", "c0"):
            folder.add_tree(tree(id))
        folder.sort_trees(["c0", "c1"])
        first = (tmp_path / "trees.jsonl").stat()
        folder.sort_trees(["c0", "c1"])
        assert (tmp_path / "trees.jsonl").stat().st_ino == first.st_ino
    assert sorted(os.listdir(tmp_path))[-1] == "trees.jsonl"


def test_trees_come_back_in_order_after_reopening(tmp_path: Path, config: Config, tree: Tree) -> None:
    for id in ("c2", "c0", "c1"):
        with RunFolder(tmp_path, config()) as folder:
            folder.add_tree(tree(id))
            folder.sort_trees(["c0", "c1", "c2"])
    assert ids(tmp_path) == ["c0", "c1", "c2"]


# -- refusing ------------------------------------------------------------------------------------


def test_a_folder_is_opened_once_at_a_time(tmp_path: Path, config: Config) -> None:
    with (
        RunFolder(tmp_path, config()),
        pytest.raises(RunFolderError, match=r"another process is running in .*; wait for it, or choose another --out"),
    ):
        RunFolder(tmp_path, config())
    RunFolder(tmp_path, config()).__exit__()


def test_a_second_process_is_refused(tmp_path: Path, config: Config) -> None:
    code = "import sys, pathlib\nfrom filelock import FileLock\nlock = FileLock(sys.argv[1])\n"
    code += "lock.acquire()\nprint('locked', flush=True)\nsys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(RunFolderError, match="another process is running in"):
            RunFolder(tmp_path, config())
        other.communicate()
    RunFolder(tmp_path, config()).__exit__()


def test_a_refused_folder_can_be_opened_afterwards(tmp_path: Path, config: Config) -> None:
    RunFolder(tmp_path, config()).__exit__()
    with pytest.raises(RunFolderError):
        RunFolder(tmp_path, config(policy={"kind": "full"}))
    RunFolder(tmp_path, config()).__exit__()


def test_another_config_is_refused_with_the_keys(tmp_path: Path, config: Config, tree: Tree) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = config(run={"conversations": 3, "turns": 4, "seed": 1})
    with pytest.raises(RunFolderError, match=r"\(differs in: run\.turns, run\.seed\); choose another --out, or delete"):
        RunFolder(tmp_path, other)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_concurrency_and_retries_may_change_between_openings(tmp_path: Path, config: Config) -> None:
    RunFolder(tmp_path, config()).__exit__()
    run = {"conversations": 3, "turns": 3, "concurrency": 1, "out": str(tmp_path)}
    RunFolder(tmp_path, config(run=run, calls={"retries": 0})).__exit__()


@pytest.mark.parametrize("name", ["trees.jsonl", "manifest.json"])
def test_trees_without_a_config_are_left_alone(tmp_path: Path, config: Config, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(RunFolderError, match=f"has a {name} but no config.toml: not a run folder"):
        RunFolder(tmp_path, config())
    assert (tmp_path / name).read_text() == "mine\n"
    assert not (tmp_path / "config.toml").exists()


def test_a_damaged_config_is_refused_with_its_line(tmp_path: Path, config: Config) -> None:
    (tmp_path / "config.toml").write_text("[run]\nturns = \n")
    with pytest.raises(InteralignError, match=r"config\.toml: not valid TOML: .*line 2"):
        RunFolder(tmp_path, config())


@pytest.mark.parametrize(
    "line",
    [
        *(b"{}", b"[]", b"nonsense", b"\xff\xfe", b'{"graph": {}}'),
        (b'{"graph": {"id": [1]}}'),
    ],
)
def test_a_damaged_line_is_refused(tmp_path: Path, config: Config, tree: Tree, line: bytes) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1"))
    whole = (tmp_path / "trees.jsonl").read_bytes()
    (tmp_path / "trees.jsonl").write_bytes(whole + line + b"\n" + whole)
    with pytest.raises(RunFolderError, match=r"trees\.jsonl is damaged"):
        RunFolder(tmp_path, config())
    assert (tmp_path / "trees.jsonl").read_bytes() == whole + line + b"\n" + whole


def test_a_damaged_line_is_numbered(tmp_path: Path, config: Config) -> None:
    RunFolder(tmp_path, config()).__exit__()
    (tmp_path / "trees.jsonl").write_text("nonsense\n")
    with pytest.raises(RunFolderError, match="line 1"):
        RunFolder(tmp_path, config())


# -- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["absent", "empty", "absent/trees.jsonl"])
def test_reading_where_no_trees_are_says_what_to_give(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError, match="give a folder that `interalign simulate` has written"):
        list(read_trees(tmp_path / place))


def test_a_file_is_read_like_its_folder(scripted_run: Path) -> None:
    assert ids(scripted_run / "trees.jsonl") == ids(scripted_run) == [f"c{place:05d}" for place in range(6)]


@pytest.mark.parametrize("line", [b"{}", b"nonsense", b"\xff\xfe", b'{"graph": {"id": [1]}}', b""])
def test_a_broken_tree_names_file_and_line(tmp_path: Path, scripted_run: Path, line: bytes) -> None:
    first = (scripted_run / "trees.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "trees.jsonl").write_bytes(first + line + b"\n")
    trees = read_trees(tmp_path)
    assert next(trees).id == "c00000"
    with pytest.raises(TreeError, match=r"trees\.jsonl, line 2: "):
        next(trees)


def test_a_whole_last_line_without_its_end_is_read(tmp_path: Path, scripted_run: Path) -> None:
    (tmp_path / "trees.jsonl").write_bytes((scripted_run / "trees.jsonl").read_bytes().rstrip(b"\n"))
    assert len(ids(tmp_path / "trees.jsonl")) == 6


# -- a disk that refuses -------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Sets how large a file can grow: to a program that writes one the disk is then full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


Disk = Callable[[int], None]


def fill(folder: RunFolder, tree: Tree, text: str) -> None:
    """Add trees until the disk is full."""
    for place in range(10_000):
        folder.add_tree(tree(f"c{place:05d}", text))


@pytest.mark.parametrize("length", [10, 300, 20_000])
def test_a_full_disk_gets_a_sentence(tmp_path: Path, config: Config, tree: Tree, small_disk: Disk, length: int) -> None:
    small_disk(50_000)
    sentence = pytest.raises(RunFolderError, match=r"cannot be written \(.*\); free space, or choose another --out")
    with sentence, RunFolder(tmp_path, config()) as folder:
        fill(folder, tree, "x" * length)


@pytest.mark.parametrize("length", [10, 300, 20_000])
def test_a_full_disk_leaves_whole_lines(
    tmp_path: Path, config: Config, tree: Tree, small_disk: Disk, length: int
) -> None:
    small_disk(50_000)
    with pytest.raises(OSError), RunFolder(tmp_path, config()) as folder:
        fill(folder, tree, "x" * length)
    assert (tmp_path / "trees.jsonl").read_bytes().endswith(b"\n")
    assert ids(tmp_path)[:2] == ["c00000", "c00001"]


def test_a_full_disk_leaves_the_folder_unlocked(tmp_path: Path, config: Config, tree: Tree, small_disk: Disk) -> None:
    folder = RunFolder(tmp_path, config())
    small_disk(5_000)
    with pytest.raises(OSError), folder:
        fill(folder, tree, "short")
    small_disk(1_000_000)
    with RunFolder(tmp_path, config()) as again:
        again.add_tree(tree("later"))
    assert ids(tmp_path)[-1] == "later"


def test_sorting_on_a_full_disk_keeps_the_trees(tmp_path: Path, config: Config, tree: Tree, small_disk: Disk) -> None:
    with RunFolder(tmp_path, config()) as folder:
        for id in ("c1", "c0"):
            folder.add_tree(tree(id, "x" * 9000))
        small_disk(10_000)
        with pytest.raises(RunFolderError, match="cannot be written"):
            folder.sort_trees(["c0", "c1"])
    assert ids(tmp_path) == ["c1", "c0"]


@pytest.mark.parametrize("name", ["usage.json", "manifest.json"])
def test_a_file_that_does_not_fit_does_not_appear(tmp_path: Path, config: Config, small_disk: Disk, name: str) -> None:
    with RunFolder(tmp_path, config()) as folder:
        small_disk(1_000)
        with pytest.raises(RunFolderError, match="cannot be written"):
            folder.write_json(name, {"text": "x" * 5_000})
    assert not (tmp_path / name).exists()


def test_a_config_that_does_not_fit_does_not_appear(tmp_path: Path, config: Config, small_disk: Disk) -> None:
    small_disk(100)
    with pytest.raises(RunFolderError, match="cannot be written"):
        RunFolder(tmp_path / "run", config())
    assert not (tmp_path / "run" / "config.toml").exists()


def test_a_run_on_a_full_disk_can_be_finished_later(tmp_path: Path, config: Config, small_disk: Disk) -> None:
    plan = config(run={"conversations": 40, "turns": 3})
    small_disk(30_000)
    with pytest.raises(RunFolderError, match="cannot be written"):
        run(lambda: simulate(plan, tmp_path))
    small_disk(10_000_000)
    assert run(lambda: simulate(plan, tmp_path)).conversations == 40
    assert ids(tmp_path) == [f"c{place:05d}" for place in range(40)]


@pytest.mark.parametrize("place", ["/proc/interalign", "/dev/null/run"])
def test_a_folder_that_cannot_be_made_gets_a_sentence(config: Config, place: str) -> None:
    with pytest.raises(RunFolderError, match=f"^{place} cannot be written"):
        RunFolder(Path(place), config())


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on no file is opened for writing, replaced or removed; chmod would not stop root."""

    def deny(*arguments: Any, **keywords: Any) -> Any:
        raise OSError(30, "Read-only file system")

    def switch() -> None:
        really = Path.open
        monkeypatch.setattr(os, "replace", deny)
        monkeypatch.setattr(Path, "unlink", deny)
        monkeypatch.setattr(Path, "write_text", deny)
        monkeypatch.setattr(
            Path,
            "open",
            lambda self, mode="r", *a, **k: deny() if set(mode) & set("wa+") else really(self, mode, *a, **k),
        )

    return switch


def test_a_folder_that_becomes_read_only_gets_a_sentence(
    tmp_path: Path, config: Config, tree: Tree, read_only: Callable[[], None]
) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_tree(tree("c1"))
        folder.add_failure({"id": "c2"})
        read_only()
        for write in (lambda: folder.add_failure({"id": "c3"}), lambda: folder.write_text("usage.json", "{}")):
            with pytest.raises(RunFolderError, match=r"cannot be written \(Read-only file system\)"):
                write()
    assert ids(tmp_path) == ["c1"]


def test_failures_that_cannot_be_cleared_get_a_sentence(
    tmp_path: Path, config: Config, read_only: Callable[[], None]
) -> None:
    with RunFolder(tmp_path, config()) as folder:
        folder.add_failure({"id": "c2"})
        read_only()
        with pytest.raises(RunFolderError, match="cannot be written"):
            folder.clear_failures()
