"""What runs models: both runtimes and llama-server, with the bundled model and with shapes of larger ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fimble.engine.errors import FimbleError
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.runtimes.base import Runtime, Span
from fimble.engine.settings import Settings
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model

from .effort import effort
from .llama import Setup, llama, llama_server
from .llama_speed import Speed
from .random_model import BILLION_AND_HALF, HALF_BILLION, random_model
from .replay import large_file
from .rounds import median
from .tables import note, show

PROMPT, TYPED, MADE = 256, 4, 16
"""Tokens of a suggestion's prompt, of what a key or two add to it, and of its text."""
SHORT, DECODED = 64, 32
"""Tokens of the prompts and of the texts of answers that are made at once."""
CONTEXT, BATCH = 512, 512
SIDE_BY_SIDE = (1, 8, 16)
NAMES = ("ctransformers", "llamacpp")
COLUMNS = (
    "", "prompt tokens/s", *(f"{number} at once: tokens/s" for number in SIDE_BY_SIDE), "cold ms", "warm ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Tokens a second, read, and made by how many answers at once; a suggestion in milliseconds."""

    prompt: float
    made: Sequence[float]
    cold: float
    warm: float

    def row(self, name: str) -> list[object]:
        return [name, *(each or "–" for each in (self.prompt, *self.made, self.cold, self.warm))]


def main() -> None:
    program = llama_server()
    for title, path in _models():
        rows = [figures.row(name) for name in NAMES if (figures := _runtime(name, path))]
        if program:
            rows.append(asyncio.run(_server(program, path)).row("llama-server"))
        show(title, COLUMNS, rows)
    note(f"A suggestion has {MADE} tokens. Cold: {PROMPT} tokens are read first. Warm: {TYPED} of them.")
    note("Nothing but the model, in this process; llama-server over HTTP, its sampler included.")


def _models() -> Iterator[tuple[str, Path]]:
    yield "The bundled model, 11 M, Q8_0", bundled_path()
    for shape in effort((HALF_BILLION, BILLION_AND_HALF), ()):
        yield f"Random weights, {shape.name.removeprefix('random-').upper()}, Q4_0", random_model(shape)


def _runtime(name: str, path: Path) -> Figures | None:
    options = WorkerOptions(
        str(path), threads=Settings().thread_count, context_length=CONTEXT, batch=BATCH, runtime=name,
        sequences=max(SIDE_BY_SIDE),
    )  # fmt: skip
    try:
        runtime = open_model(options).model
    except FimbleError as error:
        note(f"{name} is left out: {error.message}")
        return None
    try:
        return _figures(runtime)
    finally:
        runtime.close()


def _figures(runtime: Runtime) -> Figures:
    ids = runtime.tokenize(large_file().before[-20 * PROMPT :])[-PROMPT - TYPED :]

    def prompt() -> None:
        runtime.keep(0, 0)
        _read(runtime, ids[:PROMPT], 0)

    def cold() -> None:
        prompt()
        _make(runtime, 1, MADE, ids, PROMPT)

    def warm() -> None:
        runtime.keep(0, PROMPT)
        _read(runtime, ids[PROMPT:], PROMPT)
        _make(runtime, 1, MADE, ids, len(ids))

    speed = PROMPT / median(prompt)
    made = [_side_by_side(runtime, ids, number) for number in SIDE_BY_SIDE]
    return Figures(speed, made, median(cold) * 1000, median(warm) * 1000)


def _side_by_side(runtime: Runtime, ids: list[int], sequences: int) -> float:
    """Tokens a second that so many answers get together, 0 where the runtime has not as many sequences."""
    if sequences > runtime.sequences:
        return 0.0
    for sequence in range(1, sequences):
        runtime.copy(0, sequence, SHORT)

    def make() -> None:
        for sequence in range(sequences):
            runtime.keep(sequence, SHORT)
        _make(runtime, sequences, DECODED, ids, SHORT)

    return sequences * DECODED / median(make)


def _read(runtime: Runtime, ids: list[int], past: int) -> None:
    for start in range(0, len(ids), runtime.batch):
        runtime.decode([Span(0, ids[start : start + runtime.batch], past + start)])


def _make(runtime: Runtime, sequences: int, tokens: int, ids: list[int], past: int) -> None:
    """An answer in each sequence; which tokens it has makes no difference."""
    for number in range(tokens):
        token = ids[number : number + 1]
        runtime.decode([Span(sequence, token, past + number) for sequence in range(sequences)])
        for span in range(sequences):
            runtime.logits(span)


async def _server(program: str, path: Path) -> Figures:
    text, most = large_file().before[-20 * PROMPT :], max(SIDE_BY_SIDE)
    async with llama(program, Setup(1), path) as served:
        alone = await Speed.of(served.session, text, PROMPT)
        cold, speed = await alone.cold(MADE)
        warm = await alone.warm(TYPED, MADE)
        made = [await alone.side_by_side(1, SHORT, DECODED)]
    async with llama(program, Setup(most), path) as served:
        together = await Speed.of(served.session, text, SHORT)
        made += [await together.side_by_side(number, SHORT, DECODED) for number in SIDE_BY_SIDE[1:]]
    return Figures(speed, made, cold, warm)


if __name__ == "__main__":
    main()
