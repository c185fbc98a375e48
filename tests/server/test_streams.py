"""Streams: back-pressure, clients that hang up, and nothing that stays behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from .conftest import Api, Start, until

PATH = "/v1/completions"
ENDLESS = {"endless": True, "token_ms": 5}


async def open_stream(api: Api, path: str = PATH, **more: Any) -> Any:
    body = {"prompt": "x", "stream": True, "max_tokens": 4000} | more
    return await api.session.post(api.url + path, json=body, headers=api.authorization)


async def test_a_client_that_hangs_up_stops_the_model(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    api = await start(fake=ENDLESS)
    caplog.set_level("INFO", "fimble.server.trace")
    response = await open_stream(api)
    await response.content.readline()
    assert api.services.metrics.under_way == 1
    response.close()
    await until(lambda: api.services.metrics.under_way == 0)
    await until(lambda: " 499 client_went_away " in caplog.text)


async def test_what_was_made_until_then_is_counted(start: Start) -> None:
    api = await start(fake=ENDLESS)
    response = await open_stream(api)
    for _ in range(20):
        await response.content.readline()
    response.close()
    await until(lambda: api.services.metrics.under_way == 0)
    [row] = (await api.get("/v1/usage")).json["data"]
    assert (row["requests"], row["errors"]) == (1, 1)
    assert 10 <= row["completion_tokens"] < 4000


async def test_a_client_that_hangs_up_before_the_answer_stops_the_model(start: Start) -> None:
    api = await start(fake=ENDLESS)
    task = asyncio.create_task(api.post(PATH, {"prompt": "x", "max_tokens": 4000}))
    await until(lambda: api.services.metrics.under_way == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: api.services.metrics.under_way == 0)


async def test_an_error_before_the_first_event_is_an_ordinary_response(start: Start) -> None:
    api = await start(fake={"context_length": 64})
    reply = await api.post(PATH, {"prompt": "x" * 100, "stream": True})
    assert reply.error[:3] == (400, "invalid_request_error", "context_length_exceeded")


async def test_a_client_that_does_not_read_halts_the_model_and_is_let_go_when_time_is_up(
    start: Start,
) -> None:
    api = await start(fake={"answer": "x" * 4000, "context_length": 8192}, request_seconds=1)
    host, port = api.url.removeprefix("http://").split(":")
    body = b'{"prompt":"x","stream":true,"max_tokens":4000,"logprobs":20}'
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await until(lambda: 'code="deadline_exceeded"' in api.services.metrics.page().decode())
    assert api.services.metrics.under_way == 0
    [row] = (await api.get("/v1/usage")).json["data"]
    assert row["completion_tokens"] < 2000  # of 4000: buffers hold a few hundred


async def test_200_clients_of_which_a_third_hang_up_leave_nothing_behind(start: Start) -> None:
    api = await start(fake={"answer": "x" * 40, "token_ms": 0.2}, engine={"queue": 1000, "workers": 2})
    files = open_files()
    await crowd(api)
    await until(lambda: open_files() <= files)
    objects = live_objects()
    for _ in range(2):
        await crowd(api)
    await until(lambda: open_files() <= files)
    assert live_objects() <= objects * 1.02


async def crowd(api: Api) -> None:
    async with aiohttp.ClientSession() as session:
        clients = replace(api, session=session)
        statuses = await asyncio.gather(*(visit(clients, number) for number in range(200)))
    assert statuses.count(200) == 133
    await until(lambda: api.services.metrics.under_way == 0)


async def visit(api: Api, number: int) -> int:
    if number % 3:
        body = {"prompt": "x", "max_tokens": 40, "stream": number % 2 == 0}
        return (await api.post(PATH, body)).status
    response = await open_stream(api, max_tokens=40)
    await response.content.readline()
    response.close()
    return 499


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def live_objects() -> int:
    gc.collect()
    return len(gc.get_objects())
