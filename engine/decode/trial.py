"""Compiles a caller's grammar in a process of its own before a worker does.

The library that compiles grammars has no bound on its time for some small ones (an intersection of a
dozen regular expressions can take minutes), and its native stack can overflow. A process that is used up
by one grammar costs the request that sent it, and not the model.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..limits import TRIAL_SECONDS, TRIALS_AT_ONCE, TRIALS_REMEMBERED
from ..prompt.vocabulary import Vocabulary
from ..stopping import Check

_POLL_SECONDS = 0.002
_COMPLEX = "it is too complex to be compiled; use fewer and simpler rules, patterns and references"
_LATE = "it could not be compiled in time; try again later, or use a simpler one"


class Trials:
    """For one model's vocabulary. Results are remembered: callers send the same few grammars again."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._size, self._controls = vocabulary.size, dict(vocabulary.controls)
        self._reasons: dict[bytes, str] = {}
        self._running: set[bytes] = set()

    def reason(self, source: str, check: Check) -> str:
        """Why a grammar in llguidance's format cannot be compiled, or nothing.

        Calls ``check`` while it waits, and raises what that raises. Others may ask meanwhile.
        """
        digest = hashlib.sha256(source.encode("utf-8", "replace")).digest()
        while digest in self._running or (digest not in self._reasons and self._full):
            check()
        found = self._reasons.pop(digest, None)
        if found is None:
            task = {"source": source, "size": self._size, "controls": self._controls}
            with self._run(digest):
                found = _try(json.dumps(task).encode(), check)
        if found != _LATE:  # the computer may have been busy: another time it may do
            self._reasons[digest] = found
        if len(self._reasons) > TRIALS_REMEMBERED:
            del self._reasons[next(iter(self._reasons))]
        return found

    @property
    def _full(self) -> bool:
        return len(self._running) >= TRIALS_AT_ONCE

    @contextmanager
    def _run(self, digest: bytes) -> Iterator[None]:
        self._running.add(digest)
        try:
            yield
        finally:
            self._running.discard(digest)


def _try(data: bytes, check: Check) -> str:
    # -P: the working folder is a user's project, whose modules must not be imported by accident
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "fimble.engine.decode.trial_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            said = _wait(process, data, check)
        finally:
            process.kill()
    return said if said == _LATE or process.returncode == 0 else _COMPLEX


def _wait(process: subprocess.Popen[bytes], data: bytes | None, check: Check) -> str:
    end = time.monotonic() + TRIAL_SECONDS
    while True:
        check()
        try:
            said, _ = process.communicate(data, timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            data = None  # it is on its way
            if time.monotonic() >= end:
                return _LATE
        else:
            return said.decode("utf-8", "replace")
