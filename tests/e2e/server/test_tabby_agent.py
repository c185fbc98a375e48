"""Tabby's agent asks ``/v1/health``, ``/v1/completions`` with segments, and tells ``/v1/events``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

from .conftest import Serve, Served, wait_for
from .tabby_agent import TabbyAgent, agent_command
from .telling import busy, told, wait_until_idle

pytestmark = pytest.mark.e2e
ANSWER = "add(1, 2)"
CODE = "def add(a, b):\n    return a + b\n\ntotal = "
Start = Callable[[str, str], TabbyAgent]


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve(fake={"answer": ANSWER}, key=("ann",))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[TabbyAgent] = []

    def make(address: str, key: str) -> TabbyAgent:
        running.append(TabbyAgent(tmp_path / "home", address, key))
        return running[-1]

    yield make
    for agent in running:
        agent.close()


def test_it_is_ready_and_completes_and_its_events_are_counted(served: Served, start: Start) -> None:
    agent = start(served.url, served.key)
    assert agent.status == "ready"
    assert agent.call("getServerHealthState")["model"] == "fake"
    made = agent.complete(CODE)
    assert [choice["text"] for choice in made["choices"]] == [ANSWER]
    assert agent.event("view", made["id"]) is True
    assert agent.event("select", made["id"], select_kind="line") is True
    assert agent.event("dismiss", made["id"]) is True
    used = told(served, "/v1/usage")["total"]
    assert (used["shown"], used["accepted"]) == (1, 1)
    assert agent.event("no such type", made["id"]) is not True


def test_a_refused_key_is_unauthorized(served: Served, start: Start) -> None:
    agent = start(served.url, "wrong")
    assert agent.status == "unauthorized"
    assert {"event": "statusChanged", "status": "unauthorized"} in agent.events
    assert agent.texts(CODE) == []
    agent.call("updateConfig", "server.token", served.key)
    wait_for(lambda: agent.status == "ready")
    assert agent.texts(CODE) == [ANSWER]


def test_the_server_goes_away_and_comes_back(served: Served, serve: Serve, start: Start) -> None:
    agent = start(served.url, served.key)
    served.stop()
    assert agent.texts(CODE) == []
    wait_for(lambda: agent.status == "disconnected")
    serve("--port", served.url.rpartition(":")[2], fake={"answer": ANSWER})
    assert agent.texts(CODE) == [ANSWER]
    assert agent.connect() == "ready"


def test_a_request_that_is_cancelled_stops_the_model(serve: Serve, start: Start) -> None:
    served = serve(fake={"endless": True, "token_ms": 990, "answer": "x"}, key=("ann",))  # 48 s
    agent = start(served.url, served.key)
    asked = agent.begin(CODE)
    wait_for(lambda: busy(served))
    cancelling = agent.send("cancelRequest", asked)
    assert sorted([agent.any_answer(), agent.any_answer()]) == [(asked, None), (cancelling, True)]
    wait_until_idle(served)


async def test_its_language_server_completes(served: Served, tmp_path: Path) -> None:
    command = [*agent_command(tmp_path / "home", served.url, served.key), "--lsp", "--stdio"]
    environment = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    config = ClientServerConfig(command, client_factory=make_test_lsp_client, server_env=environment)
    client = await config.start()
    assert isinstance(client, LanguageClient)
    capabilities = client_capabilities("neovim@0.10")
    await client.initialize_session(types.InitializeParams(capabilities=capabilities))
    uri = (tmp_path / "work.py").as_uri()
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, CODE + "\n"))
    )
    where = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(3, len("total = ")))
    found = await client.text_document_completion_async(where)
    assert isinstance(found, types.CompletionList)
    assert [item.text_edit.new_text for item in found.items] == [ANSWER]
    await client.shutdown_session()
    await client.stop()
