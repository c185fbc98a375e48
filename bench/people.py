"""The load generator: people who type at one server at the same time, all of them in one process.

Whoever types needs a little of the processor too. How much is measured, since on a machine with few cores
it is taken from the server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator

from .clients import Client, MakeClient
from .load import Load
from .replay import KEY_SECONDS, Passage
from .servers import Served
from .sheet import Sheet


class Clock:
    """When a load began, when it ends, and how long a key takes; in seconds of the event loop."""

    def __init__(self, seconds: float, key_seconds: float = KEY_SECONDS) -> None:
        self.seconds, self.key_seconds = seconds, key_seconds
        self._began = asyncio.get_running_loop().time()

    @property
    def now(self) -> float:
        """Seconds since the load began."""
        return asyncio.get_running_loop().time() - self._began

    async def until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.now))


Typist = Callable[[Load, Clock, float, Client, Iterator[Sheet]], Coroutine[None, None, None]]
"""Types from a second of the clock on, and asks after each key."""


async def waiting(load: Load, clock: Clock, start: float, client: Client, texts: Iterator[Sheet]) -> None:
    """The next key comes when its time has come and the last one's answer is there."""
    await clock.until(start)
    while (began := clock.now) < clock.seconds:
        answer = await client.ask(next(texts))
        load.add(answer, (clock.now - began) * 1000)
        await clock.until(began + clock.key_seconds)


async def dropping(load: Load, clock: Clock, start: float, client: Client, texts: Iterator[Sheet]) -> None:
    """The next key comes when its time has come, and closes the request of the key before it."""

    async def ask(at: float) -> bool:
        answer = await client.ask(next(texts))
        load.add(answer, (clock.now - at) * 1000)
        return answer is not None

    at = start
    while at < clock.seconds:
        await clock.until(at)
        asked, following = asyncio.create_task(ask(at)), at + clock.key_seconds
        await clock.until(following)
        answered = asked.done() and asked.result()
        await _close(asked)
        load.keys.append((at, answered))
        at = following


async def _close(asked: asyncio.Task[bool]) -> None:
    asked.cancel()
    await asyncio.wait([asked])


async def measure(
    served: Served,
    typist: Typist,
    people: int,
    seconds: float,
    files: list[Passage],
    make_client: MakeClient,
) -> Load:
    """Have ``people`` type for so long, no two of them at the same moment of a key, each in files of
    their own as long as there are enough."""
    load, clock = Load(people), Clock(seconds)
    spent, computed = time.process_time(), served.cpu_seconds()
    async with asyncio.TaskGroup() as group:
        for person in range(people):
            client, texts = make_client(served.session), typed(files, person, people)
            group.create_task(typist(load, clock, person * clock.key_seconds / people, client, texts))
    load.seconds = clock.now
    load.generator = (time.process_time() - spent) / load.seconds
    load.server = (served.cpu_seconds() - computed) / load.seconds
    return load


def typed(files: list[Passage], person: int, people: int) -> Iterator[Sheet]:
    """One person's file after every key; when its passage is typed, another file's."""
    turn = person
    while True:
        place = files[turn % len(files)]
        sheet = Sheet(place, f"{person}/{turn}/{place.name}")
        for key in place.typed:
            sheet.type(key)
            yield sheet
        turn += people
