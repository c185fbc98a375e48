"""A ``fimble serve`` for editors that ask over HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .tools import environment, fimble

PATIENT = {"FIMBLE_TIMEOUT_MS": "60000"}
"""Environment for whoever asks it: a busy machine answers late, and no test is about that."""


@contextmanager
def serving(home: Path, model: Mapping[str, str]) -> Iterator[str]:
    """Runs on a free port; gives its address."""
    home.mkdir(parents=True, exist_ok=True)
    command = [fimble(), "serve", "--port", "0"]
    env = environment(home, **model)
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            yield server.stderr.readline().split()[-1]
        finally:
            server.terminate()
