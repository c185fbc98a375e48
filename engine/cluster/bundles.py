"""What a replica says, in as few messages as is good: each one takes Ray half a millisecond of a processor,
which the model wants too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress

from ..errors import FimbleError, FrameError
from ..workers.codec import REPLIES
from ..workers.frames import LENGTH, checked, pack
from ..workers.messages import Ended, Reply, Working
from .limits import BUNDLE_SECONDS, BUNDLE_STEP_SECONDS, SIGN_SECONDS

SIGN = pack(Working(0))


class _Box:
    """What was said and not sent yet."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.some, self.ended = asyncio.Event(), asyncio.Event()

    def put(self, reply: Reply) -> None:
        self.frames.append(pack(reply))
        self.some.set()

    def take(self) -> bytes:
        taken, self.frames = b"".join(self.frames), []
        self.some.clear()
        return taken


async def bundled(replies: AsyncGenerator[Reply]) -> AsyncGenerator[bytes]:
    """The first reply at once, later ones together with those that follow shortly after, and behind the last
    one how it ended. While there is none, now and then a sign of life: a slow model is no dead machine."""
    box, pause = _Box(), 0.0
    task = asyncio.create_task(_fill(box, replies))
    try:
        while not box.ended.is_set() or box.frames:
            await _within(box.some, SIGN_SECONDS)
            await asyncio.sleep(0)  # what has come with it goes with it
            yield box.take() or SIGN
            pause = min(pause + BUNDLE_STEP_SECONDS, BUNDLE_SECONDS)
            await _within(box.ended, pause)
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def unbundled(data: bytes) -> Iterator[Reply]:
    """The replies in a message; :class:`~..errors.FrameError` for bytes that are none."""
    while data:
        end = LENGTH.size + checked(data[: LENGTH.size]) if len(data) >= LENGTH.size else len(data) + 1
        if end > len(data):
            raise FrameError("A message of a replica is cut off.")
        yield REPLIES.decode(data[LENGTH.size : end])
        data = data[end:]


async def _fill(box: _Box, replies: AsyncGenerator[Reply]) -> None:
    try:
        async with aclosing(replies):
            async for reply in replies:
                box.put(reply)
        box.put(Ended(0))
    except FimbleError as error:
        box.put(Ended(0, error))
    finally:
        box.some.set()
        box.ended.set()


async def _within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
