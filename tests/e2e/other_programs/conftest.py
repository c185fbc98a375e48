"""The servers that the programs here are pointed at."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.editors.conftest import BUNDLED, fake
from tests.e2e.editors.listening import Listener, listening

from .servers import LlamaServer, Server, running

ANSWER = "add(1, 2)"
CODE = "def add(a, b):\n    return a + b\n\n"
TYPED = "total = "
FLAGS = ("--raw-prompts", "--compat", "llama:0")
"""What a server is started with whose clients believe that it is llama-server."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model always says :data:`ANSWER`, and that knows the habits of llama-server's clients.

    ``LLAMA_SERVER=path`` has the same tests ask a real llama-server: what they say of a plugin is true there.
    """
    home, program = tmp_path_factory.mktemp("server") / "home", os.environ.get("LLAMA_SERVER")
    made = Server(home, fake(ANSWER), *FLAGS, answer=ANSWER) if not program else LlamaServer(program, home)
    with running(made):
        yield made


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the model that comes along."""
    with running(Server(tmp_path_factory.mktemp("bundled") / "home", BUNDLED, *FLAGS)) as made:
        yield made


@pytest.fixture
def relay(server: Server) -> Iterator[Listener]:
    """In front of that server; keeps what it is sent. Name it ahead of who asks it: that one ends first."""
    with listening(("127.0.0.1", server.port)) as made:
        yield made
