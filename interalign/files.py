"""files: files that appear under their name when they are whole, or not at all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from interalign.errors import InteralignError, RunFolderError

__all__ = ["write_bytes", "write_lines", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a whole file. Raises as `write_lines`."""
    write_lines(path, (text,))


def write_lines(path: Path, pieces: Iterable[str]) -> int:
    """Write the pieces one after the other as UTF-8, and return their number.

    If anything fails, what was there before stays and nothing else is left. What is no regular file, such as /dev/stdout or
    a pipe, is written to directly.

    Raises:
        RunFolderError: it cannot be written.
    """
    direct = path.exists() and not path.is_file()
    target = path if direct else path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with target.open("w", encoding="utf-8", errors="replace") as file:
            for piece in pieces:
                file.write(piece)
                count += 1
        if not direct:
            os.replace(target, path)
    except BaseException as error:
        if not direct:
            with suppress(OSError):
                target.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, InteralignError):
            raise RunFolderError(f"{path} cannot be written ({error.strerror or error}); choose another file") from None
        raise
    return count


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file into a folder that is there. Raises as `write_lines`."""
    direct = path.exists() and not path.is_file()
    target = path if direct else path.with_name(f"{path.name}.new")
    try:
        target.write_bytes(content)
        if not direct:
            os.replace(target, path)
    except OSError as error:
        if not direct:
            with suppress(OSError):
                target.unlink(missing_ok=True)
        raise RunFolderError(f"{path} cannot be written ({error.strerror or error}); choose another file") from None
