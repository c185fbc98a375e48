"""The official ``mistralai`` client, with nothing replaced but the server's address and the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mistralai.client import Mistral, errors

from tests.e2e.editors.conftest import fake
from tests.e2e.other_programs.servers import Server, running

from .telling import busy, wait_until_idle

pytestmark = pytest.mark.e2e
ANSWER = "return a + b"
PROMPT = "def f(a, b):\n    "
ASK: Any = [{"role": "user", "content": "add two numbers"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests: its start takes longer than they do."""
    with running(Server(tmp_path_factory.mktemp("served") / "home", fake(ANSWER))) as made:
        yield made


@pytest.fixture
def client(served: Server) -> Iterator[Mistral]:
    with Mistral(api_key=served.key, server_url=served.url) as made:
        yield made


def test_complete(client: Mistral) -> None:
    made = client.fim.complete(model="codestral-latest", prompt=PROMPT, suffix="\n", temperature=0)
    assert made.choices is not None
    assert made.choices[0].message.content == ANSWER
    assert made.choices[0].finish_reason == "stop"
    assert made.usage.completion_tokens == len(ANSWER)


def test_stream(client: Mistral) -> None:
    with client.fim.stream(model="codestral-latest", prompt=PROMPT, suffix="\n") as stream:
        chunks = [event.data for event in stream]
    assert "".join(str(chunk.choices[0].delta.content or "") for chunk in chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None


def test_chat(client: Mistral) -> None:
    made = client.chat.complete(model="default", messages=ASK, temperature=0)
    assert made.choices is not None
    assert made.choices[0].message is not None
    assert made.choices[0].message.content == ANSWER
    with client.chat.stream(model="default", messages=ASK) as stream:
        pieces = [event.data.choices[0].delta.content for event in stream if event.data.choices]
    assert "".join(str(piece or "") for piece in pieces) == ANSWER


def test_models(client: Mistral) -> None:
    listed = client.models.list()
    assert [model.id for model in listed.data or []] == ["fake"]


def test_errors_become_the_clients_own_exceptions(served: Server, client: Mistral) -> None:
    with pytest.raises(errors.HTTPValidationError) as bad:
        client.fim.complete(model="codestral-latest", prompt=PROMPT, temperature=9)
    assert bad.value.status_code == 422
    assert bad.value.data.detail is not None
    assert bad.value.data.detail[0].loc == ["body", "temperature"]
    with pytest.raises(errors.SDKError) as unknown:
        client.chat.complete(model="no-such-model", messages=ASK)
    assert unknown.value.status_code == 404
    with (
        Mistral(api_key="wrong", server_url=served.url) as stranger,
        pytest.raises(errors.SDKError) as refused,
    ):
        stranger.fim.complete(model="codestral-latest", prompt=PROMPT)
    assert refused.value.status_code == 401


def test_the_server_goes_away_and_comes_back(served: Server, client: Mistral) -> None:
    with served.away(), pytest.raises(httpx2.ConnectError):
        client.fim.complete(model="default", prompt=PROMPT)
    assert client.fim.complete(model="default", prompt=PROMPT).choices


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model goes on for most of a minute, if nothing stops it."""
    home = tmp_path_factory.mktemp("endless") / "home"
    with running(Server(home, fake("x", endless=True, token_ms=990))) as made:
        yield made


def test_a_client_that_closes_its_stream_stops_the_model(endless: Server) -> None:
    with Mistral(api_key=endless.key, server_url=endless.url) as client:
        with client.chat.stream(model="default", messages=ASK, max_tokens=4000) as stream:
            next(stream)
            assert busy(endless)
        wait_until_idle(endless)


def test_a_client_that_waits_no_longer_stops_the_model(endless: Server) -> None:
    with Mistral(api_key=endless.key, server_url=endless.url) as client, pytest.raises(httpx2.ReadTimeout):
        client.fim.complete(model="default", prompt=PROMPT, max_tokens=4000, timeout_ms=1000)
    wait_until_idle(endless)
