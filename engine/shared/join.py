"""How an editor gets to its shared engine: it joins the one that is there, or starts it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from ..limits import JOIN_SECONDS
from .address import LISTENS, TAKEN, Address, ServiceOptions, Streams

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
            return await address.connect()
        except TimeoutError as error:
            raise OSError("The shared engine does not answer; its process may be stopped.") from error
        except (ConnectionError, FileNotFoundError):
            pass
        if not await start_service(address.options):
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)


async def start_service(options: ServiceOptions) -> bool:
    """Start the service as a process of its own, which no editor's end takes down.

    Tells whether it can be joined now; it cannot yet when another one is just starting or ending.
    :class:`OSError` has its reason not to start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "fimble.engine.shared.service", options.to_json(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep), start_new_session=os.name != "nt",
    )  # fmt: skip
    assert process.stdout is not None
    try:
        word = (await process.stdout.readline()).decode(errors="replace").strip()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
        raise
    finally:
        if os.name != "nt":
            await process.wait()  # what was started has split off the service and ends at once
    if word in (LISTENS, TAKEN, ""):
        return word == LISTENS
    raise OSError(word)
