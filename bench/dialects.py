"""What another program's API adds to ``POST /complete``: the same hole asked in all of them, one after the
other.

The model is the fake one, which says the same at once, so what differs is the way in and out.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from .effort import effort
from .servers import fimble
from .tables import note, percentile, show

LINES = 250
"""Above the cursor, as many as llama.vim sends; a quarter of them below."""
FAKE = {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": json.dumps({"answer": "return item.value"})}
Hole = tuple[str, str, str]
"""The lines above the cursor's, its own up to the cursor, and what is behind."""
COLUMNS = ("", "requests", "p50 ms", "p95 ms", "more than /complete, p50")


def hole(number: int) -> Hole:
    """Another line of one file for each number, so that nothing is answered from memory."""
    above = "".join(f"    def method_{line}(self, item):\n" for line in range(LINES))
    below = "".join(f"    def other_{line}(self, item):\n" for line in range(LINES // 4))
    return f"class Thing:\n{above}", f"        value_{number} = ", f"\n{below}"


def _infill(above: str, line: str, below: str) -> dict[str, Any]:
    return {
        "input_prefix": above, "prompt": line, "input_suffix": below, "input_extra": [], "n_predict": 128,
        "id_slot": 0, "n_indent": 8, "t_max_predict_ms": 250, "samplers": ["top_k", "top_p", "infill"],
    }  # fmt: skip


def _prompt(above: str, line: str, below: str) -> dict[str, Any]:
    return {"model": "fake", "prompt": above + line, "suffix": below, "max_tokens": 128}


def _tabby(above: str, line: str, below: str) -> dict[str, Any]:
    return {"language": "python", "segments": {"prefix": above + line, "suffix": below}}


def _ollama(above: str, line: str, below: str) -> dict[str, Any]:
    return {"model": "fake", "prompt": above + line, "suffix": below, "stream": False}


def _complete(above: str, line: str, below: str) -> dict[str, Any]:
    return {
        "prefix": above + line,
        "suffix": below,
        "language": "python",
        "document": "a",
        "eagerness": "balanced",
    }


DIALECTS: dict[str, tuple[str, Callable[[str, str, str], dict[str, Any]]]] = {
    "/complete": ("/complete", _complete),
    "llama-server": ("/infill", _infill),
    "Tabby": ("/v1/completions", _tabby),
    "Ollama": ("/api/generate", _ollama),
    "Mistral": ("/v1/fim/completions", _prompt),
    "DeepSeek": ("/beta/completions", _prompt),
    "OpenAI with suffix": ("/v1/completions", _prompt),
}


def main() -> None:
    times = asyncio.run(_main())
    plain = percentile(times["/complete"], 0.5)
    rows = [
        [name, str(len(each)), f"{percentile(each, 0.5):.2f}", f"{percentile(each, 0.95):.2f}",
         f"{percentile(each, 0.5) - plain:+.2f}"]
        for name, each in times.items()
    ]  # fmt: skip
    show("One hole in every API, with the fake model", COLUMNS, rows)
    note("Each request is of another line in one file, over one kept connection. A file's language that")
    note("nobody names is guessed once.")


async def _main() -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in DIALECTS}
    numbers = itertools.count()
    async with fimble(FAKE) as served:
        for round in range(effort(300, 20) + 1):
            for name, (path, body) in DIALECTS.items():
                data = json.dumps(body(*hole(next(numbers)))).encode()
                milliseconds = await _ask(served.session, path, data)
                if round:  # the first one warms up
                    times[name].append(milliseconds)
    return times


async def _ask(session: aiohttp.ClientSession, path: str, data: bytes) -> float:
    began = time.perf_counter()
    async with session.post(path, data=data) as response:
        await response.read()
        response.raise_for_status()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
