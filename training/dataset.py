"""dataset: a folder of training data, made from runs, with a card that says where every pair comes from.

train.jsonl, eval.jsonl            preference rows (prompt, chosen, rejected)
sft_train.jsonl, sft_eval.jsonl    the preferred replies alone (prompt, completion)
README.md                          the card; its front matter lets `datasets.load_dataset(FOLDER)` and the hub find the files
manifest.json                      options, runs, counts, and the hash of each file

The folder appears when it is whole: it is written beside its place and then moved there.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from interalign.errors import ConfigError, InteralignError, MissingError, RunFolderError
from interalign.files import write_text
from interalign.sim import read_manifest
from interalign.training.card import card
from interalign.training.describe import describe_rows, length_warning
from interalign.training.pairs import write_rows
from interalign.training.rows import Row, sft_rows
from interalign.training.selection import PairOptions, Selection, balanced, run_names, select
from interalign.training.split import split_rows

__all__ = ["PairSet", "make_pairs", "read_pair_set"]

FILES = ("train.jsonl", "eval.jsonl", "sft_train.jsonl", "sft_eval.jsonl")
_OURS = {*FILES, "README.md", "manifest.json"}
_KIND = "interalign pairs"


@dataclass(frozen=True, slots=True)
class PairSet:
    """What was written."""

    folder: Path
    manifest: dict[str, Any]
    """As in manifest.json."""
    warning: str | None
    """If length alone nearly tells chosen from rejected."""


def make_pairs(runs: Sequence[Path], out: Path, options: PairOptions | None = None) -> PairSet:
    """Choose, check, split and write the pairs of one or many runs. An older set in `out` is replaced.

    Raises:
        ConfigError: nothing is left to train on, nobody can be held out, or the options contradict the runs.
        MissingError, TreeError: a run has no trees, or a broken one.
        RunFolderError: `out` holds something else, or cannot be written.
    """
    options = options or PairOptions()
    _check_target(out)
    found = select(runs, options)
    if not found.rows:
        counts = ", ".join(f"{count} {reason}" for reason, count in found.dropped.most_common()) or "nobody judged them"
        raise ConfigError(f"no pair is left of {found.comparisons} comparisons: {counts}")
    train, held = split_rows(found.rows, options.eval_share, options.seed)
    if options.balance_turns:
        train, before = balanced(train, options.seed), len(train)
        found.dropped["left out to balance the turns"] += before - len(train)
    sets = {
        "train.jsonl": train,
        "eval.jsonl": held,
        "sft_train.jsonl": sft_rows(train),
        "sft_eval.jsonl": sft_rows(held),
    }
    manifest = {
        "kind": _KIND,
        "options": asdict(options),
        "runs": [_origin(run, name) for run, name in zip(runs, run_names(runs), strict=True)],
        **_counts(found),
        "train": describe_rows(train),
        "eval": describe_rows(held),
        "sft": {"train": len(sets["sft_train.jsonl"]), "eval": len(sets["sft_eval.jsonl"])},
    }
    warning = length_warning(train)
    _write({name: rows for name, rows in sets.items() if rows}, manifest, warning, out)
    return PairSet(out, manifest, warning)


def _counts(found: Selection) -> dict[str, Any]:
    return {
        "comparisons": found.comparisons,
        "dropped": dict(found.dropped.most_common()),
        "judges": dict(found.judges.most_common()),
    }


def _origin(run: Path, name: str) -> dict[str, Any]:
    """Where pairs come from: names and digests, never a path of this machine."""
    manifest = (read_manifest(run) if run.is_dir() else None) or {}
    trees = run / "trees.jsonl" if run.is_dir() else run
    origin = {"name": name, "trees_sha256": _sha256(trees), "finished": bool(manifest) or run.is_file()}
    kept = {key: manifest[key] for key in ("config_digest", "judge", "rejudged_by", "versions") if key in manifest}
    models = {name: _model_of(identity) for name, identity in manifest.get("models", {}).items()}
    return {**origin, **kept, "models": models}


def _model_of(identity: dict[str, Any]) -> dict[str, Any]:
    """What a model is, without addresses and folders: the card may be published."""
    model = identity.get("model")
    shown = Path(model).name if isinstance(model, str) and Path(model).is_absolute() else model
    return {"engine": identity.get("engine"), **({"model": shown} if shown else {})}


def _check_target(out: Path) -> None:
    """Only a folder that this module has written is replaced."""
    if not out.exists():
        return
    if not out.is_dir():
        raise RunFolderError(f"{out} is a file; choose another --out")
    strange = sorted(set(os.listdir(out)) - _OURS)
    if strange:
        raise RunFolderError(
            f"{out} holds {strange[0]!r}, which `interalign pairs` did not write; choose another --out"
        )


def _write(sets: dict[str, list[Row]], manifest: dict[str, Any], warning: str | None, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
            new = Path(work) / "new"
            new.mkdir()
            for name, rows in sets.items():
                write_rows(rows, new / name)
            manifest["files"] = {name: _sha256(new / name) for name in sets}
            write_text(new / "README.md", card(manifest, warning))
            write_text(new / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
            if out.exists():
                os.rename(out, Path(work) / "old")
            os.rename(new, out)
    except OSError as error:
        if isinstance(error, InteralignError):
            raise RunFolderError(f"{out} cannot be written; free space, or choose another --out") from None
        raise RunFolderError(f"{out} cannot be written ({error.strerror or error}); choose another --out") from None


def read_pair_set(folder: Path) -> dict[str, Any]:
    """The manifest of a folder of training data, its files checked by their hashes.

    Raises:
        MissingError: it is no such folder.
        ConfigError: a file has changed since it was written.
    """
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files: dict[str, str] = manifest["files"] if manifest["kind"] == _KIND else {}
    except (OSError, ValueError, KeyError, TypeError):
        manifest, files = {}, {}
    if not files:
        raise MissingError(
            f"{str(folder)!r} holds no training data; make some with: interalign pairs RUN --out {folder}"
        )
    for name, digest in files.items():
        if name not in FILES or not (folder / name).is_file() or _sha256(folder / name) != digest:
            raise ConfigError(f"{folder / name} is not the file that manifest.json describes; make {folder} again")
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
