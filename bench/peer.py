"""The same model file in ``llama-server``, asked after every key the way llama.vim asks."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.prompt.window import fitting_window
from fimble.engine.runtimes.memory import LEAST_CONTEXT

from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show
from .typing import Replay, type_passage

LINES_BEFORE, LINES_AFTER = 256, 64
WINDOW = str(fitting_window(LEAST_CONTEXT))
"""Of the text around the cursor llama-server keeps as many tokens as its batch is long: as many as we do."""


def main() -> None:
    program = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    if not program:
        note("llama-server is not installed (LLAMA_SERVER=path names one): nothing to compare with.")
        return
    asyncio.run(_compare(program))


async def _compare(program: str) -> None:
    rows = []
    async with running(program) as address, aiohttp.ClientSession(address) as session:
        for passage in passages():
            ours = await type_passage(passage)
            theirs = await _type(session, passage)
            rows.append(_row(passage.name, ours, theirs))
    show(
        "fimble and llama-server, the same file in both, 120 ms a key",
        ("file", "fimble p50 ms", "p95", "llama-server p50 ms", "p95", "ratio of p50"),
        rows,
    )
    note(
        "llama-server: --spm-infill --cache-reuse 256, the same window of tokens; cache_prompt, 256 lines "
        "before and 64 after, as llama.vim asks."
    )


def _row(name: str, ours: Replay, theirs: Replay) -> list[object]:
    a, b = percentile(ours.latencies, 0.5), percentile(theirs.latencies, 0.5)
    pair = [percentile(ours.latencies, 0.95), b, percentile(theirs.latencies, 0.95)]
    return [name, a, *pair, f"{a / b:.2f}" if b else "–"]


@asynccontextmanager
async def running(program: str) -> AsyncIterator[str]:
    """A llama-server with the bundled model, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, "-m", str(bundled_path()), "--port", str(port), "--host", "127.0.0.1", "--spm-infill",
        "-t", str(os.cpu_count() or 1), "-np", "1", "-c", "2048", "-b", WINDOW, "-ub", WINDOW,
        "--cache-reuse", "256",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        await _until_healthy(address)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _until_healthy(address: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(address + "/health") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def _type(session: aiohttp.ClientSession, passage: Passage) -> Replay:
    replay, typed = Replay(passage.name), passage.before
    await infill(session, typed, passage.after)
    for key in passage.typed:
        typed += key
        began = time.perf_counter()
        await infill(session, typed, passage.after)
        replay.latencies.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(max(0.0, KEY_SECONDS - (time.perf_counter() - began)))
    return replay


async def infill(session: aiohttp.ClientSession, before: str, after: str) -> None:
    """One request as llama.vim makes it."""
    *lines, current = before.split("\n")
    body = {
        "input_prefix": "".join(line + "\n" for line in lines[-LINES_BEFORE:]),
        "prompt": current,
        "input_suffix": "\n".join(after.split("\n")[: LINES_AFTER + 1]),
        "n_predict": 128, "stop": ["\n"], "top_k": 40, "top_p": 0.9, "samplers": ["top_k", "top_p", "infill"],
        "stream": False, "cache_prompt": True, "t_max_prompt_ms": 500, "t_max_predict_ms": 250,
    }  # fmt: skip
    async with session.post("/infill", json=body) as response:
        response.raise_for_status()
        await response.read()


if __name__ == "__main__":
    main()
