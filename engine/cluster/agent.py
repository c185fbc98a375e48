"""The process that joins a cluster for a front: ``python -m fimble.engine.cluster.agent``.

Ray ends a process that has lost its cluster, and takes a second and much memory to start; a front must live
through the one and need not wait for the other. Requests come in on standard input, what replicas say goes
out on what was standard output. When standard input ends, the front is gone, and so is this process.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from ..version import VERSION
from ..workers.streams import receive_frame
from .joining import joined
from .messages import Ask, FromAgent, Join, Joined, Leave, Lost, NotJoined, Said, ToAgent, pack, to_agent
from .troubles import failed, why_not_joined

Send = Callable[[FromAgent], None]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the front to handle
    out = os.dup(1)
    os.dup2(2, 1)

    def send(message: FromAgent) -> None:
        data = memoryview(pack(message))
        try:
            while data:
                data = data[os.write(out, data) :]
        except OSError:
            os._exit(0)  # nobody reads it any more

    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(_run(send))
    os._exit(0)  # Ray notices the end of a process by itself; a farewell takes half a second


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that Ray uses in replicas too, where it is installed."""
    with suppress(ImportError):
        import uvloop

        make: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
        return make
    return None


async def _run(send: Send) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    first = await _receive(reader)
    if not isinstance(first, Join):
        return
    try:
        desk = Desk(joined(first.address), send)
    except Exception as error:
        why, refused = why_not_joined(error, first.address)
        send(NotJoined(why, refused))
        return
    gc.freeze()  # what Ray has imported stays
    send(Joined())
    while (message := await _receive(reader)) is not None:
        desk.take(message)


async def _receive(reader: asyncio.StreamReader) -> ToAgent | None:
    data = await receive_frame(reader)
    return None if data is None else to_agent(data)


class Desk:
    """Passes requests on to replicas, and tells what they say."""

    def __init__(self, handle: DeploymentHandle[Any], send: Send) -> None:
        self._handle, self._send = handle, send
        self._running: dict[int, asyncio.Task[None]] = {}

    def take(self, message: ToAgent) -> None:
        if isinstance(message, Ask):
            task = asyncio.get_running_loop().create_task(self._ask(message))
            self._running[message.id] = task
            task.add_done_callback(lambda _: self._running.pop(message.id, None))
        elif isinstance(message, Leave) and (left := self._running.pop(message.id, None)) is not None:
            left.cancel()

    async def _ask(self, ask: Ask) -> None:
        handle = self._handle.options(
            method_name=ask.method, stream=True, session_id=ask.session, multiplexed_model_id=ask.model
        )
        said = handle.remote(VERSION, ask.data)
        assert isinstance(said, DeploymentResponseGenerator)
        try:
            async for data in said:
                self._send(Said(ask.id, data))
        except asyncio.CancelledError:
            if ask.id not in self._running:
                raise
            # not ours: a replica that is told to stop cancels what it works at
            self._send(Lost(ask.id, "it was stopped"))
        except Exception as error:
            self._send(failed(error, ask.id))
        finally:
            said.cancel()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
