"""The shared engine's process: ``python -m fimble.engine.shared.service``, its options a line of JSON on
standard input.

Holds the models' workers and takes turns fairly between the editors. It ends when no editor has been
joined for a while. Only one runs for each address: the lock on a file decides, and is given back by the
system however the process ends. One line on standard output says how the start went: that it listens, that
another one runs, or why it cannot.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..backends.local import LocalBackend, LocalModel, slots_of
from ..errors import FimbleError
from ..limits import CLIENTS, FRAME_BYTES, SPARE_SECONDS
from ..scheduler import Scheduler
from ..workers.transports import ProcessTransport
from ..workers.worker import Worker
from .address import FULL, HELLO, LISTENS, TAKEN, Address, ServiceOptions
from .client import Client

Say = Callable[[str], None]


def main() -> None:
    asyncio.run(_run(_split_off() if hasattr(os, "fork") else _speaker(1)))


async def _run(say: Say) -> None:
    """Start, with a worker's process: both do their imports while the editor reads its settings."""
    first = ProcessTransport()
    try:
        with suppress(OSError):  # the next try says why
            await first.prepare()
        if (options := await _options()) is None:
            return
        address = Address(options)
        address.prepare()
        with FileLock(address.lock, timeout=0):
            await _serve(address, Service(options, first), lambda: say(LISTENS))
    except Timeout:
        say(TAKEN)
    except OSError as error:
        say(str(error) if error.errno is None else f"The shared engine cannot start: {error}.")
    finally:
        await first.stop()


async def _options() -> ServiceOptions | None:
    """What the editor says; None when it goes away without a word, or says nothing for long."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        data = b""
        while not data.endswith(b"\n") and len(data) < FRAME_BYTES and (piece := os.read(0, 1 << 16)):
            data += piece
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lines.put_nowait, data)

    threading.Thread(target=read, name="options", daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(SPARE_SECONDS):
            line = await lines.get()
            return ServiceOptions.from_json(line.decode()) if line else None
    return None


def _split_off() -> Say:
    """Leave the editor that started this process, which then does not wait for its end.

    The first process passes on what this one says, and ends.
    """
    readable, writable = os.pipe()
    if os.fork():
        os.close(writable)
        os.write(1, os.read(readable, 4096))
        os._exit(0)
    os.close(readable)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    return _speaker(writable)


def _speaker(descriptor: int) -> Say:
    def say(word: str) -> None:
        with suppress(OSError):  # nobody listens any more
            os.write(descriptor, word.encode("utf-8", "replace") + b"\n")

    return say


async def _serve(address: Address, service: Service, on_listening: Callable[[], None]) -> None:
    """Serve until nobody has been joined for a while, or a signal comes."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await address.listen(service.welcome)
    on_listening()
    service.load()
    waiting = [asyncio.ensure_future(each) for each in (ended.wait(), service.left_alone())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        address.path.unlink(missing_ok=True)
        server.close()  # `wait_closed` would wait for the editors, which may stay for days
        await service.close()


class Service:
    """The engine behind the address."""

    def __init__(self, options: ServiceOptions, first: ProcessTransport | None = None) -> None:
        """``first`` is a worker's process that has been started, for the first model."""
        prepared = [first] if first is not None else []

        def transport() -> ProcessTransport:
            return prepared.pop() if prepared else ProcessTransport()

        def worker() -> Worker:
            return Worker(transport, options.worker, options.idle_seconds)

        model = LocalModel(Path(options.worker.model).stem, options.worker.model)
        slots = slots_of(options.worker.sequences)
        self._backend = LocalBackend(model, worker, options.workers, slots=slots)
        self._scheduler = Scheduler(self._backend.slots, options.queue)
        self._alone_seconds = options.alone_seconds
        self._users = itertools.count(1)
        self._clients: set[Client] = set()
        self._left = asyncio.Event()
        self._unloading: asyncio.Task[None] | None = None
        self._loading: asyncio.Future[None] | None = None

    def load(self) -> None:
        """Begin to open the model, which the editor that started the service is going to ask for."""
        self._loading = asyncio.ensure_future(self._load())

    async def _load(self) -> None:
        with suppress(FimbleError):  # whoever asks will hear of it
            await self._backend.info()

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one editor until it goes away."""
        if len(self._clients) >= CLIENTS:
            writer.write(FULL)
            return
        writer.write(HELLO)
        client = Client(self._backend, self._scheduler, str(next(self._users)), writer, self.unload)
        self._clients.add(client)
        try:
            await client.listen(reader)
        finally:
            self._clients.discard(client)
            self._left.set()

    def unload(self) -> None:
        """Close the model, unless somebody waits for it; it is opened again when it is asked."""
        if not (self._scheduler.running or self._scheduler.waiting):
            self._unloading = asyncio.get_running_loop().create_task(self._backend.unload())

    async def left_alone(self) -> None:
        """Return when no editor has been joined for a while."""
        while True:
            try:
                self._left.clear()
                await asyncio.wait_for(self._left.wait(), self._alone_seconds)
            except TimeoutError:
                if not self._clients:
                    return

    async def close(self) -> None:
        """Hang up on every editor, which joins another service, and end the workers."""
        for client in self._clients:
            client.leave()
        await self._backend.close()


if __name__ == "__main__":
    main()
