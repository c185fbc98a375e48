"""A large project: what it costs to remember it, and what keys wait for it meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fimble.cli.driver import Driver
from fimble.engine.memory.folders import index_root

from .accept.folders import own_folders
from .effort import effort
from .places import library_files, places
from .processes import PARTS, apart, memory_by_part
from .replay import Passage
from .tables import note, percentile, show

FILES, FILE_CHARACTERS = 20_000, 3_200
KEY_SECONDS = 0.08
KEYS = 30


@dataclass
class Typed:
    """Milliseconds until each key's answer, by when it was typed."""

    name: str
    latencies: list[float] = field(default_factory=list)

    def row(self) -> list[object]:
        return [self.name, str(len(self.latencies)), *(percentile(self.latencies, p) for p in (0.5, 0.95))]


def main() -> None:
    with own_folders() as folder, apart() as runtime:
        passages = places(40, KEYS)
        megabytes = write_project(folder, effort(FILES, 2_000), {each.name for each in passages})
        rows, seconds, memory = asyncio.run(_measure(folder, runtime, iter(passages)))
    show(
        f"Typing in a project of {effort(FILES, 2_000):,} files, {megabytes:.0f} MB of text",
        ("", "keys", "p50 ms", "p95 ms"),
        [each.row() for each in rows],
    )
    note(f"{KEY_SECONDS * 1000:.0f} ms a key, in other files each time.")
    note(f"The project was read {max(seconds):.0f} s after the editor's start, at most.")
    parts = [[part, memory[part]] for part in PARTS.values() if memory[part]]
    show("Memory once it is read", ("MB (PSS)", ""), [*parts, ["together", memory.total()]])


def write_project(folder: Path, count: int, typed: set[str]) -> float:
    """So many files of pieces of this Python's library, 100 in a folder, without the files that are
    ``typed``; returns their size in MB. Where there is not enough of it, it comes again with other names."""
    files = [path for path in library_files() if path.name not in typed]
    whole = "\n".join(path.read_text("utf-8", "replace") for path in files)
    size = 0
    for number in range(count):
        start = number * FILE_CHARACTERS % len(whole)
        again = number * FILE_CHARACTERS // len(whole)
        text = whole[start : start + FILE_CHARACTERS]
        text = text.replace("self", f"self{again}") if again else text
        file = folder / f"part{number // 100}" / f"module{number}.py"
        file.parent.mkdir(exist_ok=True)
        size += file.write_text(text, "utf-8")
    return size / 1e6


async def _measure(
    folder: Path, runtime: Path, passages: Iterator[Passage]
) -> tuple[list[Typed], list[float], Counter[str]]:
    """Typing without memory, while the project is read, and once it is, in turn; the seconds that reading
    took; and the memory that all processes have at the end."""
    without, meanwhile, after = Typed("without memory"), Typed("while it is read"), Typed("once it is read")
    seconds, memory = list[float](), Counter[str]()
    for _ in range(effort(6, 1)):
        driver = await _editor(folder, memory=False)
        await _type(driver, folder, next(passages), without)
        await driver.stop()
        shutil.rmtree(index_root(), ignore_errors=True)
        began = time.perf_counter()
        driver = await _editor(folder, memory=True)
        reading = asyncio.create_task(driver.project_is_read())
        await _type(driver, folder, next(passages), meanwhile, reading.done)
        await reading
        seconds.append(time.perf_counter() - began)
        await _type(driver, folder, next(passages), after)
        memory = memory_by_part(runtime)
        await driver.stop()
    return [without, meanwhile, after], seconds, memory


async def _editor(folder: Path, memory: bool) -> Driver:
    """An editor in which a file is open and the model is loaded."""
    driver = Driver(folder, {"statistics": False, "memory": memory, "debounce": "off"})
    await driver.start()
    driver.open(folder / "first.py", "python", "import os\n", 10)
    await driver.ask()
    return driver


async def _type(
    driver: Driver, folder: Path, place: Passage, typed: Typed, enough: Callable[[], bool] = lambda: False
) -> None:
    """Type a passage, or as much of it as is enough."""
    driver.open(folder / place.name, "python", place.before + place.after, len(place.before))
    await driver.ask()
    for key in place.typed:
        if enough():
            return
        began = time.perf_counter()
        driver.type(key)
        await driver.ask()
        seconds = time.perf_counter() - began
        typed.latencies.append(seconds * 1000)
        await asyncio.sleep(max(0.0, KEY_SECONDS - seconds))


if __name__ == "__main__":
    main()
