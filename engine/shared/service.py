"""The shared engine's process: ``python -m fimble.engine.shared.service OPTIONS``, options as JSON.

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
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..backends.local import LocalBackend, LocalModel
from ..errors import FimbleError
from ..limits import CLIENTS
from ..scheduler import Scheduler
from ..workers.transports import ProcessTransport
from ..workers.worker import Worker
from .address import FULL, HELLO, LISTENS, TAKEN, Address, ServiceOptions
from .client import Client

Say = Callable[[str], None]


def main() -> None:
    options = ServiceOptions.from_json(sys.argv[1])
    say = _split_off() if hasattr(os, "fork") else _speaker(1)
    address = Address(options)
    try:
        address.prepare()
        with FileLock(address.lock, timeout=0):
            asyncio.run(_serve(address, lambda: say(LISTENS)))
    except Timeout:
        say(TAKEN)
    except OSError as error:
        say(str(error) if error.errno is None else f"The shared engine cannot start: {error}.")


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


async def _serve(address: Address, on_listening: Callable[[], None]) -> None:
    """Serve until nobody has been joined for a while, or a signal comes."""
    service, ended = Service(address.options), asyncio.Event()
    service.load()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await address.listen(service.welcome)
    on_listening()
    waiting = [asyncio.ensure_future(each) for each in (ended.wait(), service.left_alone())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        address.path.unlink(missing_ok=True)
        server.close()  # `wait_closed` would wait for the editors, which may stay for days
        await service.close()


class Service:
    """The engine behind the address."""

    def __init__(self, options: ServiceOptions) -> None:
        def worker() -> Worker:
            return Worker(ProcessTransport, options.worker, options.idle_seconds)

        self._backend = LocalBackend(
            LocalModel(Path(options.worker.model).stem, options.worker.model), worker, options.workers
        )
        self._scheduler = Scheduler(options.workers, options.queue)
        self._alone_seconds = options.alone_seconds
        self._users = itertools.count(1)
        self._clients: set[Client] = set()
        self._left = asyncio.Event()
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
        client = Client(self._backend, self._scheduler, str(next(self._users)), writer)
        self._clients.add(client)
        try:
            await client.listen(reader)
        finally:
            self._clients.discard(client)
            self._left.set()

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
