"""Where editors and their common engine meet.

A socket in a folder that only its owner can enter, named after fimble's version and the engine's options:
who wants another model, or runs another version, meets elsewhere, so the two never disagree. Where there
are no such sockets (Windows), it is a loopback port, written with a random token into a file there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_runtime_path

from ..workers.messages import WorkerOptions

HELLO = b"fimble\n"
LONGEST_SOCKET_PATH = 100
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is called for each editor that joins."""


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


class Meeting:
    """The place for one set of options."""

    def __init__(
        self, options: ServiceOptions, folder: Path | None = None, loopback: bool | None = None
    ) -> None:
        self.options = options
        self.folder = folder or _folder()
        self._loopback = os.name == "nt" if loopback is None else loopback
        words = f"{version('fimble')} {options.to_json()}"
        name = "engine-" + hashlib.sha256(words.encode()).hexdigest()[:16]
        self.path = self.folder / (name + (".port" if self._loopback else ".sock"))
        self.lock = self.folder / (name + ".lock")

    def prepare(self) -> None:
        """Make the folder, for its owner alone; :class:`PermissionError` when it is somebody else's."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():
            raise PermissionError(f"the folder {self.folder} belongs to somebody else")
        self.folder.chmod(0o700)

    async def connect(self) -> Streams:
        """Join the service; :class:`OSError` when there is none."""
        reader, writer = await self._connect()
        # a socket of a service that is just dying still takes connections, but nobody says hello
        if await reader.readline() != HELLO:
            writer.close()
            raise ConnectionError("nobody is there")
        return reader, writer

    async def _connect(self) -> Streams:
        if not self._loopback:
            return await asyncio.open_unix_connection(str(self.path))
        port, token = self.path.read_text().split()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(token.encode() + b"\n")
        return reader, writer

    async def listen(self, serve: Serve) -> asyncio.Server:
        """Open the place; what is left of a service that died is taken over."""
        self.path.unlink(missing_ok=True)
        if not self._loopback:
            server = await asyncio.start_unix_server(_greeting(serve), str(self.path))
            self.path.chmod(0o600)
            return server
        token = secrets.token_hex(32)
        server = await asyncio.start_server(_with_token(token, _greeting(serve)), "127.0.0.1", 0)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{server.sockets[0].getsockname()[1]} {token}")
        return server


def _greeting(serve: Serve) -> Serve:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await serve(reader, writer)

    return greet


def _with_token(token: str, serve: Serve) -> Serve:
    """Any program of any user may connect to a port: who does not know the token is sent away."""

    async def checked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if secrets.compare_digest(line.strip(), token.encode()):
            await serve(reader, writer)
        writer.close()

    return checked


def _folder() -> Path:
    """The system's folder for such things, or one of the user's own among the temporary ones."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    temporary = Path(tempfile.gettempdir()) / f"fimble-{user}"
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return temporary
    folder = user_runtime_path("fimble")
    return folder if len(str(folder)) + 32 < LONGEST_SOCKET_PATH else temporary
