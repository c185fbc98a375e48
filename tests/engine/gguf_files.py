"""Small GGUF files made on the spot: metadata pairs and tensors, written by hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES: dict[type, tuple[int, str]] = {bool: (7, "?"), int: (4, "I"), float: (6, "f")}


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def value(item: Any) -> bytes:
    """A metadata value with its type ahead of it."""
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    if isinstance(item, list):
        kind = 8 if item and isinstance(item[0], str) else _TYPES[type(item[0])][0] if item else 4
        body = b"".join(value(each)[4:] for each in item)
        return struct.pack("<IIQ", 9, kind, len(item)) + body
    kind, layout = _TYPES[type(item)]
    return struct.pack("<I" + layout, kind, item)


def gguf(
    metadata: Mapping[str, Any], tensors: Sequence[tuple[str, tuple[int, ...], int, int]] = (), data: int = 0
) -> bytes:
    """A file of version 3; each tensor is (name, shape, ggml type, offset), followed by ``data`` zeros."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, item in metadata.items():
        out += text(key) + value(item)
    for name, shape, kind, offset in tensors:
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return out + b"\0" * (-len(out) % 32) + b"\0" * data
