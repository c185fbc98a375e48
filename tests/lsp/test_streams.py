"""Connections and their states: what may come when, and what a port refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fimble.lsp import limits, streams
from fimble.lsp.streams import LOOPBACK, serve_tcp

from .conftest import Start
from .editor import ANSWER, Editor, Scripted

U = "file:///w/a.py"


class TestStates:
    async def test_before_initialize(self) -> None:
        editor = Editor()
        refused = await editor.answer(editor.ask(U, (0, 0)))
        assert refused["error"]["code"] == -32002
        editor.open(U, "x")
        await editor.start()
        assert await editor.stop() == 0

    async def test_twice_and_after_shutdown(self, start: Start) -> None:
        editor = await start()
        again = await editor.answer(editor.request("initialize", {"capabilities": {}}))
        assert again["error"]["code"] == -32600
        await editor.result("shutdown", None)
        late = await editor.answer(editor.ask(U, (0, 0)))
        assert late["error"]["code"] == -32600

    async def test_shutdown_answers_what_still_runs(self, start: Start) -> None:
        editor = await start(Scripted(held=True))
        editor.open(U, "x = \n")
        running = editor.ask(U, (0, 4))
        await editor.until(lambda: editor.statuses())
        await editor.result("shutdown", None)
        assert (await editor.answer(running))["error"]["code"] == -32800

    async def test_exit_without_shutdown_is_a_failure(self) -> None:
        editor = Editor()
        await editor.start()
        editor.notify("exit", None)
        assert await asyncio.wait_for(editor._serving, 60) == 1


class TestBounds:
    async def test_a_message_that_is_too_long_loses_the_documents_and_says_so(self, start: Start) -> None:
        editor = await start()
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == [ANSWER]
        editor.send_bytes(bytes(limits.MESSAGE_BYTES + 1))
        assert await editor.texts(U, (0, 4)) == []
        assert "was not read" in editor.shown()[0]
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == [ANSWER]

    async def test_a_huge_file_says_why_it_gets_nothing(self, start: Start) -> None:
        editor = await start()
        editor.open(U, "x" * (limits.DOCUMENT_CHARACTERS + 1))
        assert await editor.texts(U, (0, 4)) == []
        assert "too large" in (await editor.command("fimble.status"))["message"]

    @pytest.mark.parametrize(
        ("name", "argument", "message"),
        [
            ("fimble.snooze", {"minutes": "long"}, "`minutes` should be a number from 0 to 10,080."),
            ("fimble.snooze", {"minutes": 1e300}, "`minutes` should be a number from 0 to 10,080."),
            ("fimble.toggle", {"enabled": "no"}, "`enabled` should be true or false."),
            ("fimble.model", {"name": "x" * 5_000}, "`name` should be text of at most 1,000 characters."),
            ("fimble.status", [1], "`fimble.status` takes one object."),
        ],
    )
    async def test_wrong_arguments(self, start: Start, name: str, argument: object, message: str) -> None:
        editor = await start()
        params = {"command": name, "arguments": [argument]}
        answer = await editor.answer(editor.request("workspace/executeCommand", params))
        assert (answer["error"]["code"], answer["error"]["message"]) == (-32602, message)
        assert editor.shown() == []


class TestConfiguration:
    async def test_a_bad_pattern_is_told_and_the_others_count(self, start: Start) -> None:
        editor = await start(options={"disabledPaths": ["!", "b.py"]})
        for name in "ab":
            editor.open(f"file:///w/{name}.py", "x = \n")
        assert await editor.texts("file:///w/a.py", (0, 4)) == [ANSWER]
        assert await editor.texts("file:///w/b.py", (0, 4)) == []
        assert len(editor.shown()) == 1
        assert "The pattern '!' in `disabledPaths` is ignored" in editor.shown()[0]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listening = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_tcp(0, listening.set_result))
    yield await listening
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


class Connection:
    """A client on the port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection(LOOPBACK, port))

    async def request(self, method: str, params: object) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = int(head.split(b"\r\n")[0].partition(b":")[2])
        return json.loads(await self.reader.readexactly(size))

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class TestPort:
    async def test_each_connection_has_a_session_and_the_port_goes_on(self, port: int) -> None:
        first, second = await Connection.open(port), await Connection.open(port)
        for connection in (first, second):
            answer = await connection.request("initialize", {"capabilities": {}})
            assert answer["result"]["serverInfo"]["name"] == "fimble"
        await first.close()
        assert (await second.request("shutdown", None))["result"] is None
        await second.close()
        third = await Connection.open(port)
        assert "result" in await third.request("initialize", {"capabilities": {}})
        await third.close()

    async def test_who_says_nothing_loses_the_connection(
        self, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "INITIALIZE_SECONDS", 0.2)
        silent, editor = await Connection.open(port), await Connection.open(port)
        assert "result" in await editor.request("initialize", {"capabilities": {}})
        assert await silent.reader.read() == b""
        assert (await editor.request("shutdown", None))["result"] is None
        await silent.close()
        await editor.close()

    async def test_what_a_browser_sends_is_no_message(self, port: int) -> None:
        body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
        smuggled = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        browser = await Connection.open(port)
        browser.writer.write(
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://elsewhere.example\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(smuggled), smuggled)
        )
        assert await browser.reader.read() == b""
        await browser.close()
        editor = await Connection.open(port)
        assert "result" in await editor.request("initialize", {"capabilities": {}})
        await editor.close()
