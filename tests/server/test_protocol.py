"""Bytes that are no request, heads that are too large, bodies that lie: answered in the API's shape."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from fimble.server import runner

from .conftest import Api, Start

INVALID = "invalid_request_error"


async def talk(api: Api, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and read one answer: status, headers, body."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    async with asyncio.timeout(60):
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if "100 Continue" in status:
            body = await reader.readuntil(b"}")
    writer.close()
    return int(status.split()[1]), headers, body


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_400(api: Api, data: bytes) -> None:
    status, headers, body = await talk(api, data)
    error = json.loads(body)["error"]
    assert (status, error["type"], error["code"]) == (400, INVALID, "invalid_value")
    assert headers["content-type"].startswith("application/json")
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(500)) + b"\r\n",
    ],
    ids=["line", "field", "count"],
)
async def test_heads_that_are_too_large_are_refused(api: Api, head: bytes) -> None:
    status, _, body = await talk(api, head)
    assert status in (400, 413)
    assert json.loads(body)["error"]["code"] in ("invalid_value", "request_too_large")


async def test_an_unknown_expectation_is_refused_as_json(api: Api) -> None:
    status, headers, body = await talk(
        api, b"POST /complete HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nContent-Length: 0\r\n\r\n"
    )
    assert status == 417
    assert json.loads(body)["error"]["type"] == INVALID
    assert "x-request-id" in headers


async def test_expect_100_continue_is_served(api: Api) -> None:
    body = b'{"prefix":"","suffix":"","language":"python"}'
    head = (
        "POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Expect: 100-continue\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    status, _, rest = await talk(api, head.encode() + body)
    assert status == 100
    assert b'{"completion":"return a + b"' in rest


async def test_a_compressed_body_is_read(api: Api) -> None:
    data = gzip.compress(b'{"prefix":"","suffix":"","language":"python"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    reply = await api.send("POST", "/complete", data=data, headers=headers)
    assert reply.status == 200


async def test_a_body_that_is_not_compressed_as_it_says_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    reply = await api.send("POST", "/complete", data=b"{}", headers=headers)
    assert reply.error[:3] == (400, INVALID, "invalid_json")


async def test_an_encoding_that_is_not_known_is_refused(api: Api) -> None:
    head = "POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"
    status, _, body = await talk(api, head.encode())
    assert (status, json.loads(body)["error"]["code"]) == (415, "unsupported_media_type")


async def test_a_body_that_is_too_large_is_refused_before_it_is_sent(api: Api) -> None:
    head = "POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
    status, _, body = await talk(api, head.encode())
    assert (status, json.loads(body)["error"]["code"]) == (413, "request_too_large")


async def test_a_body_that_does_not_come_is_given_up_when_time_is_up(start: Start) -> None:
    api = await start(request_seconds=0.2)
    head = "POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    status, _, body = await talk(api, head.encode())
    assert (status, json.loads(body)["error"]["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: loc"])
async def test_a_head_that_does_not_come_closes_the_connection(
    start: Start, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(runner, "IDLE_SECONDS", 0.2)
    api = await start()
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(60):
        await reader.read()
    writer.close()


async def test_a_compressed_bomb_is_refused(api: Api) -> None:
    data = gzip.compress(b'{"prefix":"' + b"x" * 50_000_000 + b'"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    reply = await api.send("POST", "/complete", data=data, headers=headers)
    assert reply.error == (413, INVALID, "request_too_large", None)


async def test_the_server_lives_on(api: Api) -> None:
    for data in (b"", b"\r\n" * 50, b"GET", b"\xff" * 1000):
        host, port = api.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        writer.close()
    assert (await api.get("/health")).status == 200
