"""Answers in the form of their documents, over a socket: byte by byte, in pieces of any size, and broken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.errors import FimbleError
from fimble.engine.upstreams.failures import Told

from ..asking import answer_of, backend_of
from ..upstream import Upstream, upstream
from .documents import DOCUMENTS, Document
from .replaying import ask_of, read_all


@pytest.fixture
async def server() -> AsyncIterator[Upstream]:
    async with upstream() as made:
        yield made


def head_of(document: Document) -> bytes:
    kind = "application/x-ndjson" if document.lines else "text/event-stream; charset=utf-8"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def chunks(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_answer_is_read_whatever_its_pieces(server: Upstream, name: str, size: int) -> None:
    document = DOCUMENTS[name]
    server.answer = head_of(document) + chunks(document.says, size)
    backend = backend_of(server.url, document.kind, **document.table)
    server.keeps = True
    made = await answer_of(backend, document.request)
    await backend.close()
    assert (made.text, made.reasoning, made.finish_reason) == (
        document.text, document.reasoning, document.finish
    )  # fmt: skip
    assert (made.usage.prompt_tokens, made.usage.completion_tokens) == document.usage
    assert made.model == document.model
    assert tuple((call.id, call.name, call.arguments) for call in made.tool_calls) == document.calls
    if document.tokens:
        told = made.certainties or made.logprobs
        assert tuple(each.text.decode() for each in told) == document.tokens
        assert [each.offset for each in told] == [
            len("".join(document.tokens[:at])) for at in range(len(document.tokens))
        ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_answer_that_breaks_off_anywhere_is_no_answer(name: str) -> None:
    """Without its end it is an error, or it is whole: what is missing stands behind the finish reason."""
    document = DOCUMENTS[name]
    for at in range(len(document.says) + 1):
        ask = ask_of(document.kind, document.request, **document.table)
        try:
            made = read_all(ask, document.says[:at])
        except (ValueError, Told):
            continue
        assert "".join(delta.text for delta in made) == document.text


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_broken_bytes_raise_nothing_else(name: str, data: st.DataObject) -> None:
    document = DOCUMENTS[name]
    body = bytearray(document.says)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.sampled_from(
                [b"", b"\n", b"\0", b"\xff", b'"', b"{", b"null", b"-1", b"[]", b"1e999", b"true", b"\\u"]
            )
        )
    ask = ask_of(document.kind, document.request, **document.table)
    try:
        made = read_all(ask, bytes(body))
    except (ValueError, Told, FimbleError):
        return
    assert made[-1].finish_reason is not None


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(DOCUMENTS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "text", "logprobs", "tool_calls", "function", "usage",
                 "error", "index", "response", "done", "tokens", "token_logprobs", "thinking", "type",
                 "message"]
            ),
            inner,
            max_size=4,
        ),
        max_leaves=12,
    ),
)  # fmt: skip
def test_any_json_raises_nothing_else(name: str, value: object) -> None:
    document = DOCUMENTS[name]
    ask = ask_of(document.kind, document.request, **document.table)
    body = json.dumps(value).encode()
    try:
        read_all(ask, body if document.lines else b"data: " + body)
    except (ValueError, Told, FimbleError):
        return


async def test_requests_share_a_connection_and_giving_up_ends_it(server: Upstream) -> None:
    document = DOCUMENTS["vLLM, a hole"]
    server.keeps, server.answer = True, head_of(document) + chunks(document.says, 100)
    backend = backend_of(server.url, "vllm", **document.table)
    for _ in range(5):
        assert (await answer_of(backend, document.request)).text == document.text
    assert (server.connections, server.closed) == (1, 0)
    server.answer = head_of(document) + chunks(document.says[:400], 100)[:-5]  # and nothing more comes
    asked = backend.generate(document.request)
    assert (await anext(asked)).text == "\n  if"
    assert server.closed == 0
    await asked.aclose()
    await server.until(lambda: server.closed == 1)
    await backend.close()


async def test_an_answer_that_nobody_waits_for_was_counted(server: Upstream) -> None:
    """What an answer cost is known when it is given up: as the upstream told, else as its events were."""
    for name, expected in (("vLLM, a hole", (30, 2)), ("OpenAI, a text", (0, 2))):
        document = DOCUMENTS[name]
        server.keeps, server.answer = True, head_of(document) + chunks(document.says, 1 << 20)
        backend = backend_of(server.url, document.kind, **document.table)
        asked = backend.generate(document.request)
        usage = (await anext(asked)).usage
        await asked.aclose()
        await backend.close()
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens) == expected


async def test_a_connection_that_was_closed_meanwhile_is_replaced(server: Upstream) -> None:
    """A server may end a kept connection just when the next request goes out over it."""
    document = DOCUMENTS["vLLM, a hole"]
    server.keeps, server.answer = True, head_of(document) + chunks(document.says, 1 << 20)
    backend = backend_of(server.url, "vllm", **document.table)
    assert (await answer_of(backend, document.request)).text == document.text
    server.drops = 1
    assert (await answer_of(backend, document.request)).text == document.text
    assert server.connections == 2
    await backend.close()
