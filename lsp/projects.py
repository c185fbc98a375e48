"""The folders of the workspace, which the engine remembers, and what the user sees of that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fimble.engine.engine import Engine
from fimble.engine.memory.keeper import Progress

from .notices import Notices
from .progress import Bar
from .status import Status


class Projects:
    """Asks the engine in use to remember folders, again whenever something in them was saved. What it has
    read once is brought up to date without a word."""

    def __init__(self, notices: Notices, status: Status) -> None:
        self._notices, self._status = notices, status
        self._engine: Engine | None = None
        self._bars: dict[str, Bar] = {}
        self._said: dict[str, str] = {}

    def remember(self, engine: Engine, folders: Iterable[Path]) -> None:
        """Bring what is remembered of the folders up to date, soon."""
        if engine is not self._engine:
            self.forget()
            self._engine = engine
        for folder in map(str, folders):
            engine.remember(folder, self.heard)

    def heard(self, progress: Progress) -> None:
        """The engine has come so far with a folder."""
        workspace, name = progress.workspace, Path(progress.workspace).name
        if progress.ended:
            if (bar := self._bars.pop(workspace, None)) is not None:
                bar.end("not remembered" if progress.problem else "ready")
            if progress.problem:
                self._notices.once(progress.problem)
            files = f"{progress.files:,} file{'' if progress.files == 1 else 's'}"
            self._say(workspace, progress.problem or f"{name}: {files} remembered")
        elif not self._said.get(workspace) or workspace in self._bars:
            bar = self._bars.setdefault(workspace, self._notices.bar("Reading the project"))
            if progress.total:
                bar.tell(name, min(100, 100 * progress.done // progress.total))
            else:
                bar.tell(f"{name}: {progress.done:,} files")
            self._say(workspace, f"{name} is being read")

    def forget(self) -> None:
        """Another engine begins anew, or none is left."""
        for bar in self._bars.values():
            bar.end("stopped")
        self._bars.clear()
        self._said.clear()
        self._status.remembers("")

    def _say(self, workspace: str, sentence: str) -> None:
        self._said[workspace] = sentence
        self._status.remembers("; ".join(self._said.values()))
