"""Two thousand damaged model files: those that the checks let pass do no harm to the native runtime."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from fimble.engine.errors import ModelFileError, NoFimTokens
from fimble.engine.models.gguf import Header, read_header
from fimble.engine.prompt.detect import detect
from fimble.engine.prompt.vocabulary import read_vocabulary
from fimble.engine.runtimes import ctransformers
from fimble.engine.runtimes.llamacpp import check as llamacpp

from .tiny_llama import metadata, tiny, weights

FILES = 2_000
CHECKS = {"llamacpp": llamacpp.check, "ctransformers": ctransformers.check}
FLOATS = (0.0, -1.0, float("nan"), float("inf"), 1e30)
NUMBERS = (0, 1, 2, 7, 31, 63, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def mutate(good: bytes, names: list[int], rng: random.Random) -> bytes:
    """Another number where one stands, other bytes, another length; mostly in the header, near a name."""
    data = bytearray(good)
    header = len(good) - sum(len(content) + -len(content) % 32 for _, _, content in weights().values())
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.choice(
            (rng.choice(names) + rng.randrange(-12, 60), rng.randrange(header), rng.randrange(len(data) - 8))
        )
        at = min(max(0, at), len(data) - 8)
        match rng.randrange(5):
            case 0:
                data[at : at + 4] = struct.pack("<I", rng.choice(NUMBERS))
            case 1:
                data[at : at + 8] = struct.pack("<Q", rng.choice((*NUMBERS, 2**62)))
            case 2:
                data[at : at + 4] = struct.pack("<f", rng.choice(FLOATS))
            case 3:
                data[at] = rng.randrange(256)
            case _:
                data[at] ^= 1 << rng.randrange(8)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.03 else data)


def passes(path: Path, check: Callable[[Header], None]) -> bool:
    """Whether all that reads a file takes it; whatever it does not take it refuses with a sentence."""
    try:
        header = read_header(path)
        with suppress(NoFimTokens):
            detect(header.metadata)
        read_vocabulary(header.metadata)
        check(header)
    except ModelFileError as error:
        assert error.message.endswith(".")  # noqa: PT017
        return False
    return True


def opened(folder: Path, runtime: str) -> tuple[int, list[str]]:
    """How many files processes opened natively, and the names of those that one died of."""
    names = sorted(path.name for path in folder.glob("*.gguf"))
    done, fatal = 0, list[str]()
    program = Path(__file__).with_name("open_models.py")
    while done < len(names):
        command = [sys.executable, "-P", str(program), str(folder), str(done), runtime]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        done += len(ended.stdout.split())
        if done < len(names):
            fatal.append(f"{names[done]}: {ended.returncode} {ended.stderr[-300:]}")
            done += 1
    return len(names), fatal


@pytest.mark.parametrize("runtime", CHECKS)
def test_no_damaged_file_ends_a_process(tmp_path: Path, runtime: str) -> None:
    rng, good = random.Random(7), tiny()
    names = [good.index(key.encode()) + len(key) for key in (*metadata(), *weights())]
    (tmp_path / "good.gguf").write_bytes(good)
    assert passes(tmp_path / "good.gguf", CHECKS[runtime])
    for number in range(FILES):
        path = tmp_path / f"{number:04}.gguf"
        path.write_bytes(mutate(good, names, rng))
        if not passes(path, CHECKS[runtime]):
            path.unlink()
    native, fatal = opened(tmp_path, runtime)
    print(f"{FILES} damaged files: {native - 1} reached native code, {len(fatal)} ended its process")
    assert not fatal, "\n".join(fatal)
    assert native > FILES // 20
