"""Reads and checks the header of a GGUF file without ever trusting it.

A damaged file must not reach native code, which would crash on it. So: magic, version, every count
and length against the file's size, every tensor inside the file, the keys that a backend needs.
Format: ggml's ``docs/gguf.md`` (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import math
import mmap
import os
import reprlib
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from ..limits import MODEL_ARRAY_ITEMS, MODEL_METADATA_BYTES, MODEL_PAIRS, MODEL_TENSORS, MODEL_TEXT_BYTES

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_KINDS = {
    0: "u8", 1: "i8", 2: "u16", 3: "i16", 4: "u32", 5: "i32", 6: "f32", 7: "bool", 8: "str", 10: "u64",
    11: "i64", 12: "f64",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_MOST_ALIGNMENT = 1 << 16

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
        return self.count // elements * size

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """Metadata and tensor table of a file that passed every check.

    ``kinds`` are the types of the metadata as in the file: ``u32``, ``str``, or for arrays ``[f32]``.
    Tensors' offsets count from ``data_start``.
    """

    path: Path
    version: int
    metadata: Mapping[str, Any]
    tensors: tuple[Tensor, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)
    data_start: int = 0

    @property
    def architecture(self) -> str:
        value = self.metadata.get("general.architecture")
        return value if isinstance(value, str) else ""

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        return sum(tensor.count for tensor in self.tensors)

    def number(self, key: str, default: int = 0) -> int:
        """An architecture's own integer key, such as ``context_length``."""
        value = self.metadata.get(f"{self.architecture}.{key}", default)
        return value if isinstance(value, int) else default


class _Damaged(Exception):
    """What is wrong, as the end of a sentence."""


class _Cursor:
    """Walks over the bytes; reading past the end, or past the bounds, is an error and never a guess."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at, self.size = data, 0, min(len(data), MODEL_METADATA_BYTES)
        self._items_left = MODEL_ARRAY_ITEMS

    def unpack(self, layout: str) -> Any:
        return struct.unpack_from("<" + layout, self.data, self._step(struct.calcsize("<" + layout)))[0]

    def count(self, what: str, most: int) -> int:
        value = int(self.unpack("Q"))
        if value > most:
            raise _Damaged(f"it claims {value} {what}")
        return value

    def text(self) -> str:
        length = self.count("bytes of a text", MODEL_TEXT_BYTES)
        at = self._step(length)
        return self.data[at : at + length].decode("utf-8", "replace")

    def value(self) -> tuple[str, Any]:
        """A metadata value, with the name of its type ahead of it."""
        kind = self.unpack("I")
        if kind == _ARRAY:
            kind = self.unpack("I")
            return f"[{_name_of(kind)}]", self._array(kind)
        return _name_of(kind), self.text() if kind == _STRING else self.unpack(_SCALARS[kind])

    def _array(self, kind: int) -> list[Any]:
        count = self.count("array items", self._items_left)
        self._items_left -= count
        if kind == _STRING:
            return [self.text() for _ in range(count)]
        layout = f"<{count}{_SCALARS[kind]}"
        return list(struct.unpack_from(layout, self.data, self._step(struct.calcsize(layout))))

    def _step(self, size: int) -> int:
        """Go over ``size`` bytes; returns where they begin."""
        at = self.at
        if at + size > self.size:
            whole = self.size == len(self.data)
            raise _Damaged("it ends in the middle of its header" if whole else "its header is too large")
        self.at = at + size
        return at


def _name_of(kind: int) -> str:
    if kind == _ARRAY:
        raise _Damaged("it has an array of arrays, which no model needs")
    if kind not in _KINDS:
        raise _Damaged(f"it has a metadata value of the unknown type {kind}")
    return _KINDS[kind]


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """The bytes of a regular file; raises ``OSError``, at once also for what would wait for a writer."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is a folder, a device or a pipe, and no file")
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
            yield data
    finally:
        os.close(descriptor)


def read_header(path: Path) -> Header:
    """Parse and check ``path``; :class:`ModelFileError` says what is wrong and what to do."""
    try:
        if path.stat().st_size < 24 and path.is_file():
            raise _Damaged("it is too small to be a model")
        with mapped(path) as data:
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
    tensor_count, pair_count = cursor.count("tensors", MODEL_TENSORS), cursor.count("pairs", MODEL_PAIRS)
    kinds: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    for _ in range(pair_count):
        key = cursor.text()
        if key in metadata:
            raise _Damaged(f"it has the metadata key {key[:80]!r} twice")
        kinds[key], metadata[key] = cursor.value()
    tensors = tuple(_read_tensor(cursor) for _ in range(tensor_count))
    start = _data_start(cursor.at, kinds, metadata)
    _check_places(tensors, len(cursor.data) - start, metadata.get("general.alignment", 32))
    return Header(path, version, metadata, tensors, kinds, start)


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


def _data_start(end: int, kinds: Mapping[str, str], metadata: Mapping[str, Any]) -> int:
    """Where the tensors begin: behind the header, at a multiple of the file's alignment."""
    key = "general.alignment"
    alignment = metadata.get(key, 32)
    if kinds.get(key, "u32") != "u32" or not 1 <= alignment <= _MOST_ALIGNMENT or alignment & (alignment - 1):
        raise _Damaged(f"its alignment {reprlib.repr(alignment)} is no power of two up to {_MOST_ALIGNMENT}")
    return -(-end // int(alignment)) * int(alignment)


def _check_places(tensors: tuple[Tensor, ...], size: int, alignment: int) -> None:
    """Every tensor is inside the file, begins where it may, and shares no byte with another."""
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise _Damaged("it has two tensors of the same name")
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
        name = tensor.name[:80]
        if tensor.offset + tensor.bytes > size:
            raise _Damaged(f"it is cut off: the tensor {name!r} lies past its end")
        if tensor.offset % alignment:
            raise _Damaged(f"its tensor {name!r} is not aligned")
        if tensor.offset < end:
            raise _Damaged(f"its tensor {name!r} overlaps another")
        end = tensor.offset + tensor.bytes


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
                f"The model file {header.path} is damaged: {key} is {reprlib.repr(header.metadata[key])}. "
                "Download it again."
            )
