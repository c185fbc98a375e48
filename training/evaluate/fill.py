"""Fills holes with a model, through the engine that users have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError
from fimble.engine.memory.keeper import Progress
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

from .metrics import Filled
from .tasks import Task


async def fill(
    model: str, tasks: Iterable[Task], memory: bool = True, project: Path | None = None
) -> AsyncGenerator[Filled]:
    """Each task with the model's text; a hole that cannot be filled counts as left empty.

    Without ``memory`` the text is the model's alone. ``project`` is the folder of the tasks' package; what
    it holds of a task's own file does not count.
    """
    engine = Engine(Settings(model=model, idle_minutes=0, memory=memory))
    workspace = None if project is None else str(project)
    try:
        await engine.models()
        if workspace:
            await _remembered(engine, workspace)
        for task in tasks:
            request = FimRequest(
                task.prefix, task.suffix, task.language, task.path, mode=task.mode, workspace=workspace
            )
            began = time.perf_counter()
            try:
                text = (await engine.complete(request)).text
            except FimbleError:
                text = ""
            yield Filled(task, text, (time.perf_counter() - began) * 1000)
    finally:
        await engine.close()


async def fill_in_projects(model: str, tasks: Sequence[Task], root: Path) -> list[Filled]:
    """The tasks in their order, each with the rest of its package at hand, in a folder below ``root``."""
    filled = dict[int, Filled]()
    for package in sorted({task.package for task in tasks}):
        chosen = [at for at, task in enumerate(tasks) if task.package == package]
        texts = fill(model, [tasks[at] for at in chosen], project=root / package)
        for at in chosen:
            filled[at] = await anext(texts)
        await texts.aclose()
    return [filled[at] for at in range(len(tasks))]


async def _remembered(engine: Engine, workspace: str) -> None:
    """Wait until the folder's index is made."""
    ended = asyncio.Event()

    def told(progress: Progress) -> None:
        if progress.problem:
            raise RuntimeError(progress.problem)
        if progress.ended:
            ended.set()

    engine.remember(workspace, told)
    await ended.wait()
