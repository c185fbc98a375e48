"""Two editors, one engine: the memory of one language server and of two."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from fimble.cli.driver import Driver

from .processes import PARTS, apart, memory_by_part
from .replay import Passage, passages
from .tables import note, show


def main() -> None:
    one, two = asyncio.run(_measure("shared"))
    apart_one, apart_two = asyncio.run(_measure("local"))
    rows = [[part, one[part], two[part], apart_two[part]] for part in PARTS.values() if two[part]]
    rows.append(["together", one.total(), two.total(), apart_two.total()])
    rows.append([
        "against one", "", f"× {two.total() / one.total():.2f}",
        f"× {apart_two.total() / apart_one.total():.2f}",
    ])  # fmt: skip
    columns = ("MB (PSS)", "one editor", "two, sharing", "two, each its own")
    show("Memory after a suggestion in each editor", columns, rows)
    note("PSS: pages that processes share are divided among them.")


async def _measure(engine: str) -> tuple[Counter[str], Counter[str]]:
    """Memory with one editor, and with two."""
    with apart() as runtime, tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        first = await _editor(engine, Path(folder), passages(40)[0])
        one = memory_by_part(runtime)
        second = await _editor(engine, Path(folder), passages(40)[1])
        two = memory_by_part(runtime)
        await first.stop()
        await second.stop()
    return one, two


async def _editor(engine: str, folder: Path, passage: Passage) -> Driver:
    """An editor that has just been given a suggestion."""
    driver = Driver(folder, {"statistics": False, "engine": engine})
    await driver.start()
    driver.open(folder / passage.name, "python", passage.before + passage.after, len(passage.before))
    await driver.ask()
    return driver


if __name__ == "__main__":
    main()
