"""Whatever a server answers, it is a suggestion or one of the engine's errors, and nothing is waited for
or read without end."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import (
    DeadlineExceeded,
    FimbleError,
    InvalidRequest,
    Overloaded,
    UpstreamRefused,
    UpstreamUnavailable,
)
from fimble.engine.limits import UPSTREAM_ANSWER_BYTES, UPSTREAM_EVENT_BYTES, UPSTREAM_MESSAGE_CHARACTERS
from fimble.engine.settings import Settings
from fimble.engine.types import Delta, FimRequest, Usage
from fimble.engine.upstreams.backend import UpstreamBackend

from .upstream import HEAD, LAST, Upstream, event, reply, stream

REQUEST = FimRequest("def f(", ")\n", language="python", path="f.py", document="file:///home/ann/f.py")
ERROR: dict[str, Any] = {"error": {"message": "no", "code": "overloaded", "param": None, "type": "x"}}


async def answered(remote: UpstreamBackend) -> list[Delta]:
    return [delta async for delta in remote.generate(REQUEST)]


async def test_a_right_answer(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = stream({"delta": "a, "}, {"delta": "b", "finish_reason": None}, LAST)
    made = await answered(remote)
    assert "".join(delta.text for delta in made) == "a, b"
    assert made[-1].usage == Usage(prompt_tokens=3)
    assert remote.serving.model == "big"


async def test_comments_other_fields_and_line_ends_are_no_events(
    remote: UpstreamBackend, server: Upstream
) -> None:
    body = b": hello\r\nid: 3\nevent: x\n\r\ndata:" + json.dumps({"delta": "a"}).encode() + b"\r\n\n"
    server.answer = HEAD + b"\r\n" + body + event(LAST) + event(b"[DONE]")
    assert "".join(delta.text for delta in await answered(remote)) == "a"


MALFORMED = {
    "nothing at all": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a page": reply(200, b"<html><title>Hello</title></html>", "text/html"),
    "JSON in place of a stream": reply(200, b'{"completion": "a", "finish_reason": "stop"}'),
    "no JSON": stream(b"hello"),
    "half an object": stream(b'{"delta": "a'),
    "no UTF-8": stream(b'{"delta": "\xff\xfe"}'),
    "a number": stream(3),
    "null": stream(None),
    "a list": stream([{"delta": "a"}]),
    "no delta": stream({"text": "a"}, LAST),
    "delta is null": stream({"delta": None}, LAST),
    "delta is a number": stream({"delta": 3}, LAST),
    "delta is a list": stream({"delta": ["a"]}, LAST),
    "half a character": stream(b'{"delta": "\\ud83d"}', LAST),
    "unknown finish reason": stream({"delta": "a", "finish_reason": "boredom"}),
    "finish reason is a number": stream({"delta": "a", "finish_reason": 1}),
    "usage is a list": stream({"delta": "", "finish_reason": "stop", "usage": [1]}),
    "usage of text": stream({"delta": "", "finish_reason": "stop", "usage": {"prompt_tokens": "many"}}),
    "usage below zero": stream({"delta": "", "finish_reason": "stop", "usage": {"prompt_tokens": -1}}),
    "timings of null": stream({"delta": "", "finish_reason": "stop", "timings": {"queue_ms": None}}),
    "timings without end": stream(b'{"delta": "", "finish_reason": "stop", "timings": {"queue_ms": 1e999}}'),
    "an error that is text": stream({"error": "no"}),
    "an error without message": stream({"error": {"code": "x"}}),
    "no end": stream({"delta": "a"}, done=False),
    "done without an end": stream({"delta": "a"}),
    "more after the end": stream({"delta": "a", "finish_reason": "stop"}, {"delta": "b"}),
    "deep nesting": stream(b'{"delta": "a", "x": ' + b"[" * 100_000),
    "a huge event": stream({"delta": "a" * UPSTREAM_EVENT_BYTES}, LAST),
    "a huge line": HEAD + b"\r\n" + b"a" * (UPSTREAM_EVENT_BYTES + 1),
    "too much text": stream(*[{"delta": "a" * 100_000}] * 3, LAST),
    "comments without end": HEAD + b"\r\n" + b": a\n" * (UPSTREAM_ANSWER_BYTES // 4 + 1),
    "wrong chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello",
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello",
    "less than promised": HEAD + b"Content-Length: 9999\r\n\r\n" + event({"delta": "a"}),
    "compressed": HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00garbage",
    "a long header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 100_000 + b"\r\n",
    "another place": reply(307, b"", more="Location: http://127.0.0.1:1/\r\n"),
    "nothing there": reply(404, b"<html>not found", "text/html"),
    "a failure": reply(500, b"oops", "text/plain"),
    "a failure that is null": reply(502, b'{"error": null}'),
    "a gateway": reply(503, b'{"error": {"message": "upstream", "code": "upstream_unavailable"}}'),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_answer_is_one_error(remote: UpstreamBackend, server: Upstream, name: str) -> None:
    server.answer = MALFORMED[name]
    with pytest.raises(UpstreamUnavailable) as caught:
        await answered(remote)
    assert server.url in caught.value.message
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", UpstreamRefused),
        (403, json.dumps(ERROR).encode(), UpstreamRefused),
        (429, b"<html>slow down", Overloaded),
        (503, json.dumps(ERROR).encode(), Overloaded),
        (504, json.dumps(ERROR | {"error": {"message": "late", "code": None}}).encode(), DeadlineExceeded),
        (400, json.dumps({"error": {"message": "x", "param": "stop"}}).encode(), InvalidRequest),
    ],
)
async def test_errors_of_a_fimble_server_keep_their_meaning(
    remote: UpstreamBackend, server: Upstream, status: int, body: bytes, kind: type[FimbleError]
) -> None:
    server.answer = reply(status, body)
    with pytest.raises(kind):
        await answered(remote)


async def test_an_error_in_the_middle(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = stream({"delta": "a"}, ERROR)
    with pytest.raises(Overloaded):
        await answered(remote)


async def test_what_a_server_says_is_repeated_in_one_short_line(
    remote: UpstreamBackend, server: Upstream
) -> None:
    said = "a\r\nb\x1b[31m\0" + "c" * 10_000
    server.answer = reply(400, json.dumps({"error": {"message": said}}).encode())
    with pytest.raises(InvalidRequest) as caught:
        await answered(remote)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) == UPSTREAM_MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"data": []}', b'{"data": null}', b'{"data": [{}]}', b'{"data": [{"id": 3}]}', b"\xff",
     b'{"data": [{"id": ""}]}', b'{"data": [{"id": "a", "context_window": -1}]}', b"[" * 5000,
     b'{"data": ' + b" " * (1 << 20) + b'[{"id": "a"}]}'],
)  # fmt: skip
async def test_a_malformed_list_of_models(remote: UpstreamBackend, server: Upstream, body: bytes) -> None:
    server.answer = reply(200, body)
    with pytest.raises(UpstreamUnavailable, match="does not answer as a fimble server"):
        await remote.info()


async def test_a_model_is_told_with_what_is_known_of_it(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = reply(200, b'{"data": [{"id": "big", "context_window": 8192, "owned_by": "x"}]}')
    info = await remote.info()
    assert (info.id, info.context_window, info.backend) == ("big", 8192, f"remote {server.url}")


def broken(rng: random.Random) -> Iterator[bytes]:
    """Right answers, made wrong in their values and in their bytes."""
    values: list[Any] = [None, 3, -1, 1e300, "", "x", [], {}, [[]], True, {"error": {"message": "m"}}]
    while True:
        events: list[dict[str, Any]] = [{"delta": "a"}, {"delta": "b"}, rng.choice([LAST, LAST, ERROR])]
        for at in rng.sample(range(3), rng.choice([0, 0, 1, 2])):
            field = rng.choice(["delta", "finish_reason", "model", "usage", "timings", "error"])
            events[at] = events[at] | {field: rng.choice(values)}
        answer = bytearray(stream(*events, done=rng.random() < 0.8))
        for _ in range(rng.choice([0, 0, 0, 1, 1, 5])):
            at = rng.randrange(len(answer) + 1)
            answer[at : at + rng.choice([0, 1, 1, 5])] = rng.choice(
                [b"", b"\n", b"\0", b"\xff", b'"', b"{", b"\r\n"]
            )
        yield bytes(answer[: rng.choice([*[len(answer)] * 4, rng.randint(0, len(answer))])])


async def test_any_answer_at_all(remote: UpstreamBackend, server: Upstream) -> None:
    """No answer raises anything but errors of ours, and none is waited for when its connection has ended."""
    right = wrong = 0
    for number, answer in zip(range(300), broken(random.Random(7)), strict=False):
        server.answer = answer
        try:
            assert all(isinstance(delta.text, str) for delta in await answered(remote))
            right += 1
        except FimbleError:
            wrong += 1
        assert len(server.asked) == number + 1
    assert right > 20
    assert wrong > 100


async def test_an_older_server_that_tells_nothing_of_how_sure_it_is(
    remote: UpstreamBackend, server: Upstream
) -> None:
    server.answer = stream({"delta": "a, "}, {"delta": "b"}, LAST)
    engine = Engine(Settings(), backend=remote)
    made = await engine.complete(replace(REQUEST, eagerness="subtle"))
    assert (made.text, made.confidence) == ("a, b", None)


@pytest.mark.parametrize("confidence", [-0.1, 1.5, "high", [1]])
async def test_a_confidence_that_is_none(remote: UpstreamBackend, server: Upstream, confidence: Any) -> None:
    server.answer = stream(LAST | {"confidence": confidence})
    with pytest.raises(UpstreamUnavailable):
        await answered(remote)
