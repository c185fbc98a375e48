"""Fills holes with a model, through the engine that users have."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

from .metrics import Filled
from .tasks import Task


async def fill(model: str, tasks: Iterable[Task], memory: bool = True) -> AsyncIterator[Filled]:
    """Each task with the model's text; a hole that cannot be filled counts as left empty.

    Without ``memory`` the text is the model's alone.
    """
    engine = Engine(Settings(model=model, idle_minutes=0, memory=memory))
    try:
        await engine.models()
        for task in tasks:
            request = FimRequest(
                task.prefix, task.suffix, task.language, task.path,
                mode=task.mode,
            )  # fmt: skip
            began = time.perf_counter()
            try:
                text = (await engine.complete(request)).text
            except FimbleError:
                text = ""
            yield Filled(task, text, (time.perf_counter() - began) * 1000)
    finally:
        await engine.close()
