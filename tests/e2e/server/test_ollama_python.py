"""The official ``ollama`` client for Python, with nothing replaced but the address and the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import ollama
import pytest

from tests.e2e.editors.conftest import fake
from tests.e2e.other_programs.servers import Server, running

from .telling import busy, wait_until_idle

pytestmark = pytest.mark.e2e
ANSWER = "return a + b"
ASK: Any = [{"role": "user", "content": "add two numbers"}]


def connected(address: str, key: str, **more: Any) -> ollama.Client:
    return ollama.Client(host=address, headers={"Authorization": f"Bearer {key}"}, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests: its start takes longer than they do."""
    with running(Server(tmp_path_factory.mktemp("served") / "home", fake(ANSWER))) as made:
        yield made


@pytest.fixture
def client(served: Server) -> Iterator[ollama.Client]:
    with connected(served.url, served.key) as made:
        yield made


def test_generate_fills_in(client: ollama.Client) -> None:
    made = client.generate(model="fake", prompt="def f(a, b):\n    ", suffix="\n")
    assert made.response == ANSWER
    assert made.done
    assert made.done_reason == "stop"
    assert made.eval_count == len(ANSWER)
    assert made.prompt_eval_count
    assert made.total_duration
    raw = client.generate(model="fake", prompt="x = ", raw=True, options={"num_predict": 3})
    assert (raw.response, raw.done_reason) == (ANSWER[:3], "length")


def test_generate_streams(client: ollama.Client) -> None:
    pieces = list(client.generate(model="fake", prompt="def g(a, b):\n    ", suffix="\n", stream=True))
    assert "".join(piece.response or "" for piece in pieces) == ANSWER
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].eval_count == len(ANSWER)


def test_chat(client: ollama.Client) -> None:
    made = client.chat(model="fake", messages=ASK)
    assert (made.message.role, made.message.content) == ("assistant", ANSWER)
    pieces = list(client.chat(model="fake", messages=ASK, stream=True))
    assert "".join(piece.message.content or "" for piece in pieces) == ANSWER
    assert pieces[-1].done


def test_models(client: ollama.Client) -> None:
    [listed] = client.list().models
    assert listed.model is not None
    assert listed.model.startswith("fake")
    assert listed.details is not None
    shown = client.show(listed.model)
    assert "insert" in (shown.capabilities or [])
    assert ".Suffix" in (shown.template or "")
    assert shown.modelinfo
    client.generate(model="fake", prompt="x = ", raw=True)
    [running] = client.ps().models
    assert running.model == listed.model


def test_errors_become_the_clients_own_exceptions(served: Server, client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as bad:
        client.generate(model="fake", prompt="x", template="Say: {{ .Prompt }}")
    assert bad.value.status_code == 400
    assert "template" in bad.value.error
    with pytest.raises(ollama.ResponseError) as missing:
        client.pull("no-such-model")
    assert missing.value.status_code == 501
    assert "fimble models pull" in missing.value.error
    with connected(served.url, "wrong") as stranger, pytest.raises(ollama.ResponseError) as refused:
        stranger.generate(model="fake", prompt="x")
    assert refused.value.status_code == 401
    assert "key" in refused.value.error


def test_a_model_of_another_server_is_the_default_one(client: ollama.Client) -> None:
    made = client.generate(model="qwen2.5-coder:1.5b", prompt="def f(a, b):\n    ", suffix="\n")
    assert made.response == ANSWER
    assert "insert" in (client.show("qwen2.5-coder:1.5b").capabilities or [])


def test_the_server_goes_away_and_comes_back(served: Server, client: ollama.Client) -> None:
    with served.away(), pytest.raises(ConnectionError):
        client.generate(model="fake", prompt="x")
    assert client.generate(model="fake", prompt="def f(a, b):\n    ", suffix="\n").response == ANSWER


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model goes on for most of a minute, if nothing stops it."""
    home = tmp_path_factory.mktemp("endless") / "home"
    with running(Server(home, fake("x", endless=True, token_ms=990))) as made:
        yield made


def test_a_client_that_closes_its_stream_stops_the_model(endless: Server) -> None:
    with connected(endless.url, endless.key) as client:
        stream: Any = client.generate(
            model="fake", prompt="x", raw=True, stream=True, options={"num_predict": 4000}
        )
        next(stream)
        assert busy(endless)
        stream.close()
        wait_until_idle(endless)


def test_a_client_that_waits_no_longer_stops_the_model(endless: Server) -> None:
    with connected(endless.url, endless.key, timeout=1) as hasty, pytest.raises(httpx.ReadTimeout):
        hasty.generate(model="fake", prompt="a = ", suffix="\n", options={"num_predict": 4000})
    wait_until_idle(endless)
