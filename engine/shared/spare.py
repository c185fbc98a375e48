"""A service that is started before it is known what it is to serve.

Starting takes a service and its worker longer than a language server takes to read its settings. So it is
started first, does its imports meanwhile, and hears of its options as soon as they are known; if it turns out
not to be needed, it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from contextvars import ContextVar

from .folder import runtime_folder


def launch() -> subprocess.Popen[bytes]:
    """Start a service's process. It reads its options from standard input, as a line, and answers with one.

    What is started splits off the service and ends with that line: no editor's end takes a service down.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "fimble.engine.shared.service"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep), start_new_session=os.name != "nt",
    )  # fmt: skip


class Spare:
    """At most one service that waits for its options."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it if it is likely to be needed: no service runs, as far as one can see without settings."""
        if not any(each.suffix in (".sock", ".port") for each in runtime_folder().glob("engine-*")):
            with suppress(OSError):  # then it is started when it is needed, and says why it cannot be
                self._process = launch()

    def take(self) -> subprocess.Popen[bytes] | None:
        """The process, for whoever tells it its options; None when there is none, or it has ended."""
        process, self._process = self._process, None
        if process is not None and process.poll() is not None:
            _close(process)
            return None
        return process

    def drop(self) -> subprocess.Popen[bytes] | None:
        """Let it end, since it is not needed; returns the process, which does so soon."""
        process = self.take()
        if process is not None:
            _close(process)
        return process


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close what it reads and writes."""
    for end in (process.stdin, process.stdout):
        assert end is not None
        with suppress(OSError):  # it has ended, and something was on its way to it
            end.close()


SPARE: ContextVar[Spare] = ContextVar("spare")
"""The spare of the language server that is run; others have none."""
