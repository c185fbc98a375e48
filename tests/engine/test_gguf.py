"""GGUF headers: what is sound is read, and whatever is not says what is wrong, without crashing."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.errors import ModelFileError
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header, require_keys

from .gguf_files import gguf, text

GOOD = gguf(
    {"general.architecture": "llama", "llama.context_length": 2048, "a.list": ["x", "é"], "n": [1, 2]},
    [("w", (32, 4), 8, 0), ("b", (4,), 0, 160)],
    data=200,
)


def write(folder: Path, data: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return path


def test_reads_metadata_and_tensors(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, GOOD))
    assert header.architecture == "llama"
    assert header.number("context_length") == 2048
    assert header.metadata["a.list"] == ["x", "é"]
    assert header.metadata["n"] == [1, 2]
    assert [(t.name, t.shape, t.bytes) for t in header.tensors] == [("w", (32, 4), 136), ("b", (4,), 16)]


def test_the_bundled_model_is_sound() -> None:
    header = read_header(bundled_path())
    assert header.architecture == "llama"
    assert len(header.metadata["tokenizer.ggml.tokens"]) == header.number("vocab_size")
    assert header.metadata["fimble.prompt.layout"] == "lines-first"


def test_the_bundled_model_is_the_one_that_was_shipped() -> None:
    path = bundled_path()
    assert path.stat().st_size <= 40_000_000
    digest, name = path.with_name(path.name + ".sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


def damaged() -> dict[str, tuple[bytes, str]]:
    huge = struct.pack("<Q", 1 << 60)
    return {
        "empty": (b"", "too small"),
        "cut in the header": (GOOD[:60], "ends in the middle"),
        "cut in the tensors": (GOOD[:-100], "cut off"),
        "another kind of file": (b"PK\3\4" + bytes(100), "does not begin with GGUF"),
        "text": (b"<!doctype html>" * 20, "does not begin with GGUF"),
        "version 1": (GOOD[:4] + struct.pack("<I", 1) + GOOD[8:], "version 1"),
        "a huge tensor count": (GOOD[:8] + huge + GOOD[16:], "claims"),
        "a huge string": (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + huge + bytes(50), "claims"),
        "an unknown value type": (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 77) + bytes(50),
            "unknown type 77",
        ),
        "a key twice": (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * (text("k") + struct.pack("<IB", 0, 1)) + bytes(50),
            "twice",
        ),
        "an unknown tensor type": (gguf({}, [("w", (32,), 99, 0)], 64), "unknown type 99"),
        "an impossible shape": (gguf({}, [("w", (33,), 8, 0)], 64), "impossible shape"),
        "nine dimensions": (gguf({}, [("w", (1,) * 9, 0, 0)], 64), "9 dimensions"),
        "a tensor past the end": (gguf({}, [("w", (32,), 8, 1 << 40)], 64), "lies past its end"),
        "two tensors of one name": (gguf({}, [("w", (1,), 0, 0), ("w", (1,), 0, 0)], 64), "same name"),
        "an alignment of zero": (gguf({"general.alignment": 0}, [], 64), "power of two"),
    }


@pytest.mark.parametrize("kind", damaged())
def test_damage_is_named(tmp_path: Path, kind: str) -> None:
    data, reason = damaged()[kind]
    with pytest.raises(ModelFileError, match=reason) as caught:
        read_header(write(tmp_path, data))
    assert str(tmp_path) in caught.value.message


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="There is no model file"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_header(tmp_path)


def test_required_keys(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, GOOD))
    with pytest.raises(ModelFileError, match="lacks the key nothing"):
        require_keys(header, {"nothing": lambda value: True}, "the test")
    with pytest.raises(ModelFileError, match="is damaged"):
        require_keys(header, {"n": lambda value: False}, "the test")


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_give_a_header_or_a_clear_error(tmp_path: Path, data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    path = write(tmp_path, bytes(damaged[:cut]))
    try:
        header = read_header(path)
    except ModelFileError as error:
        assert error.message.endswith(".")  # noqa: PT017
    else:
        assert all(tensor.bytes >= 0 for tensor in header.tensors)
