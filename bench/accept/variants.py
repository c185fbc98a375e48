"""What is compared: fimble with its settings one by one, and llama.vim."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from fimble.cli.driver import SERVER, Driver

from ..llama import llama, llama_server
from ..processes import apart
from ..servers import fimble
from .editors import FimbleEditor
from .llama_vim import LlamaVim
from .log import Work
from .memory_alone import MemoryAlone
from .passages import Place, Workplace
from .typist import Editor

LLAMA_VIM, VIM_ON_FIMBLE = "llama.vim", "llama.vim on fimble serve"
MEMORY_ALONE = "memory without a model"
READ_SECONDS = 120
"""Longer no project may take to be remembered."""


class ProjectEditor(Editor, Protocol):
    """An editor of one project."""

    def open(self, place: Place) -> None: ...

    async def work(self) -> Work:
        """What the model did for it so far."""
        ...


@dataclass(frozen=True, slots=True)
class Variant:
    """One of those that are compared; ``options`` are what the editor sends at the start, ``without`` is a
    part of the server that is left out."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    without: str = ""

    @property
    def installed(self) -> bool:
        return self.name != LLAMA_VIM or llama_server() is not None

    @asynccontextmanager
    async def editor(
        self, folder: Path, workplace: Workplace, in_real_time: bool = False
    ) -> AsyncIterator[ProjectEditor]:
        """Its editor of a project whose files lie in ``folder``. Unless keys come in real time, no answer
        waits for the next key."""
        if self.name == LLAMA_VIM:
            async with llama(llama_server() or "") as served:
                yield LlamaVim(served.session, workplace)
            return
        if self.name == VIM_ON_FIMBLE:
            async with fimble() as served:
                yield LlamaVim(served.session, workplace)
            return
        if self.name == MEMORY_ALONE:
            yield await MemoryAlone.of(folder, workplace)
            return
        with apart():
            debounce = "auto" if in_real_time else "off"
            driver = Driver(folder, {"statistics": False, "debounce": debounce, **self.options})
            await driver.start(self._command)
            try:
                if self.options.get("memory", True):
                    await asyncio.wait_for(driver.project_is_read(), READ_SECONDS)
                yield FimbleEditor(driver, folder, workplace)
            finally:
                await driver.stop()

    @property
    def _command(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "bench.accept.without", self.without) if self.without else SERVER


VARIANTS = (
    Variant("balanced"),
    Variant("subtle", {"eagerness": "subtle"}),
    Variant("eager", {"eagerness": "eager"}),
    Variant("without memory", {"memory": False}),
    Variant("without other files", {"contextFiles": False}),
    Variant("without the gate", {"engine": "local"}, "gate"),
    Variant("without trim", {"engine": "local"}, "trim"),
    Variant(MEMORY_ALONE),
    Variant(LLAMA_VIM),
    Variant(VIM_ON_FIMBLE),
)


def variants(names: list[str]) -> list[Variant]:
    """Those named, all for none; raises LookupError for a name that is none of them."""
    known = {each.name: each for each in VARIANTS}
    for name in names:
        if name not in known:
            raise LookupError(f"there is no variant {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(VARIANTS)
