"""Where the time of one keystroke goes, in a file of over 5,000 lines."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from fimble.cli.driver import Driver
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.preparing import prepare
from fimble.engine.prompt.layout import PromptBuilder
from fimble.engine.prompt.window import Budget, fitting_window
from fimble.engine.runtimes.base import Runtime, Span
from fimble.engine.runtimes.memory import LEAST_CONTEXT
from fimble.engine.settings import Settings
from fimble.engine.trim import Trimmer
from fimble.engine.workers import codec
from fimble.engine.workers.messages import Run, WorkerOptions
from fimble.engine.workers.opened import open_model
from fimble.engine.workers.places import common_prefix
from fimble.lsp.context.request import build_request
from fimble.lsp.document import Document
from fimble.lsp.positions import Place

from .replay import large_file
from .tables import note, percentile, show

T = TypeVar("T")


def main() -> None:
    passage = large_file()
    lines = (passage.before + passage.after).count("\n")
    timings = _stages()
    rows = [[name, percentile(values, 0.5), percentile(values, 0.95)] for name, values in timings.items()]
    show(f"One keystroke, stage by stage ({lines:,} lines)", ("stage", "p50 ms", "p95 ms"), rows)
    overhead = asyncio.run(_round_trips())
    row = ["from didChange to the answer", percentile(overhead, 0.5), percentile(overhead, 0.95)]
    show(
        "Everything that is not the model: a fake model that answers at once", ("", "p50 ms", "p95 ms"), [row]
    )
    note("Both processes, both pipes, JSON, positions, syntax, context, prompt, trimming.")


def _stages() -> dict[str, list[float]]:
    """Each stage called by itself for every key of a passage, in milliseconds."""
    passage = large_file()
    timings: dict[str, list[float]] = {}

    def timed(stage: str, call: Callable[[], T]) -> T:
        began = time.perf_counter()
        result = call()
        timings.setdefault(stage, []).append((time.perf_counter() - began) * 1000)
        return result

    options = WorkerOptions(
        str(bundled_path()), threads=Settings().thread_count, context_length=LEAST_CONTEXT
    )
    opened = open_model(options)
    model, form = opened.model, opened.form
    assert form is not None
    budget = Budget.of(fitting_window(LEAST_CONTEXT))
    builder, held = PromptBuilder(model.tokenize, form, budget), list[int]()
    document = Document("file:///a.py", "python", "utf-16")
    document.replace(passage.before + passage.after)
    at = document.place(len(passage.before))
    for key in passage.typed:
        timed("apply the edit", lambda: document.change(at, at, key))  # noqa: B023
        at = Place(at.line + 1, 0) if key == "\n" else Place(at.line, at.column + 1)
        snapshot = timed("take a snapshot", lambda: document.snapshot(at))  # noqa: B023
        request = timed("build the request", lambda: build_request(snapshot, "a.py"))  # noqa: B023
        request = timed("cut it, look at the syntax", lambda: prepare(request).request)  # noqa: B023
        data = timed("pack for the worker", lambda: codec.encode(Run(1, request)))  # noqa: B023
        timed("unpack", lambda: codec.COMMANDS.decode(data))  # noqa: B023
        ids = timed("build the prompt", lambda: builder.build(request))  # noqa: B023
        timed("read the prompt (model)", lambda: _hold(model, held, ids))  # noqa: B023
        ids = [*ids, int(model.logits(0).argmax())]
        timed("make one token (model)", lambda: _hold(model, held, ids))  # noqa: B023
        timed("trim one line", lambda: Trimmer(request).feed("value)") + "")  # noqa: B023
        block = replace(request, mode="block")
        timed("trim a block", lambda: Trimmer(block).feed("if value:\n    go()\n"))  # noqa: B023
    return timings


def _hold(model: Runtime, held: list[int], ids: list[int]) -> None:
    """Have the first sequence hold these tokens, of which it may know some."""
    past = min(common_prefix(held, ids), len(ids) - 1)
    for at in range(past, len(ids), model.batch):
        model.decode([Span(0, ids[at : at + model.batch], at)])
    held[:] = ids


async def _round_trips() -> list[float]:
    """Milliseconds from a change to its answer with a model that takes no time."""
    passage = large_file()
    os.environ |= {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": '{"answer": "value = 1"}'}
    latencies = []
    try:
        with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
            driver = Driver(Path(folder), {"statistics": False, "prefetch": False, "debounce": "off"})
            await driver.start()
            text = passage.before + passage.after
            driver.open(Path(folder) / passage.name, "python", text, len(passage.before))
            await driver.ask()
            for key in passage.typed:
                began = time.perf_counter()
                driver.type(key)
                await driver.ask()
                latencies.append((time.perf_counter() - began) * 1000)
            await driver.stop()
    finally:
        os.environ.pop("FIMBLE_MODEL")
        os.environ.pop("FIMBLE_FAKE")
    return latencies


if __name__ == "__main__":
    main()
