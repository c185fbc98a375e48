"""Candidates by hand: how long three take together, against one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest
from fimble.lsp.keystroke import variants_of

from .effort import effort
from .people import typed
from .places import places
from .tables import note, percentile, show

KEYS = 40
COUNTS = (1, 3)


@dataclass
class Asked:
    """What came of asking for so many: milliseconds until all were there, and the tokens they have."""

    latencies: list[float] = field(default_factory=list)
    made: int = 0


def main() -> None:
    found = asyncio.run(_main())
    rows = [
        [str(count), percentile(asked.latencies, 0.5), percentile(asked.latencies, 0.95),
         sum(asked.latencies) / len(asked.latencies), asked.made / len(asked.latencies)]
        for count, asked in found.items()
    ]  # fmt: skip
    show("Candidates by hand", ("candidates", "p50 ms", "p95 ms", "mean ms", "tokens made"), rows)
    one, three = (sum(found[count].latencies) for count in COUNTS)
    pairs = zip(*(found[count].latencies for count in COUNTS), strict=True)
    each = percentile([more / max(less, 1e-3) for less, more in pairs], 0.5)
    note(f"Three take {three / one:.2f} times the time of one, {each:.2f} times at the median place.")
    note("At the same places, after a key, with the text before it read.")


async def _main() -> dict[int, Asked]:
    engine, found = Engine(Settings()), {count: Asked() for count in COUNTS}
    try:
        for number, place in enumerate(places(effort(12, 2), KEYS)):
            texts = typed([place], 0, 1)
            for key in range(KEYS // 4):
                before, *_, now = (next(texts).hole() for _ in range(4))
                for count in COUNTS if (number + key) % 2 else reversed(COUNTS):  # either comes first
                    await engine.warm(before)
                    await _ask(engine, now, count, found[count])
    finally:
        await engine.close()
    return found


async def _ask(engine: Engine, request: FimRequest, count: int, asked: Asked) -> None:
    began = time.perf_counter()
    completions = await asyncio.gather(*(engine.complete(each) for each in variants_of(request, count)))
    asked.latencies.append((time.perf_counter() - began) * 1000)
    asked.made += sum(each.usage.completion_tokens for each in completions)


if __name__ == "__main__":
    main()
