"""The memory of the projects that an engine serves: who asks for an index to be built, and knows where it is.

Nothing here touches a workspace's disk, which may not answer: that is left to the process that builds.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..limits import STOP_SECONDS
from .limits import BUILD_SECONDS, LINE_BYTES, LISTED_SECONDS, SILENT_SECONDS, UPDATE_SECONDS, WORKSPACES
from .messages import Said, Task

_WITHOUT = "Suggestions go on without what the project says."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the memory of a workspace is. Of ``total`` bytes ``done`` are read; while ``total`` is 0, files
    are being looked for, and ``done`` were found. ``ended`` comes once and last; so many ``files`` are
    remembered then, or ``problem`` is a sentence if it did not work."""

    workspace: str
    done: int = 0
    total: int = 0
    ended: bool = False
    files: int = 0
    problem: str = ""


OnProgress = Callable[[Progress], None]


class ProjectMemory:
    """For one event loop; ``close`` it at the end."""

    def __init__(
        self, files: int, megabytes: int, listed: Sequence[str] = (), root: Path | None = None
    ) -> None:
        """At most so many files and megabytes of text of a workspace are remembered. ``listed`` are folders
        that requests may name as their workspace, by the whole path or by its last part; ``root`` replaces
        the usual folder of indexes."""
        self._files, self._megabytes, self._root = files, megabytes, str(root or "")
        self._listed = {name: folder for folder in listed for name in (folder, Path(folder).name)}
        self._projects: dict[str, _Project] = {}

    def prepare_listed(self) -> None:
        """Make the indexes of the folders that are listed."""
        for folder in set(self._listed.values()):
            self.prepare(folder)

    def prepare(
        self, workspace: str, on_progress: OnProgress | None = None, every: float = UPDATE_SECONDS
    ) -> None:
        """Make the index of a folder, or bring it up to date: soon, and no more often than ``every`` so many
        seconds. ``on_progress`` hears of it from now on."""
        project = self._projects.get(workspace)
        if project is None:
            if len(self._projects) >= WORKSPACES:
                return
            task = Task(workspace, self._files, self._megabytes, self._root)
            project = self._projects[workspace] = _Project(task)
        if on_progress is not None:
            project.on_progress = on_progress
        project.ask(every)

    def index_of(self, workspace: str | None) -> str:
        """The folder of a workspace's index; empty when there is none that can be searched yet, and for every
        folder that nobody has prepared or listed."""
        if (listed := self._listed.get(workspace or "")) is not None:
            self.prepare(listed, every=LISTED_SECONDS)
        project = self._projects.get(listed or workspace or "")
        return project.index if project else ""

    @property
    def problems(self) -> list[str]:
        """Why workspaces are not remembered, or not whole: a sentence each."""
        return [said for project in self._projects.values() if (said := project.problem or project.left_out)]

    async def ready(self, workspace: str) -> None:
        """Return when nothing is left to be done for a workspace."""
        project = self._projects.get(workspace)
        while project is not None and project.task is not None:
            await asyncio.wait([project.task])

    async def close(self) -> None:
        """Stop all building; what was built is kept."""
        await asyncio.gather(*(project.close() for project in self._projects.values()))
        self._projects.clear()


class _Project:
    """One workspace. ``task`` is there while something is to be done for it."""

    def __init__(self, order: Task) -> None:
        self.index = self.problem = self.left_out = ""
        self.files = 0
        self.on_progress: OnProgress = lambda progress: None
        self.task: asyncio.Task[None] | None = None
        self._order, self._again = order, False
        self._began = float("-inf")

    def ask(self, every: float) -> None:
        if self.task is not None:
            self._again = True
            return
        self.task = asyncio.get_running_loop().create_task(self._work(every))

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _work(self, every: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(max(0.0, self._began + every - loop.time()))
                self._began, self._again = loop.time(), False
                await self._build()
                if not self._again:
                    return
        finally:
            self.task = None

    async def _build(self) -> None:
        """One update, with its end told."""
        self.problem = ""
        try:
            async with asyncio.timeout(BUILD_SECONDS):
                self.problem = await self._run()
        except TimeoutError:
            self.problem = f"{self._order.workspace} does not answer in time. {_WITHOUT}"
        except OSError as error:
            self.problem = f"No process can be started to remember the project ({error}). {_WITHOUT}"
        self.on_progress(Progress(self._order.workspace, ended=True, files=self.files, problem=self.problem))

    async def _run(self) -> str:
        """Have it built. Returns a sentence if that did not work."""
        # -P: the working folder is a user's project, whose modules must not be imported by accident
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "fimble.engine.memory.build",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES,
        )  # fmt: skip
        try:
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(self._order) + b"\n")
            while (said := await _heard(process)) is not None:
                if said.index:
                    self.index = said.index
                if said.problem:
                    return said.problem
                if said.ended:
                    self.files, self.left_out = said.files, said.left_out
                    self._order.whole = False  # it was seen to be sound, a moment ago
                    return ""
                self.on_progress(Progress(self._order.workspace, said.done, said.total))
            return f"The process that remembers {self._order.workspace} ended too early. {_WITHOUT}"
        finally:
            await _end(process)


async def _heard(process: asyncio.subprocess.Process) -> Said | None:
    """The next word; None when there is no more. Raises TimeoutError after a long silence."""
    assert process.stdout is not None
    async with asyncio.timeout(SILENT_SECONDS):
        try:
            line = await process.stdout.readline()
            return msgspec.json.decode(line, type=Said) if line else None
        except (ValueError, msgspec.MsgspecError):
            return None


async def _end(process: asyncio.subprocess.Process) -> None:
    """Have a process end, but do not wait for one that waits for a disk."""
    assert process.stdin is not None
    process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
            return
    process.kill()
