"""tensors: safetensors files as numpy arrays, without torch: an adapter is small, and is read where nothing else is loaded."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interalign.errors import ConfigError, MissingError
from interalign.files import write_bytes

__all__ = ["read_tensors", "write_tensors"]

_KINDS: dict[str, Any] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}
_MAX_HEADER = 1 << 26


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """All tensors of a file, in float32.

    Raises:
        MissingError: it cannot be read.
        ConfigError: it is no safetensors file of floating point numbers, or is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MissingError(f"{path} cannot be read ({error.strerror})") from None
    try:
        size = int.from_bytes(data[:8], "little")
        if not 2 <= size <= min(_MAX_HEADER, len(data) - 8):
            raise ValueError("its header is cut off")
        header = json.loads(data[8 : 8 + size])
        body = memoryview(data)[8 + size :]
        return {name: _tensor(body, about) for name, about in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path} is no safetensors file that can be read ({error}); it may be damaged") from None


def _tensor(body: memoryview, about: Mapping[str, Any]) -> NDArray[np.float32]:
    kind, shape = _KINDS[about["dtype"]], tuple(about["shape"])
    begin, end = about["data_offsets"]
    if not 0 <= begin <= end <= len(body) or end - begin != math.prod(shape) * kind.itemsize:
        raise ValueError("a tensor is cut off")
    raw = np.frombuffer(body[begin:end], dtype=kind)
    if about["dtype"] == "BF16":
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32).reshape(shape)


def write_tensors(path: Path, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Write float32 tensors as a safetensors file. Raises RunFolderError where it cannot be written."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    pieces: list[bytes] = []
    place = 0
    for name, tensor in sorted(tensors.items()):
        piece = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [place, place + len(piece)]}
        pieces.append(piece)
        place += len(piece)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    write_bytes(path, len(text).to_bytes(8, "little") + text + b"".join(pieces))
