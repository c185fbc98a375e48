"""A real server on a free port, around an engine whose fake model says what a test tells it to say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fimble.engine.backends.base import Backend
from fimble.engine.engine import Engine
from fimble.engine.serving import Serving
from fimble.engine.settings import Settings
from fimble.engine.types import Delta, FimRequest, ModelInfo, Request
from fimble.server.app import make_app
from fimble.server.connections import Connections
from fimble.server.runner import Runner
from fimble.server.services import Services, open_services
from fimble.server.settings import ServerSettings
from fimble.server.store.database import Database
from fimble.server.store.keys import NewKey, create_key

ANSWER = "return a + b"


@dataclass(frozen=True)
class Reply:
    """What came back, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str, str, str | None]:
        """Status, type, code and param; fails for what has another shape."""
        found = self.json["error"]
        assert set(self.json) == {"error"}
        assert set(found) == {"message", "type", "code", "param"}
        assert found["message"]
        return self.status, found["type"], found["code"], found["param"]

    @property
    def events(self) -> list[Any]:
        """The events of a stream; the last one of a whole one is the text ``[DONE]``."""
        assert self.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        blocks = self.text.split("\n\n")
        assert blocks.pop() == ""
        data = [block.removeprefix("data: ") for block in blocks]
        return [each if each == "[DONE]" else json.loads(each) for each in data]


@dataclass(frozen=True)
class Api:
    """A running server and a client of it. Names of other methods: ``send("DELETE", …)``."""

    url: str
    services: Services
    connections: Connections
    session: aiohttp.ClientSession
    key: str | None = None

    def with_key(self, key: str | None) -> Api:
        return replace(self, key=key)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.send("POST", path, json=body, **options)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.send("GET", path, **options)

    async def send(self, method: str, path: str, **options: Any) -> Reply:
        headers = {**self.authorization, **options.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            return Reply(response.status, response.headers, await response.text())

    @property
    def authorization(self) -> dict[str, str]:
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    async def make_key(self, new: NewKey) -> Api:
        """The same server, asked with a new key."""
        database = Database(self.services.settings.database_url)
        database.create()
        key = await database.run(create_key, new, 0.0)
        await self.services.keys.refresh()
        return self.with_key(key)


class FailingBackend:
    """Has a model, and fails with any error when it is asked to use it."""

    slots, trims = 1, False
    serving = Serving("test", "failing")

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def info(self) -> ModelInfo:
        return ModelInfo("failing", "test", 4096, supports_fim=True)

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if self._error:
            raise self._error
        yield Delta("")

    async def warm(self, request: FimRequest) -> None:
        raise self._error

    async def close(self) -> None:
        pass


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition; fails when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


Start = Callable[..., Awaitable[Api]]


@asynccontextmanager
async def running(
    settings: ServerSettings, engine_settings: Settings, backend: Backend | None = None
) -> AsyncIterator[Api]:
    """A server for as long as the block lasts."""
    engine = Engine(engine_settings, backend=backend)
    services = open_services(engine, settings)
    runner = Runner(make_app(services), settings.shutdown_seconds)
    await runner.setup()
    try:
        port = await runner.listen("127.0.0.1", 0)
        async with aiohttp.ClientSession() as session:
            yield Api(f"http://127.0.0.1:{port}", services, runner.connections, session)
    finally:
        await runner.cleanup()
        await engine.close()


@pytest.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts servers: keyword arguments are server settings, ``fake`` the model's options, ``engine``
    the engine's settings, ``backend`` replaces the fake model's."""
    async with AsyncExitStack() as servers:

        async def start_one(
            fake: dict[str, Any] | None = None,
            engine: dict[str, Any] | None = None,
            backend: Backend | None = None,
            **settings: Any,
        ) -> Api:
            monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"answer": ANSWER} | (fake or {})))
            settings = {"database": f"sqlite:///{tmp_path / 'server.db'}", "shutdown_seconds": 1} | settings
            engine_settings = Settings(**{"model": "fake", "isolation": "thread"} | (engine or {}))
            server = running(ServerSettings(**settings), engine_settings, backend)
            return await servers.enter_async_context(server)

        yield start_one


@pytest.fixture
async def api(start: Start) -> Api:
    """A server without keys, whose model says ``return a + b``."""
    return await start()
