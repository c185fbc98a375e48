"""Reads and checks the header of a GGUF file without ever trusting it.

A damaged file must not reach native code, which would crash on it. So: magic, version, every count
and length against the file's size, every tensor inside the file, the keys that a backend needs.
Format: ggml's ``docs/gguf.md`` (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelFileError

MAX_COUNT = 10_000_000
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# ggml type: (elements of a block, bytes of a block)
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the tensor table; ``offset`` counts from the start of the data."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int

    @property
    def bytes(self) -> int:
        elements, size = _BLOCKS[self.type]
        count = 1
        for length in self.shape:
            count *= length
        return count // elements * size


@dataclass(frozen=True, slots=True)
class Header:
    """Metadata and tensor table of a file that passed every check."""

    path: Path
    version: int
    metadata: Mapping[str, Any]
    tensors: tuple[Tensor, ...]

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    def number(self, key: str, default: int = 0) -> int:
        """An architecture's own integer key, such as ``context_length``."""
        value = self.metadata.get(f"{self.architecture}.{key}", default)
        return value if isinstance(value, int) else default


class _Damaged(Exception):
    """What is wrong, as the end of a sentence."""


class _Cursor:
    """Walks over the bytes; reading past the end is an error, never a guess."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at, self.size = data, 0, len(data)

    def unpack(self, layout: str) -> Any:
        size = struct.calcsize("<" + layout)
        if self.at + size > self.size:
            raise _Damaged("it ends in the middle of its header")
        value = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += size
        return value[0]

    def count(self, what: str) -> int:
        value = int(self.unpack("Q"))
        if value > MAX_COUNT or value > self.size:
            raise _Damaged(f"it claims {value} {what}")
        return value

    def text(self) -> str:
        length = self.count("bytes of a name")
        if self.at + length > self.size:
            raise _Damaged("it ends in the middle of its header")
        raw = self.data[self.at : self.at + length]
        self.at += length
        return raw.decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY and depth < 4:
            return self._array(depth)
        if kind in _SCALARS:
            return self.unpack(_SCALARS[kind])
        raise _Damaged(f"it has a metadata value of the unknown type {kind}")

    def _array(self, depth: int) -> list[Any]:
        kind, count = self.unpack("I"), self.count("array items")
        if kind not in _SCALARS:
            return [self.value(kind, depth + 1) for _ in range(count)]
        layout = f"<{count}{_SCALARS[kind]}"
        if self.at + struct.calcsize(layout) > self.size:
            raise _Damaged("it ends in the middle of its header")
        items = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return list(items)


def read_header(path: Path) -> Header:
    """Parse and check ``path``; :class:`ModelFileError` says what is wrong and what to do."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size < 24:
                raise _Damaged("it is too small to be a model")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _parse(path, _Cursor(data))
    except _Damaged as error:
        raise ModelFileError(
            f"The model file {path} is damaged or no GGUF file: {error}. Download it again."
        ) from error
    except FileNotFoundError as error:
        raise ModelFileError(f"There is no model file {path}. Check the path of `model`.") from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"The model file {path} cannot be read: {error}.") from error


def _parse(path: Path, cursor: _Cursor) -> Header:
    if cursor.data[:4] != b"GGUF":
        raise _Damaged("it does not begin with GGUF")
    cursor.at = 4
    version = cursor.unpack("I")
    if version not in (2, 3):
        raise _Damaged(f"its format version {version} is not 2 or 3")
    tensor_count, pair_count = cursor.count("tensors"), cursor.count("metadata pairs")
    metadata = _read_metadata(cursor, pair_count)
    tensors = tuple(_read_tensor(cursor) for _ in range(tensor_count))
    _check_tensors(cursor, metadata, tensors)
    return Header(path, version, metadata, tensors)


def _read_metadata(cursor: _Cursor, count: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for _ in range(count):
        key = cursor.text()
        if key in metadata:
            raise _Damaged(f"it has the metadata key {key[:80]!r} twice")
        metadata[key] = cursor.value(cursor.unpack("I"))
    return metadata


def _read_tensor(cursor: _Cursor) -> Tensor:
    name, dimensions = cursor.text(), cursor.unpack("I")
    if not 1 <= dimensions <= 4:
        raise _Damaged(f"its tensor {name[:80]!r} has {dimensions} dimensions")
    shape = tuple(int(cursor.unpack("Q")) for _ in range(dimensions))
    tensor = Tensor(name, shape, cursor.unpack("I"), cursor.unpack("Q"))
    if tensor.type not in _BLOCKS:
        raise _Damaged(f"its tensor {name[:80]!r} has the unknown type {tensor.type}")
    if 0 in shape or shape[0] % _BLOCKS[tensor.type][0]:
        raise _Damaged(f"its tensor {name[:80]!r} has the impossible shape {shape}")
    return tensor


def _check_tensors(cursor: _Cursor, metadata: Mapping[str, Any], tensors: tuple[Tensor, ...]) -> None:
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise _Damaged(f"its alignment {alignment} is no power of two")
    data_start = (cursor.at + alignment - 1) // alignment * alignment
    for tensor in tensors:
        if data_start + tensor.offset + tensor.bytes > cursor.size:
            raise _Damaged(f"it is cut off: the tensor {tensor.name[:80]!r} lies past its end")
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise _Damaged("it has two tensors of the same name")


def require_keys(header: Header, keys: Mapping[str, Callable[[Any], bool]], backend: str) -> None:
    """Check that metadata keys are there and sensible, or raise :class:`ModelFileError`."""
    for key, sensible in keys.items():
        if key not in header.metadata:
            raise ModelFileError(
                f"The model file {header.path} lacks the key {key}, which {backend} needs. "
                "Convert the model again with a current converter."
            )
        if not sensible(header.metadata[key]):
            raise ModelFileError(
                f"The model file {header.path} is damaged: {key} is {str(header.metadata[key])[:60]}. "
                "Download it again."
            )
