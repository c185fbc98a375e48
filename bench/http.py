"""People typing at one server at the same time, over HTTP, and the same people at llama-server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings

from .clients import Answer, FimbleClient, LlamaClient, MakeClient
from .effort import effort
from .llama import Setup, llama, llama_server
from .load import Load
from .people import Clock, Typist, dropping, measure, typed, waiting
from .places import places
from .replay import KEY_SECONDS, Passage
from .servers import Served, fimble
from .sheet import Sheet
from .tables import note, percentile, show

_SLOTS = {1: (1,), 4: (4, 8), 16: (8, 16), 64: (16, 32)}
SETUPS = {
    people: (*(Setup(number) for number in slots), Setup(slots[-1], sleeps=True))
    for people, slots in _SLOTS.items()
}
"""How many people, and how llama-server is tried for them."""
QUICK_SETUPS = {1: (Setup(1),), 16: (Setup(16),)}
PLACES, KEYS = 128, 160
SETTLED_SECONDS = 3.0
"""By then everybody's text has been read once."""


@dataclass(frozen=True, slots=True)
class Round:
    """The same people at both servers; ``setup`` is llama-server's best one for them."""

    ours: Load
    theirs: Load | None = None
    setup: Setup | None = None

    def loads(self) -> list[tuple[str, Load]]:
        theirs = [(str(self.setup), self.theirs)] if self.theirs else []
        return [("fimble serve", self.ours), *theirs]


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    files, program = places(PLACES + 1, KEYS), llama_server()
    waited = [await _round(program, files, people, waiting) for people in _setups()]
    _show_waiting(waited)
    await _show_cost_of_http(files)
    _show_dropping([await _round(program, files, people, dropping) for people in _setups()])
    note("Everybody types in other files, from their middle on, which no server has seen before.")
    note("llama-server answers as llama.vim asks; its client's cache is counted as answers. Its best setup.")


def _setups() -> Mapping[int, tuple[Setup, ...]]:
    return effort(SETUPS, QUICK_SETUPS)


async def _round(program: str | None, files: list[Passage], people: int, typist: Typist) -> Round:
    async with fimble() as served:
        ours = await _load(served, files, people, typist, FimbleClient)
    if program is None:
        return Round(ours)
    tried = []
    for setup in _setups()[people]:
        async with llama(program, setup) as served:
            tried.append((await _load(served, files, people, typist, LlamaClient), setup))
    theirs, setup = max(tried, key=lambda each: (each[0].in_time(SETTLED_SECONDS), each[0].rate))
    return Round(ours, theirs, setup)


async def _load(
    served: Served, files: list[Passage], people: int, typist: Typist, make_client: MakeClient
) -> Load:
    await make_client(served.session).ask(Sheet(files[PLACES]))  # so that the model is loaded
    return await measure(served, typist, people, _seconds(), files[:PLACES], make_client)


def _seconds() -> float:
    return effort(10.0, 5.0)


def _show_waiting(rounds: list[Round]) -> None:
    columns = (
        "waiting for each answer", "people", "answers/s", "p50 ms", "p95 ms", "client's cache",
        "p50 without it", "refused", "server's CPU", "generator's CPU",
    )  # fmt: skip
    rows = [
        [
            name, str(load.people), load.rate, load.latency(0.5), load.latency(0.95),
            f"{load.known_share:.0%}", percentile(load.asked, 0.5),
            *(f"{share:.0%}" for share in (load.refusals, load.server, load.generator)),
        ]
        for each in rounds for name, load in each.loads()
    ]  # fmt: skip
    show(f"Typing over HTTP, {KEY_SECONDS * 1000:.0f} ms a key, bundled model", columns, rows)
    compared = [_ratios(each.ours, each.theirs) for each in rounds if each.theirs]
    if compared:
        show("fimble : llama-server", ("", "people", "answers/s", "p50", "p95"), compared)


def _ratios(ours: Load, theirs: Load) -> list[object]:
    pairs = [
        (ours.rate, theirs.rate),
        *((ours.latency(share), theirs.latency(share)) for share in (0.5, 0.95)),
    ]
    return ["waiting", str(ours.people), *(f"{a / b:.2f}" if b else "–" for a, b in pairs)]


def _show_dropping(rounds: list[Round]) -> None:
    rows = [
        [
            name, str(load.people), f"{load.in_time():.0%}", f"{load.in_time(SETTLED_SECONDS):.0%}",
            *(f"{share:.0%}" for share in (load.refusals, load.server, load.generator)),
        ]
        for each in rounds for name, load in each.loads()
    ]  # fmt: skip
    columns = (
        "dropping what is late", "people", "before next key", "from the 4th second on", "refused",
        "server's CPU", "generator's CPU",
    )  # fmt: skip
    show("The same, each key closing the request of the key before it", columns, rows)


async def _show_cost_of_http(files: list[Passage]) -> None:
    """Compare one person's latencies, less the engine's own time, with those of the engine itself. The
    document has no name, so that the model is asked for each key."""
    async with fimble() as served:
        over_http = await _load(served, files, 1, waiting, lambda session: FimbleClient(session, named=False))
    engine = Engine(Settings())
    direct, clock = Load(1), Clock(_seconds())
    try:
        await waiting(direct, clock, 0.0, _Direct(engine), typed(files, 0, 1))
    finally:
        await engine.close()
    with_http, without = percentile(over_http.outside, 0.5), percentile(direct.outside, 0.5)
    note(
        f"HTTP adds {with_http - without:.2f} ms to the engine at the median of one person's keys "
        f"({with_http:.2f} ms beside the model's work, {without:.2f} ms without HTTP)."
    )


@dataclass(frozen=True, slots=True)
class _Direct:
    """A client of the engine in this process."""

    engine: Engine

    async def ask(self, sheet: Sheet) -> Answer | None:
        completion = await self.engine.complete(sheet.hole())
        usage = completion.usage
        read = usage.prompt_tokens - usage.cached_tokens
        return Answer(read, usage.completion_tokens, completion.timings.total_ms)


if __name__ == "__main__":
    main()
