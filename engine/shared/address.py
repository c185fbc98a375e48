"""Where editors and their shared engine meet.

A socket in a folder that only its owner can enter, named after fimble's version and the engine's options:
editors with another model or another version use another address, so the two ends never disagree. Where
there are no such sockets (Windows), it is a loopback port, written with a random token into a file there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..limits import HELLO_SECONDS
from ..version import VERSION
from ..workers.messages import WorkerOptions
from .folder import LONGEST_SOCKET_PATH, make_private, runtime_folder
from .peer import check_peer

HELLO, FULL = b"fimble\n", b"  full\n"
"""What an editor is greeted with that joins, or for which there is no room."""
LISTENS, TAKEN = "listens", "taken"
"""What a service says of its start, instead of a reason why it failed: it can be joined, or another one
has its address."""
TOKEN_BYTES = 32
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is called for each editor that joins; it begins with the :data:`HELLO`."""
Admits = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What a service is started with; two editors share one when all of it is the same."""

    worker: WorkerOptions
    workers: int = 1
    queue: int = 32
    idle_seconds: float = 900.0
    alone_seconds: float = 60.0
    """How long the service stays when no editor is joined."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ServiceOptions:
        values = json.loads(text)
        return cls(**{**values, "worker": WorkerOptions(**values["worker"])})


class Address:
    """The address for one set of options."""

    def __init__(
        self, options: ServiceOptions, folder: Path | None = None, loopback: bool | None = None
    ) -> None:
        self.options = options
        self.folder = folder or runtime_folder()
        self._loopback = os.name == "nt" if loopback is None else loopback
        words = f"{VERSION} {options.to_json()}"
        name = "engine-" + hashlib.sha256(words.encode()).hexdigest()[:16]
        self.path = self.folder / (name + (".port" if self._loopback else ".sock"))
        self.lock = self.folder / (name + ".lock")

    def prepare(self) -> None:
        """Make the folder, for its owner alone; :class:`OSError` says why that cannot be done."""
        if not self._loopback and len(os.fsencode(self.path)) > LONGEST_SOCKET_PATH:
            raise OSError(f"The folder {self.folder} has too long a name for a socket: set a shorter TMPDIR.")
        make_private(self.folder)

    async def connect(self) -> Streams:
        """Join the service.

        Raises :class:`ConnectionError` or :class:`FileNotFoundError` when there is none,
        :class:`TimeoutError` when it does not answer, :class:`PermissionError` when it is another user's,
        and a plain :class:`OSError` when it is full.
        """
        async with asyncio.timeout(HELLO_SECONDS):
            reader, writer = await (self._connect_port() if self._loopback else self._connect_socket())
            try:
                # the socket of a service that is just dying still takes connections, but says no hello
                greeting = await reader.readexactly(len(HELLO))
                if greeting == FULL:
                    raise OSError("The shared engine has as many editors as it takes. Close one of them.")
                if greeting != HELLO:
                    raise ConnectionRefusedError("Something else answers there.")
            except BaseException as error:
                writer.transport.abort()
                if isinstance(error, asyncio.IncompleteReadError):
                    raise ConnectionResetError("The service is ending.") from error
                raise
        return reader, writer

    async def _connect_socket(self) -> Streams:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, str(self.path))
            check_peer(connection)
            return await asyncio.open_unix_connection(sock=connection)
        except BaseException:
            connection.close()
            raise

    async def _connect_port(self) -> Streams:
        try:
            port, token = self.path.read_text().split()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        except ValueError as error:
            raise ConnectionRefusedError("The file with the port is not complete.") from error
        writer.write(token.encode())
        return reader, writer

    async def listen(self, serve: Serve) -> asyncio.Server:
        """Open the address; what is left of a service that died is taken over."""
        self.path.unlink(missing_ok=True)
        if not self._loopback:
            server = await asyncio.start_unix_server(_guarded(_is_owner, serve), str(self.path))
            self.path.chmod(0o600)
            return server
        token = secrets.token_hex(TOKEN_BYTES)
        server = await asyncio.start_server(_guarded(_holds(token), serve), "127.0.0.1", 0)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{server.sockets[0].getsockname()[1]} {token}")
        return server


def _guarded(admits: Admits, serve: Serve) -> Serve:
    """Serve those who are admitted, and hang up on others."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await admits(reader, writer):
            writer.transport.abort()
            return
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    return guarded


async def _is_owner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether a process of the same user has connected."""
    try:
        check_peer(writer.get_extra_info("socket"))
    except OSError:
        return False
    return True


def _holds(token: str) -> Admits:
    """Whether the token is sent first; any program of any user may connect to a port."""

    async def holds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        sent = b""
        with suppress(OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(HELLO_SECONDS):
                sent = await reader.readexactly(len(token))
        return secrets.compare_digest(sent, token.encode())

    return holds
