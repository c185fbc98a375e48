"""The processes of fimble that belong to a measurement, and their memory (Linux)."""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTS = {
    b"fimble.cli.main": "language servers",
    b"fimble.engine.shared.service": "engine service",
    b"fimble.engine.workers.child": "worker with the model",
    b"fimble.engine.memory.build": "reader of the project",
}


@contextmanager
def apart() -> Iterator[Path]:
    """A runtime folder of one's own, so that no engine of a running editor is joined; ends what is left."""
    kept = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            for process, _ in _processes(folder):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM)
            os.environ.pop("XDG_RUNTIME_DIR")
            if kept is not None:
                os.environ["XDG_RUNTIME_DIR"] = kept


def memory_by_part(runtime: Path) -> Counter[str]:
    """Megabytes (PSS: pages that processes share are divided among them) by part, for one runtime folder."""
    held: Counter[str] = Counter()
    for process, part in _processes(str(runtime)):
        held[part] += round(_megabytes(process))
    return held


def _processes(runtime: str) -> Iterator[tuple[int, str]]:
    """Id and part of every fimble process that was started with this runtime folder."""
    marker = f"XDG_RUNTIME_DIR={runtime}\0".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            part = next((PARTS[word] for word in words if word in PARTS), None)
            if part and marker in (entry / "environ").read_bytes() + b"\0":
                yield int(entry.name), part


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
