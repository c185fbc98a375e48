"""An editor in the same process: speaks with the real server through its own frames, over queues.

The engine behind it is the real one over a :class:`Scripted` backend, which says what a test wants and
when it wants it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from fimble.engine.engine import Engine
from fimble.engine.serving import Serving
from fimble.engine.settings import Settings
from fimble.engine.types import Delta, FimRequest, ModelInfo, Request, Usage
from fimble.engine.workers.worker import OnState
from fimble.lsp.server import make_server
from fimble.lsp.streams import serve

ANSWER = "compute(1, 2)"


class Scripted:
    """A backend that answers ``texts`` in turn, the last one for ever; an exception among them is raised.

    With ``held`` each answer waits for :meth:`let_go`. ``asked`` are the requests that came.
    """

    def __init__(self, *texts: str | Exception, held: bool = False) -> None:
        self._texts = deque(texts or (ANSWER,))
        self._gate: asyncio.Semaphore | None = asyncio.Semaphore(0) if held else None
        self.asked: list[FimRequest] = []
        self.warmed: list[FimRequest] = []
        self.on_warm: Callable[[], None] = lambda: None
        self.slots, self.trims = 1, True
        self.serving = Serving("local", "scripted")

    def let_go(self, count: int = 1) -> None:
        """Let so many answers come."""
        assert self._gate is not None
        for _ in range(count):
            self._gate.release()

    async def info(self) -> ModelInfo:
        return ModelInfo("scripted", "test", 2048, True, loaded=True)

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        assert isinstance(request, FimRequest)
        self.asked.append(request)
        if self._gate is not None:
            await self._gate.acquire()
        text = self._texts[0] if len(self._texts) == 1 else self._texts.popleft()
        if isinstance(text, Exception):
            raise text
        yield Delta(text, "stop", Usage(10, len(text), 5))

    async def warm(self, request: FimRequest) -> None:
        self.warmed.append(request)
        self.on_warm()

    async def close(self) -> None:
        pass


class Editor:
    """One connection. ``answers`` are all responses by id, in a list each, so that two for one are seen."""

    def __init__(self, backend: Scripted | None = None) -> None:
        self.backend = backend or Scripted()
        self.engines = 0
        self.answers: dict[Any, list[dict[str, Any]]] = {}
        self.notified: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self.backend.on_warm = self._arrived.set
        self._sent: asyncio.Queue[bytes] = asyncio.Queue()
        self._ids = 0
        self._version = 0
        self.server = make_server(self._make_engine)
        self._serving = asyncio.create_task(serve(self._sent.get, self, self.server))

    def _make_engine(self, settings: Settings, on_state: OnState) -> Engine:
        self.engines += 1
        return Engine(settings, on_state, backend=self.backend)

    # what the server writes to

    def write(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        message = json.loads(body)
        if "method" in message:
            self.notified.append(message)
        else:
            self.answers.setdefault(message["id"], []).append(message)
        self._arrived.set()

    def close(self) -> None:
        pass

    # what an editor does

    def send_bytes(self, body: bytes) -> None:
        self._sent.put_nowait(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def send(self, message: object) -> None:
        self.send_bytes(json.dumps(message).encode())

    def notify(self, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: object) -> int:
        """Send a request; returns its id."""
        self._ids += 1
        self.send({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        return self._ids

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that the server's messages, or what it has read ahead, bring about."""
        async with asyncio.timeout(60):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    async def answer(self, id: int) -> dict[str, Any]:
        await self.until(lambda: id in self.answers)
        return self.answers[id][0]

    async def result(self, method: str, params: object) -> Any:
        answer = await self.answer(self.request(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    async def start(
        self,
        options: object = None,
        encoding: str = "utf-16",
        folder: str | None = None,
        **capabilities: object,
    ) -> None:
        """``folder`` is the workspace's address."""
        told = {
            "general": {"positionEncodings": [encoding]},
            "textDocument": {"inlineCompletion": {}},
            **capabilities,
        }
        sent = {"capabilities": told, "initializationOptions": options, "processId": None, "rootUri": folder}
        self.initialized = await self.result("initialize", sent)
        self.notify("initialized", {})

    def open(self, uri: str, text: str, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, *changes: tuple[tuple[int, int], tuple[int, int], str] | str) -> None:
        """Edits of ``(start, end, text)``, or whole texts."""
        sent = [
            {"text": each} if isinstance(each, str) else {"range": span(each[0], each[1]), "text": each[2]}
            for each in changes
        ]
        self._version += 1
        document = {"uri": uri, "version": self._version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": sent})

    def ask(
        self,
        uri: str,
        at: tuple[int, int],
        invoked: bool = False,
        selected: object = None,
        menu: bool = False,
    ) -> int:
        """Ask for a suggestion; returns the request's id."""
        where = {"textDocument": {"uri": uri}, "position": place(at)}
        if menu:
            return self.request("textDocument/completion", where)
        context: dict[str, object] = {"triggerKind": 1 if invoked else 2}
        if selected is not None:
            context["selectedCompletionInfo"] = selected
        return self.request("textDocument/inlineCompletion", {**where, "context": context})

    async def items(self, id: int) -> list[dict[str, Any]]:
        """The items of an answer."""
        answer = await self.answer(id)
        assert "error" not in answer, answer
        return list(answer["result"]["items"])

    async def texts(self, uri: str, at: tuple[int, int], invoked: bool = False) -> list[str]:
        return [item["insertText"] for item in await self.items(self.ask(uri, at, invoked))]

    async def command(self, name: str, *arguments: object) -> Any:
        return await self.result("workspace/executeCommand", {"command": name, "arguments": arguments})

    async def stop(self) -> int:
        """End the session as an editor does; returns the exit code."""
        await self.result("shutdown", None)
        self.notify("exit", None)
        return await asyncio.wait_for(self._serving, 60)

    async def abandon(self) -> None:
        """Go away without a word."""
        self._sent.put_nowait(b"")
        await asyncio.wait_for(self._serving, 60)

    def statuses(self) -> list[dict[str, Any]]:
        return [each["params"] for each in self.notified if each["method"] == "fimble/status"]

    def shown(self) -> list[str]:
        """Messages that the user saw."""
        return [each["params"]["message"] for each in self.notified if each["method"] == "window/showMessage"]


def place(at: tuple[int, int]) -> dict[str, int]:
    return {"line": at[0], "character": at[1]}


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, dict[str, int]]:
    return {"start": place(start), "end": place(end)}
