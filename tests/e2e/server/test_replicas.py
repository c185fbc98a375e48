"""A front with two replicas, real processes all of them, of which one is killed."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .conftest import Serve, Served

pytestmark = pytest.mark.e2e
PEOPLE = 8
FAKE = {"answer": "on and on ", "endless": True, "token_ms": 5}


def front_of(serve: Serve, folder: Path, replicas: list[Served]) -> Served:
    """A front without a model of its own. Keys are needed."""
    tables = [
        f'[upstreams.r{number}]\nkind = "fimble"\naddress = "{replica.url}"\n'
        for number, replica in enumerate(replicas)
    ]
    names = [f"r{number}" for number in range(len(replicas))]
    config = folder / "front.toml"
    config.write_text("\n".join([f"[models.coder]\nupstreams = {json.dumps(names)}\n", *tables]))
    return serve(
        "--model", "coder", "--database", f"sqlite:///{folder / 'front.db'}", key=("ann",),
        FIMBLE_CONFIG=str(config), FIMBLE_SERVER_DATABASE=f"sqlite:///{folder / 'front.db'}",
    )  # fmt: skip


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as made:
        yield made


class Typists:
    """People who ask again and again, each in a document of their own; what came of it all."""

    def __init__(self, session: aiohttp.ClientSession, front: Served) -> None:
        self._session, self._front = session, front
        self.answers: list[str] = []
        """The upstream of each."""
        self.errors: list[str] = []
        self.sent = 0
        self._tasks = [asyncio.create_task(self._type(person)) for person in range(PEOPLE)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - what others answer brings it about
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _type(self, person: int) -> None:
        while True:
            # another text each time, so that no memory answers
            hole = f"def f{person}_{self.sent}(a, b):\n    return "
            self.sent += 1
            async with asyncio.timeout(60):
                await asyncio.shield(asyncio.ensure_future(self._ask(person, hole)))

    async def _ask(self, person: int, prefix: str) -> None:
        body = {"prefix": prefix, "suffix": "\n", "language": "python", "document": f"{person}.py",
                "details": True}  # fmt: skip
        headers = {"Authorization": f"Bearer {self._front.key}"}
        async with self._session.post(f"{self._front.url}/complete", json=body, headers=headers) as response:
            said = await response.text()
            if response.status == 200:
                self.answers.append(json.loads(said)["upstream"])
            else:
                self.errors.append(said)


async def test_a_replica_that_is_killed_costs_no_request_and_is_used_again(
    serve: Serve, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    replicas = [await asyncio.to_thread(serve, "--workers", "1", "--threads", "1") for _ in range(2)]
    front = await asyncio.to_thread(front_of, serve, tmp_path, replicas)
    typists = Typists(session, front)
    await typists.until(lambda: {"r0", "r1"} <= set(typists.answers))
    replicas[0].process.send_signal(signal.SIGKILL)
    replicas[0].process.wait()
    before = len(typists.answers)
    await typists.until(lambda: len(typists.answers) > before + 60)
    assert set(typists.answers[before + PEOPLE :]) == {"r1"}
    port = replicas[0].url.rpartition(":")[2]
    await asyncio.to_thread(serve, "--port", port, "--workers", "1", "--threads", "1")
    before = len(typists.answers)
    await typists.until(lambda: "r0" in typists.answers[before:])
    await typists.stop()
    assert typists.errors == []
    await typists.until(lambda: len(typists.answers) == typists.sent)
    used = await _usage(session, front)
    assert used["requests"] == typists.sent


async def test_in_the_middle_of_an_answer_its_death_is_one_error(
    serve: Serve, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    replicas = [await asyncio.to_thread(serve, fake=FAKE) for _ in range(2)]
    front = await asyncio.to_thread(front_of, serve, tmp_path, replicas)
    body = {"prompt": "x", "stream": True, "max_tokens": 4000}
    headers = {"Authorization": f"Bearer {front.key}"}
    events: list[str] = []
    async with session.post(f"{front.url}/v1/completions", json=body, headers=headers) as response:
        async for line in response.content:
            if line.startswith(b"data: "):
                events.append(line[6:].decode())
            if len(events) == 3:
                for replica in replicas:
                    replica.process.send_signal(signal.SIGKILL)
    told = [json.loads(event) for event in events if not event.startswith("[")]
    assert [event["error"]["code"] for event in told if "error" in event] == ["upstream_unavailable"]
    assert "error" in told[-1]


async def _usage(session: aiohttp.ClientSession, front: Served) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {front.key}"}
    async with session.get(f"{front.url}/v1/usage", headers=headers) as response:
        found: dict[str, Any] = (await response.json())["total"]
        return found
