"""What a Ray cluster adds to a suggestion: the same ones asked of ``fimble serve`` with the model itself, and
of one whose model is a replica's, in turn.

Both have one worker with the bundled model and one thread, on this machine. A warm suggestion is the next
line in a file that was read before; a cold one is in a file that nobody has seen.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from .effort import effort
from .servers import fimble
from .tables import note, percentile, show

COLUMNS = ("", "requests", "p50 ms", "p95 ms", "added, p50", "added, p95")
LINES = 60
Times = dict[tuple[str, str], list[float]]


def main() -> None:
    with _cluster() as environment:
        times = asyncio.run(_main(environment))
    show("Suggestions with and without Ray", COLUMNS, [_row(times, kind, way) for kind, way in times])
    note("POST /complete over one kept connection; front, cluster and model share this machine's processors.")


def _row(times: Times, kind: str, way: str) -> list[str]:
    here, plain = times[kind, way], times[kind, "directly"]
    added = [percentile(here, share) - percentile(plain, share) for share in (0.5, 0.95)]
    figures = [f"{percentile(here, share):.2f}" for share in (0.5, 0.95)]
    return [f"{kind}, {way}", str(len(here)), *figures, *(f"{each:+.2f}" for each in added)]


async def _main(environment: dict[str, str]) -> Times:
    times: Times = {(kind, way): [] for kind in ("warm", "cold") for way in ("directly", "through Ray")}
    async with (
        fimble(environment, "--workers", "1", "--threads", "1") as plain,
        fimble(environment, "--engine", "ray") as ray,
    ):
        for round in range(effort(200, 10) + 1):
            for kind in ("warm", "cold"):
                for way, served in (("directly", plain), ("through Ray", ray)):
                    milliseconds = await _ask(served.session, _body(kind, round))
                    if round:  # the first one opens the model and joins the cluster
                        times[kind, way].append(milliseconds)
    return times


def _body(kind: str, round: int) -> bytes:
    name = "warm" if kind == "warm" else f"cold_{round}"
    above = "".join(f"    def {name}_{line}(self, item):\n        return item\n\n" for line in range(LINES))
    # another number in each round, so that nothing is answered from memory
    prefix = f"class Thing:\n{above}    def value_{round}(self, item):\n        "
    body = {"prefix": prefix, "suffix": "\n", "language": "python", "document": name, "path": f"{name}.py"}
    return json.dumps(body).encode()


async def _ask(session: aiohttp.ClientSession, data: bytes) -> float:
    began = time.perf_counter()
    async with session.post("/complete", data=data) as response:
        await response.read()
        response.raise_for_status()
    return (time.perf_counter() - began) * 1000


@contextmanager
def _cluster() -> Iterator[dict[str, str]]:
    """A cluster of its own with one replica, and the environment in which commands find it."""
    with tempfile.TemporaryDirectory(prefix="fr-") as folder:
        own = {
            "XDG_RUNTIME_DIR": folder,
            "FIMBLE_CONFIG": os.path.join(folder, "none.toml"),
            "FIMBLE_FALLBACK": "0",
        }
        try:
            _command(own, "deploy", "--replicas", "1", "--temp-dir", os.path.join(folder, "r"))
            yield own
        finally:
            _command(own, "down")


def _command(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-P", "-m", "fimble.cli.main", "cluster", *arguments]
    subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
