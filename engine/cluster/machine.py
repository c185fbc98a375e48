"""A Ray cluster of this machine alone, which ``fimble cluster deploy`` starts where there is none.

It listens on loopback and asks everybody for a token that only this user can read, since whoever can speak to
Ray can run code in it. What is known of it is in a file in the user's own folder of sockets.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import SettingsError
from ..limits import UPSTREAM_CONNECT_SECONDS
from ..shared.folder import make_private, runtime_folder
from .knobs import JOINING, LOOPBACK, QUIET, with_knobs
from .limits import RAY_START_SECONDS, RAY_STOP_SECONDS

OBJECT_STORE_BYTES = 80 << 20
"""Nearly the least that Ray takes: nothing of ours goes through it."""
_STARTED = "Ray runtime started"


@dataclass(frozen=True, slots=True)
class OwnCluster:
    """``process`` is the one of ``ray start``, from which all the others come."""

    address: str
    token: str
    process: int

    @property
    def environment(self) -> dict[str, str]:
        """What whoever joins it has to know."""
        return {**LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": self.token}

    @property
    def alive(self) -> bool:
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), UPSTREAM_CONNECT_SECONDS).close()
        except OSError:
            return False
        return True


def whereabouts(address: str, knobs: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Ray's address, and the environment of a process that joins it, with ``knobs``. ``auto`` is what
    RAY_ADDRESS says, or the cluster that fimble started here, or another one of this machine."""
    named = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    own = own_cluster()
    if own is not None and named in ("", own.address):
        return own.address, {**with_knobs(os.environ, knobs), **own.environment}
    loopback = LOOPBACK if named.startswith(("127.0.0.1:", "localhost:")) else {}
    return named or "auto", {**with_knobs(os.environ, knobs), **loopback}


def own_cluster() -> OwnCluster | None:
    """The cluster that was started here and still runs."""
    with suppress(OSError, ValueError, TypeError):
        found = OwnCluster(**json.loads(_file().read_text("utf-8")))
        return found if found.alive else None
    return None


def a_cluster_runs() -> bool:
    """Whether Ray finds a cluster on this machine. Another process looks, since Ray's switches count when it
    is imported, and depend on what is found."""
    found = subprocess.run(
        [sys.executable, "-P", "-m", "fimble.engine.cluster.joining"],
        env=with_knobs(os.environ, JOINING), capture_output=True,
    )  # fmt: skip
    return found.returncode == 0


def start_own(temp_dir: str | None = None) -> OwnCluster:
    """Start Ray on this machine; ``temp_dir`` is where it keeps its sockets and logs. Raises
    :class:`SettingsError`."""
    folder = runtime_folder()
    try:
        make_private(folder)
    except OSError as error:
        raise SettingsError(str(error)) from error
    port, token = free_port(), folder / "ray-token"
    _write(token, secrets.token_hex(32))
    log = folder / "ray-start.log"
    own = OwnCluster(f"127.0.0.1:{port}", str(token), 0)
    with log.open("w") as out:
        process = subprocess.Popen(
            _command(port, temp_dir), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, env={**with_knobs(os.environ, QUIET), **own.environment},
        )  # fmt: skip
    own = OwnCluster(own.address, own.token, process.pid)
    _write(_file(), json.dumps(asdict(own)))
    if not _wait(lambda: process.poll() is not None or _STARTED in log.read_text(), RAY_START_SECONDS):
        stop_own(own)
    if process.poll() is not None:
        said = [line for line in log.read_text().splitlines() if line.strip()]
        raise SettingsError(f"Ray does not start: {said[-1] if said else 'it says nothing'}. See {log}.")
    return own


def stop_own(own: OwnCluster) -> None:
    """Stop the cluster that was started here, and no other one."""
    port = own.address.rpartition(":")[2]
    if any(port in command for command in _session(own.process).values()):  # numbers are given again
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in _session(own.process):
                with suppress(ProcessLookupError):
                    os.kill(process, number)
            if _wait(lambda: not _session(own.process), RAY_STOP_SECONDS):
                break
    for path in (_file(), Path(own.token)):
        path.unlink(missing_ok=True)


def _command(port: int, temp_dir: str | None) -> list[str]:
    folder = [f"--temp-dir={temp_dir}"] if temp_dir else []
    return [
        sys.executable, "-P", "-m", "ray.scripts.scripts", "start", "--head", "--block", f"--port={port}",
        "--include-dashboard=false", "--disable-usage-stats", f"--object-store-memory={OBJECT_STORE_BYTES}",
        f"--ray-client-server-port={free_port()}", "--dashboard-agent-listen-port=0", *folder,
    ]  # fmt: skip


def _file() -> Path:
    return runtime_folder() / "ray-cluster.json"


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _session(leader: int) -> dict[int, str]:
    """All processes of a session, which is what came of ``ray start``, with their commands."""
    with suppress(ChildProcessError):
        os.waitpid(leader, os.WNOHANG)
    listed = subprocess.run(["ps", "-eo", "pid=,stat=,args="], capture_output=True, text=True).stdout
    found = {}
    for process, state, command in (line.split(None, 2) for line in listed.splitlines()):
        with suppress(OSError):
            if state[0] != "Z" and os.getsid(int(process)) == leader:
                found[int(process)] = command
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True
