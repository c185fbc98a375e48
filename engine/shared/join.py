"""How an editor gets to its shared engine: it joins the one that is there, or starts it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import suppress

from ..limits import JOIN_SECONDS
from .address import LISTENS, TAKEN, Address, ServiceOptions, Streams
from .spare import SPARE, launch

WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.02, 0.5
"""Between two looks at a service that another editor has just started, at first and at most."""


async def join(address: Address) -> Streams:
    """Join the service, started if need be; several editors may do so at once.

    :class:`OSError` says why there is none to be had.
    """
    try:
        address.prepare()
        async with asyncio.timeout(JOIN_SECONDS):
            return await _join(address)
    except TimeoutError as error:
        raise OSError(f"The shared engine did not start within {JOIN_SECONDS:.0f} seconds.") from error
    except OSError as error:
        if error.errno is None:
            raise  # a sentence of ours
        raise OSError(f"The shared engine cannot be reached: {error}.") from error


async def _join(address: Address) -> Streams:
    wait = WAIT_SECONDS
    while True:
        try:
            streams = await address.connect()
            await _drop_spare()
            return streams
        except TimeoutError as error:
            raise OSError("The shared engine does not answer; its process may be stopped.") from error
        except (ConnectionError, FileNotFoundError):
            pass
        if not await start_service(address.options):
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)


async def start_service(options: ServiceOptions) -> bool:
    """Start the service with these options, the spare one if there is one.

    Tells whether it can be joined now; it cannot yet when another one is just starting or ending.
    :class:`OSError` has its reason not to start.
    """
    spare = SPARE.get(None)
    process = (spare.take() if spare is not None else None) or launch()
    try:
        word = await asyncio.to_thread(_tell, process, options)
    except asyncio.CancelledError:
        process.kill()
        raise
    if word in (LISTENS, TAKEN, ""):
        return word == LISTENS
    raise OSError(word)


def _tell(process: subprocess.Popen[bytes], options: ServiceOptions) -> str:
    """Tell a service its options; returns its answer, or nothing if it has none."""
    assert process.stdin is not None
    assert process.stdout is not None
    word = b""
    with process.stdout, suppress(BrokenPipeError):
        with process.stdin:
            process.stdin.write(options.to_json().encode() + b"\n")
        word = process.stdout.readline()
    if os.name != "nt":
        process.wait()
    return word.decode(errors="replace").strip()


async def _drop_spare() -> None:
    """Let a service end that was started in vain."""
    spare = SPARE.get(None)
    process = spare.drop() if spare is not None else None
    if process is not None:
        await asyncio.to_thread(process.wait)
