"""The ways to an editor: standard streams, or connections to a port on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import BinaryIO, Protocol

from .frames import BadFrame, FrameParser
from .limits import ACCEPTED_AT_ONCE, BACKLOG, CONNECTIONS, INITIALIZE_SECONDS, UNSENT_BYTES
from .server import FimbleServer, make_server

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
_PIECE = 1 << 16
Read = Callable[[], Awaitable[bytes]]


class Writer(Protocol):
    """Where messages to the editor go. It never raises: an editor that is gone is noticed by its silence."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


async def serve(read: Read, writer: Writer, server: FimbleServer | None = None) -> int:
    """Serve one editor until it says ``exit`` or goes away; returns the exit code of its choice."""
    server, frames = server or make_server(), FrameParser()
    server.protocol.set_writer(writer)
    try:
        while server.exit_code is None and (data := await read()):
            for frame in frames.feed(data):
                server.receive(frame)
                await asyncio.sleep(
                    0
                )  # a request takes its snapshot before the next message changes the text
    except BadFrame as error:
        log.error("%s. This is a language server: it speaks with editors only.", error)
        return 1
    finally:
        await server.close()
    return 1 if server.exit_code is None else server.exit_code


async def serve_stdio(stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> int:
    """Serve the editor that started this process; returns the exit code."""
    source = stdin or sys.stdin.buffer
    return await serve(_reading_in_a_thread(source.fileno()), _Pipe(stdout or sys.stdout.buffer))


async def serve_tcp(port: int, listening: Callable[[int], None] = lambda port: None) -> None:
    """Serve editors that connect to a port of this machine, each with a session of its own, until
    cancelled. ``listening`` is told the port, which is a free one for 0."""
    connected: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        writer = _Connection(stream)
        task = asyncio.current_task()
        assert task is not None
        connected.add(task)
        try:
            if len(connected) <= CONNECTIONS:
                await _serve_connection(reader, writer)
            else:
                log.error("There are %d editors already; one more is refused.", CONNECTIONS)
        finally:
            connected.discard(task)
            writer.close()

    place = socket.create_server((LOOPBACK, port))
    listener = await asyncio.start_server(connection, sock=place, backlog=ACCEPTED_AT_ONCE)
    place.listen(BACKLOG)  # asyncio has one number for how many wait and how many are accepted at once
    listening(listener.sockets[0].getsockname()[1])
    try:
        await listener.serve_forever()
    finally:
        listener.close()
        for task in list(connected):
            task.cancel()
        await asyncio.gather(*connected, return_exceptions=True)


async def _serve_connection(reader: asyncio.StreamReader, writer: Writer) -> None:
    """Serve one editor, and nobody who says nothing: there are few places."""
    server = make_server()
    with suppress(TimeoutError):
        async with asyncio.timeout(INITIALIZE_SECONDS) as silence:

            async def read() -> bytes:
                if server.protocol.initialized:
                    silence.reschedule(None)
                return await _read(reader)

            await serve(read, writer, server)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_PIECE)
    except OSError:
        return b""


class _Connection:
    """Writes to a socket; an editor that does not read is cut off before its messages fill the memory."""

    def __init__(self, stream: asyncio.StreamWriter) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        transport = self._stream.transport
        if transport.is_closing():
            return
        self._stream.write(data)
        if transport.get_write_buffer_size() > UNSENT_BYTES:
            log.error("An editor does not read what is sent to it; its connection is closed.")
            transport.abort()

    def close(self) -> None:
        self._stream.close()


class _Pipe:
    """Writes to standard output."""

    def __init__(self, stdout: BinaryIO) -> None:
        self._stdout = stdout

    def write(self, data: bytes) -> None:
        try:
            self._stdout.write(data)
            self._stdout.flush()
        except (OSError, ValueError) as error:
            log.error("The editor does not listen any more: %s", error)

    def close(self) -> None:
        """Standard output is the process' own."""


def _reading_in_a_thread(file: int) -> Read:
    """Standard input may be a pipe, a terminal or a file, which no event loop can wait for everywhere.

    The thread reads one piece at a time, when it is asked to, and does not hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    wanted = threading.Semaphore(0)
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    def work() -> None:
        piece = b"?"
        while piece:
            wanted.acquire()
            try:
                piece = os.read(file, _PIECE)
            except OSError:
                piece = b""
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:
                return  # the loop has ended

    async def read() -> bytes:
        wanted.release()
        return await pieces.get()

    threading.Thread(target=work, name="standard input", daemon=True).start()
    return read
