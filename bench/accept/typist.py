"""The simulated typist: types a passage key by key, reads what is shown and takes what is right."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from .log import Key, Log, Shown
from .parses import Parses
from .passages import Place
from .rules import judge


class Editor(Protocol):
    """An editor with one file open, its cursor where the passage begins."""

    async def ask(self) -> str:
        """The grey text at the cursor; empty where there is none."""
        ...

    async def type(self, key: str) -> None: ...

    async def take(self, length: int) -> None:
        """Take the first ``length`` characters of what was shown last."""
        ...

    def text(self) -> str:
        """The whole file as it is now."""
        ...


@dataclass
class Typist:
    """One passage in one editor. ``pace`` is the seconds from key to key; 0: no waiting."""

    editor: Editor
    place: Place
    log: Log
    pace: float = 0.0
    _at: int = 0
    _left: str = ""
    """What would be shown now if nothing new came: the rest of the last text."""
    _line: str = ""
    """Of the line that is written, what was written of it."""
    _late: set[asyncio.Task[str]] = field(default_factory=set)
    """Questions whose answers nobody waits for any more."""

    async def run(self) -> None:
        typed, began, parses = self.place.typed, time.perf_counter(), Parses(self.place)
        pressed = len(self.log.keys)
        self.log.characters.update(self.place.kinds[:-1])
        self.log.indentation += _indentation(typed)
        while self._at < len(typed):
            taken = await self._press(parses)
            while taken:
                taken = await self._press(parses, taken)
        self.log.seconds += time.perf_counter() - began
        await asyncio.gather(*self._late)
        self.log.passages.append((len(typed), len(self.log.keys) - pressed))
        self._check()

    async def _press(self, parses: Parses, taken: int = 0) -> int:
        """Press a key and look at what is shown; returns how much of it the next key should take."""
        start, began = self._at, time.perf_counter()
        written = self.place.typed[start : start + (taken or 1)]
        if taken:
            await self.editor.take(taken)
        else:
            await self.editor.type(written)
        self._at += len(written)
        self._left = self._left[len(written) :] if self._left.startswith(written) else ""
        shown = await self._answer() if self._at < len(self.place.typed) else ""
        self._note(start, written, taken, time.perf_counter() - began)
        take = self._look(shown, parses) if shown is not None and self._at < len(self.place.typed) else 0
        await asyncio.sleep(max(0.0, self.pace - (time.perf_counter() - began)))
        return take

    async def _answer(self) -> str | None:
        """What is shown now; None where the next key comes before that is known."""
        if not self.pace:
            return await self.editor.ask()
        asked = asyncio.create_task(self.editor.ask())
        await asyncio.wait([asked], timeout=self.pace)
        if asked.done():
            return asked.result()
        self._late.add(asked)
        return None

    def _note(self, start: int, written: str, taken: int, seconds: float) -> None:
        kinds = self.place.kinds
        indents = (
            not taken and written in " \t" and not self._line.strip() and "\n" in self.place.typed[:start]
        )
        self._line = (self._line + written).rpartition("\n")[2]
        self.log.keys.append(Key(kinds[start], kinds[self._at], len(written), indents, seconds * 1000))

    def _look(self, shown: str, parses: Parses) -> int:
        ahead = self.place.typed[self._at :]
        self.log.changes += shown != self._left
        judged = judge(shown, ahead) if shown else None
        if judged and shown != self._left:
            kind, lines = self.place.kinds[self._at], len(shown.strip("\n").split("\n"))
            agrees, sound = _agreeing(shown, ahead), parses.with_text(self._at, shown)
            self.log.shown.append(Shown(kind, len(shown), agrees, lines, judged.verdict, sound))
        self._left = shown
        return judged.taken if judged else 0

    def _check(self) -> None:
        """What was taken stays when the file is at last what it was to become."""
        expected = self.place.before + self.place.typed + self.place.after
        assert self.editor.text() == expected, f"{self.place.name} became another text than was typed"


def _agreeing(text: str, ahead: str) -> int:
    """With how many characters both begin."""
    pairs = zip(text, ahead, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(text), len(ahead)))


def _indentation(typed: str) -> int:
    """Characters that an editor puts in by itself: what the passage's further lines begin with."""
    lines = typed.split("\n")[1:]
    return sum(len(line) - len(line.lstrip(" \t")) for line in lines)
