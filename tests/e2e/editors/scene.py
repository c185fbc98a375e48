"""A project whose code must stay where it belongs, and a server that may hear some of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .conftest import fake
from .listening import Listener, listening
from .serving import PATIENT, serving
from .tools import environment
from .waiting import until

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
FIRST_LINE = "first = 1"


@dataclass(frozen=True)
class Scene:
    """The folders, and texts that occur nowhere else."""

    folder: Path
    environment: dict[str, str]
    server: Listener
    proxy: Listener
    code: str = field(default_factory=lambda: f"code_{uuid.uuid4().hex}")
    more: str = field(default_factory=lambda: f"more_{uuid.uuid4().hex}")
    secret: str = field(default_factory=lambda: f"secret_{uuid.uuid4().hex}")
    private: str = field(default_factory=lambda: f"private_{uuid.uuid4().hex}")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def project(self) -> Path:
        return self.home / "workspace"

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def wait_until_heard(self, seen: Callable[[], object]) -> None:
        """A language server has asked for the model, so it is there."""
        until(lambda: self.server.heard, "the language server", seen)

    def wait_until_asked(self, marker: str, seen: Callable[[], object]) -> None:
        until(lambda: marker.encode() in self.server.heard, "the server to be asked", seen)

    def assert_nothing_left(self) -> None:
        """No file outside the project has any of it, no proxy heard any, and the server nothing private."""
        markers = [marker.encode() for marker in (self.code, self.more, self.secret, self.private)]
        for path in self.folder.rglob("*"):
            if path.is_file() and self.project not in path.parents:
                content = path.read_bytes()
                assert not [marker for marker in markers if marker in content], f"{path} holds code"
        assert not [marker for marker in markers if marker in self.proxy.heard], "a proxy was sent code"
        assert self.secret.encode() not in self.server.heard, "a file of secrets was sent"
        assert self.private.encode() not in self.server.heard, "an ignored file was sent"


@contextmanager
def staged(folder: Path) -> Iterator[Scene]:
    """A server on this machine, and variables for proxies that name one which keeps what it is sent."""
    with listening() as proxy:
        proxies = dict.fromkeys(PROXIES, proxy.address)
        with serving(folder / "server", {**fake("x"), **proxies}) as address:
            host = urlsplit(address)
            assert host.hostname
            assert host.port
            with listening((host.hostname, host.port)) as relay:
                options = {"FIMBLE_ENGINE": relay.address, "FIMBLE_FALLBACK": "false", **PATIENT, **proxies}
                scene = Scene(folder, environment(folder / "home", **options), relay, proxy)
                for name in ("work.py", "private.py", ".env"):
                    scene.write(scene.project / name, f"{FIRST_LINE}\n")
                scene.write(scene.project / ".fimbleignore", "private.py\n")
                yield scene
