"""Real servers to ask: llama-server and fimble, both with the bundled model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.editors.conftest import BUNDLED
from tests.e2e.editors.tools import CACHE
from tests.e2e.other_programs.servers import LlamaServer, Server, running


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A llama-server that `bash tests/tools/llama.sh` has unpacked, or that ``LLAMA_SERVER`` names."""
    program = os.environ.get("LLAMA_SERVER") or str(CACHE / "llama" / "llama-server")
    if not Path(program).exists():
        pytest.skip(f"there is no llama-server at {program}; `bash tests/tools/llama.sh` unpacks one")
    with running(LlamaServer(program, tmp_path_factory.mktemp("llama") / "home")) as made:
        yield made


@pytest.fixture(scope="session")
def fimble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A fimble server in a process of its own."""
    with running(Server(tmp_path_factory.mktemp("fimble") / "home", BUNDLED)) as made:
        yield made
