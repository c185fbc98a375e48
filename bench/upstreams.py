"""What asking another server for a suggestion adds: each kind of upstream through its backend, and the same
bytes posted by a bare client, in turn.

`fimble serve` speaks the APIs of all kinds. Its model is the fake one, which says the same at once, so what
differs is our side: making the request, reading the answer, and the way between them.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from fimble.engine.backends.limited import limited
from fimble.engine.types import FimRequest
from fimble.engine.upstream_settings import Kind, UpstreamSettings
from fimble.engine.upstreams.backend import UpstreamBackend
from fimble.engine.upstreams.exchange import Exchanges
from fimble.engine.upstreams.wires import PROGRAMS, wire_of

from .dialects import FAKE, hole
from .effort import effort
from .servers import Served, fimble
from .tables import note, percentile, show

COLUMNS = ("", "requests", "bare, p50 ms", "upstream, p50 ms", "adds, p50 ms", "adds, p95 ms")
TABLES: dict[Kind, dict[str, Any]] = {
    "fimble": {},
    "llama": {},
    "vllm": {"model": "fake", "family": "qwen", "context_window": 1024},  # the fake model has a token a byte
    "openai": {"model": "fake", "suffix": True},
    "ollama": {"model": "fake", "suffix": True},
    "mistral": {"model": "fake"},
    "deepseek": {"model": "fake"},
}


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of both ways, pair by pair."""

    bare: list[float]
    ours: list[float]


def main() -> None:
    times = asyncio.run(_main())
    rows = [
        [PROGRAMS[kind], str(len(each.bare)), f"{percentile(each.bare, 0.5):.2f}",
         f"{percentile(each.ours, 0.5):.2f}",
         f"{percentile(each.ours, 0.5) - percentile(each.bare, 0.5):+.2f}",
         f"{percentile(each.ours, 0.95) - percentile(each.bare, 0.95):+.2f}"]
        for kind, each in times.items()
    ]  # fmt: skip
    show("A suggestion of another server, whose model is the fake one", COLUMNS, rows)
    note(
        "Each request is of another line in one file, over one kept connection; a bare client posts the same"
    )
    note("bytes and reads the answer to its end.")


async def _main() -> dict[Kind, Times]:
    times: dict[Kind, Times] = {kind: Times([], []) for kind in TABLES}
    numbers = itertools.count()
    async with fimble(FAKE) as served:
        address = await _address(served)
        ways = {kind: _Ways(served.session, address, kind) for kind in TABLES}
        for round in range(effort(300, 20) + 1):
            for kind, both in ways.items():
                bare_first = round % 2 == 0
                first = await (both.bare if bare_first else both.ours)(next(numbers))
                second = await (both.ours if bare_first else both.bare)(next(numbers))
                if round:  # the first one warms up
                    times[kind].bare.append(first if bare_first else second)
                    times[kind].ours.append(second if bare_first else first)
        for both in ways.values():
            await both.close()
    return times


class _Ways:
    """Both ways to ask a server as an upstream of one kind."""

    def __init__(self, session: aiohttp.ClientSession, address: str, kind: Kind) -> None:
        upstream = UpstreamSettings(kind=kind, address=address, **TABLES[kind])
        self._session, self._wire = session, wire_of(upstream)
        exchanges = Exchanges(address, None, 20.0, lambda: None, program=PROGRAMS[kind])
        self._backend = UpstreamBackend(exchanges, self._wire, upstream.slots)

    async def bare(self, number: int) -> float:
        request = _request(number)
        ask = self._wire.ask(request if self._wire.trims else limited(request))
        began = time.perf_counter()
        async with self._session.post(ask.path, data=ask.body) as response:
            await response.read()
            response.raise_for_status()
        return (time.perf_counter() - began) * 1000

    async def ours(self, number: int) -> float:
        request = _request(number)
        began = time.perf_counter()
        text = "".join([delta.text async for delta in self._backend.generate(request)])
        assert text == "return item.value", text
        return (time.perf_counter() - began) * 1000

    async def close(self) -> None:
        await self._backend.close()


async def _address(served: Served) -> str:
    async with served.session.get("/health") as response:
        return str(response.url.origin())


def _request(number: int) -> FimRequest:
    above, line, below = hole(number)
    return FimRequest(above + line, below, "python", "thing.py", mode="line", document="a")


if __name__ == "__main__":
    main()
