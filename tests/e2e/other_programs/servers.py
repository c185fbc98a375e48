"""Servers that go away and come back at the same address, and ask for a key."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from fimble.engine.models.catalogue import bundled_path
from tests.e2e.editors.tools import environment, fimble
from tests.e2e.editors.waiting import until


class Server:
    """``fimble serve`` on a free port, with one key. ``model`` is environment that names its model, and
    ``answer`` what that always says, where it is known."""

    def __init__(self, home: Path, model: Mapping[str, str], *flags: str, answer: str = "") -> None:
        home.mkdir(parents=True)
        self.answer = answer
        self._log = home / "log"
        self._environment = environment(home, **model)
        self._flags = flags
        self.port = _free_port()
        self.key = self._make_key()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(self._answers, "the server", self._log.read_text)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens at the address while this lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _make_key(self) -> str:
        command = [fimble(), "keys", "create", "somebody"]
        made = subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def _command(self) -> list[str]:
        return [fimble(), "serve", "--port", str(self.port), *self._flags]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        with contextlib.suppress(OSError), urlopen(self.url + "/health") as health:
            return bool(health.status == 200)
        return False


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, there while this lasts."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


class LlamaServer(Server):
    """llama-server itself, with the bundled model."""

    def __init__(self, program: str, home: Path) -> None:
        self._program = program
        super().__init__(home, {})

    def _make_key(self) -> str:
        return "a-key"

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()  # asked to end, it waits for clients that keep a connection
        self._process.wait(30)

    def _command(self) -> list[str]:
        model = ["-m", str(bundled_path()), "--spm-infill", "-c", "8192", "-np", "4"]
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--api-key", self.key]
        return [self._program, *model, *address, "-t", str(os.cpu_count() or 1), "-a", "fimble"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
