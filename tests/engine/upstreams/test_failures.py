"""Errors in the words of each kind of server, and what they are to us."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fimble.engine.errors import (
    ContextLengthExceeded,
    DeadlineExceeded,
    FimbleError,
    InvalidRequest,
    Overloaded,
    Superseded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from fimble.engine.types import FimRequest, TextRequest

from .asking import answer_of, backend_of, deltas_of
from .upstream import HEAD, Upstream, event, reply, stream

REQUEST = FimRequest("def f(", ")\n", mode="line")
KEY = "sk-0123456789abcdef"
VLLM_TOO_LONG = {
    "error": {
        "message": "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens "
        "in the messages, Please reduce the length of the messages.",
        "type": "BadRequestError", "param": None, "code": 400,
    }
}  # fmt: skip
OLD_VLLM_TOO_LONG = {"object": "error", "type": "BadRequestError", "code": 400} | {
    "message": VLLM_TOO_LONG["error"]["message"]
}
SAID: list[tuple[str, int, Any, type[FimbleError]]] = [
    ("vllm", 400, VLLM_TOO_LONG, ContextLengthExceeded),
    ("vllm", 400, OLD_VLLM_TOO_LONG, ContextLengthExceeded),
    ("vllm", 404, {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError",
                             "param": "model", "code": 404}}, UpstreamUnavailable),
    ("openai", 400, {"error": {"message": "m", "code": "context_length_exceeded"}}, ContextLengthExceeded),
    ("openai", 404, {"error": {"message": "The model `gpt-9` does not exist or you do not have access to it.",
                               "type": "invalid_request_error", "code": "model_not_found"}},
     UpstreamUnavailable),
    ("fimble", 503, {"error": {"message": "Too many", "code": "overloaded", "param": None}}, Overloaded),
    ("fimble", 503, {"error": {"message": "A newer one", "code": "overloaded", "param": "document"}},
     Superseded),
    ("openai", 429, {"error": {"message": "Rate limit reached", "type": "tokens"}}, Overloaded),
    ("llama", 400, {"error": {"code": 400, "message": "request (6001 tokens) exceeds the available context "
                              "size (2048 tokens)", "type": "exceed_context_size_error"}},
     ContextLengthExceeded),
    ("llama", 501, {"error": {"code": 501, "message": "Infill is not supported by this model: prefix token "
                              "is missing.", "type": "not_supported_error"}}, UnsupportedParameter),
    ("llama", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
     UpstreamUnavailable),
    ("ollama", 404, {"error": "model 'x' not found"}, UpstreamUnavailable),
    ("ollama", 400, {"error": "invalid options: foo"}, InvalidRequest),
    ("mistral", 400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model",
                      "param": None, "code": "1500"}, UpstreamUnavailable),
    ("mistral", 401, {"message": "Unauthorized", "request_id": "1"}, UpstreamRefused),
    ("mistral", 422, {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]},
     InvalidRequest),
    ("deepseek", 400, {"error": {"message": "Model Not Exist", "type": "invalid_request_error",
                                 "param": None, "code": "invalid_request_error"}}, UpstreamUnavailable),
    ("deepseek", 402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}},
     UpstreamRefused),
    ("fimble", 400, {"error": {"message": "no", "code": "unsupported_parameter", "param": "dry"}},
     UnsupportedParameter),
    ("fimble", 404, {"error": {"message": "There is no model 'x'.", "code": "model_not_found"}},
     UpstreamUnavailable),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body", "error"), SAID)
async def test_each_kind_in_its_own_words(
    server: Upstream, kind: Any, status: int, body: Any, error: type[FimbleError]
) -> None:
    server.answer = reply(status, json.dumps(body).encode())
    backend = backend_of(
        server.url, kind, key=KEY, model="qwen", **({"suffix": True} if kind == "ollama" else {})
    )
    with pytest.raises(error) as caught:
        await answer_of(backend, REQUEST)
    await backend.close()
    assert type(caught.value) in (error, *error.__subclasses__())
    assert KEY not in caught.value.message
    assert caught.value.message.isprintable()


STREAMED = [
    ("vllm", {"error": {"message": "oops", "type": "Internal", "code": 500}}, UpstreamUnavailable),
    ("mistral", {"object": "error", "message": "Service tier capacity exceeded"}, UpstreamUnavailable),
    ("llama", {"error": {"code": 500, "message": "oops", "type": "server_error"}}, UpstreamUnavailable),
    ("deepseek", {"choices": [{"index": 0, "text": "a", "finish_reason": "insufficient_system_resource"}]},
     UpstreamUnavailable),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "error"), STREAMED)
async def test_an_error_in_the_middle_of_an_answer(
    server: Upstream, kind: Any, said: Any, error: type[FimbleError]
) -> None:
    server.answer = stream(said)
    backend = backend_of(server.url, kind, model="qwen")
    with pytest.raises(error):
        await answer_of(backend, REQUEST)
    await backend.close()


async def test_an_error_in_the_middle_of_lines(server: Upstream) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
    server.answer = (
        head + b'{"model":"m","response":"a","done":false}\n{"error":"an error was encountered"}\n'
    )
    backend = backend_of(server.url, "ollama", model="qwen", suffix=True)
    with pytest.raises(UpstreamUnavailable, match="It said: an error was encountered"):
        await answer_of(backend, REQUEST)
    server.answer = head + b'{"model":"m","response":"a","done":false}\n{"model":"m","resp'
    with pytest.raises(UpstreamUnavailable):
        await answer_of(backend, REQUEST)
    server.answer = head + b'{"model":"m","response":"a","done":false}\n'
    with pytest.raises(UpstreamUnavailable, match="no end"):
        await answer_of(backend, REQUEST)
    await backend.close()


@pytest.mark.parametrize("kind", ["vllm", "llama", "ollama", "mistral", "deepseek", "openai", "fimble"])
async def test_what_is_no_answer_at_all_is_one_sentence(server: Upstream, kind: Any) -> None:
    backend = backend_of(server.url, kind, key=KEY, model="qwen", suffix=kind == "ollama")
    nothing = [
        reply(200, b"<html><title>Hello</title></html>", "text/html"),
        HEAD + b"Connection: close\r\n\r\n" + b"data: {" + b"a" * (10 << 20) + b"}\n\n",
        HEAD + b"Connection: close\r\n\r\n" + event(b'{"choices": [{"te'),
        reply(302, b"", more="Location: http://127.0.0.1:1/\r\n"),
        b"",
    ]
    for answer in nothing:
        server.answer = answer
        with pytest.raises(UpstreamUnavailable) as caught:
            await answer_of(backend, REQUEST)
        message = caught.value.message
        assert server.url in message
        assert KEY not in message
        assert len(message) < 400
        assert message.endswith("address in `engine`.")
    await backend.close()


async def test_a_deadline_is_kept(server: Upstream) -> None:
    backend = backend_of(server.url, "vllm", model="qwen")
    with pytest.raises(DeadlineExceeded):
        await answer_of(backend, FimRequest("a", "b", mode="line", deadline_ms=1.0))
    await server.until(lambda: server.closed == server.connections)
    await backend.close()


async def test_text_without_end(server: Upstream) -> None:
    piece = {"choices": [{"index": 0, "text": "a" * 100_000}]}
    server.answer = stream(piece, piece, piece)
    backend = backend_of(server.url, "openai", model="m")
    with pytest.raises(UpstreamUnavailable, match="does not end"):
        await deltas_of(backend, TextRequest("x"))
    await backend.close()
