"""What the project's memory suggests without a model: what stood behind the same characters, as far as the
end of the line."""

from __future__ import annotations

from pathlib import Path

from fimble.engine.memory.index import Index
from fimble.engine.memory.keeper import ProjectMemory
from fimble.engine.memory.proposer import proposer
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, Snippet

from .log import Work
from .passages import Place, Workplace

MATCHED = 12
"""Bytes that must agree; fewer are mostly chance."""
LONGEST = 200
"""Characters of a suggestion."""


class MemoryAlone:
    """An editor of one project, whose files lie in ``folder``."""

    def __init__(self, folder: Path, workplace: Workplace, index: Index | None) -> None:
        self._folder, self._workplace, self._index = folder, workplace, index
        self._place, self._inserted, self._shown = workplace.places[0], "", ""
        self._beside: tuple[Snippet, ...] = ()

    @classmethod
    async def of(cls, folder: Path, workplace: Workplace) -> MemoryAlone:
        """With the project's index, made now."""
        settings = Settings()
        memory = ProjectMemory(settings.memory_files, settings.memory_megabytes)
        memory.prepare(str(folder))
        await memory.ready(str(folder))
        made = memory.index_of(str(folder))
        await memory.close()
        return cls(folder, workplace, Index.open(Path(made)) if made else None)

    def open(self, place: Place) -> None:
        self._place, self._inserted, self._shown = place, "", ""
        names = self._workplace.neighbours(place)
        self._beside = tuple(Snippet(name, self._workplace.text(name)) for name in names)

    async def type(self, key: str) -> None:
        self._inserted += key
        self._shown = self._shown[len(key) :] if self._shown.startswith(key) else ""

    async def take(self, length: int) -> None:
        await self.type(self._shown[:length])

    async def ask(self) -> str:
        self._shown = self._shown or self._found()
        return self._shown

    def _found(self) -> str:
        place = self._place
        source = proposer(
            FimRequest(place.before + self._inserted, place.after, path=place.name, beside=self._beside),
            self._index,
        )
        text = b""
        while b"\n" not in text and len(text) < LONGEST:
            best = next(iter(source.propose()), None)
            if best is None or best.matched < MATCHED:
                break
            text += best.text
            source.accept(best.text)
        return text.decode("utf-8", "ignore").partition("\n")[0]

    def text(self) -> str:
        return self._place.before + self._inserted + self._place.after

    async def work(self) -> Work:
        return Work()
