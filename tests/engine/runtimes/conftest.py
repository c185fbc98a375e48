"""The bundled model on both runtimes, opened once for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header
from fimble.engine.runtimes.ctransformers import CTransformers
from fimble.engine.runtimes.llamacpp.runtime import LlamaCpp

CONTEXT, SEQUENCES = 512, 5


@pytest.fixture(scope="module")
def llamacpp() -> Iterator[LlamaCpp]:
    header = read_header(bundled_path())
    model = LlamaCpp(header, threads=2, context_length=CONTEXT, sequences=SEQUENCES, batch=256)
    yield model
    model.close()


@pytest.fixture(scope="module")
def ctransformers() -> Iterator[CTransformers]:
    header = read_header(bundled_path())
    model = CTransformers(header, threads=2, context_length=CONTEXT, batch=256)
    yield model
    model.close()
