"""``fimble demo``: a file is typed before your eyes, with what the language server suggests meanwhile."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fimble.engine.syntax.languages import find_language

from .driver import Answer, Driver
from .source import read_source

ROWS = 18
ACCEPT_LENGTH = 6
"""A suggestion that is right for at least this many characters is accepted, as a person would."""

SAMPLE = '''\
import json
from pathlib import Path


class Inventory:
    """Keeps count of items, and remembers them in a file."""

    def __init__(self, path):
        self.path = Path(path)
        self.items = {}

    def add(self, name, count=1):
        if count < 0:
            raise ValueError("count must not be negative")
        self.items[name] = self.items.get(name, 0) + count

    def remove(self, name):
        if name not in self.items:
            raise KeyError(name)
        del self.items[name]

    def total(self):
        return sum(self.items.values())

    def save(self):
        with open(self.path, "w") as file:
            json.dump(self.items, file)

    def load(self):
        with open(self.path) as file:
            self.items = json.load(file)
'''


@dataclass
class Tally:
    """What happened while typing."""

    latencies: list[float] = field(default_factory=list)
    keys: int = 0
    accepted_characters: int = 0
    accepted: int = 0

    def table(self) -> Table:
        ordered = sorted(self.latencies)
        table = Table(box=None, show_header=False, padding=(0, 2))
        table.add_row("keys typed", str(self.keys))
        table.add_row("suggestions accepted", f"{self.accepted} ({self.accepted_characters} characters)")
        if ordered:
            middle, most = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
            table.add_row("from key to suggestion", f"p50 {middle:.0f} ms, p95 {most:.0f} ms")
        return table


def run(file: Path | None, model: str | None, key_ms: int) -> None:
    if model is not None:
        os.environ["FIMBLE_MODEL"] = model
    name, text = ("inventory.py", SAMPLE) if file is None else (file.name, read_source(str(file)))
    asyncio.run(_play(name, text, key_ms / 1000))


async def _play(name: str, text: str, key_seconds: float) -> None:
    console, tally = Console(), Tally()
    spec = find_language("", name)
    with tempfile.TemporaryDirectory(prefix="fimble-demo-") as folder:
        driver = Driver(Path(folder), {"statistics": False})
        await driver.start()
        driver.open(Path(folder) / name, spec.id if spec else "plaintext", "", 0)
        await driver.ask()  # the model loads
        with Live(console=console, auto_refresh=False, transient=True) as live:
            shown = await _type_all(
                driver, text, key_seconds, tally, lambda p: live.update(p, refresh=True), name
            )
        await driver.stop()
    console.print(shown)
    console.print(tally.table())


async def _type_all(
    driver: Driver, text: str, key_seconds: float, tally: Tally, draw: Callable[[Group], None], name: str
) -> Group:
    """Type ``text``, accepting what is right; returns the last picture of what was accepted, or else of any
    suggestion."""
    at, last, accepted = 0, _picture(name, "", Answer("", 0), tally), False
    while at < len(text):
        driver.type(text[at])
        at, tally.keys = at + 1, tally.keys + 1
        answer = await driver.ask()
        tally.latencies.append(answer.milliseconds)
        picture = _picture(name, text[:at], answer, tally)
        draw(picture)
        if answer.text and not accepted:
            last = picture
        await asyncio.sleep(max(0.0, key_seconds - answer.milliseconds / 1000))
        if len(answer.text) >= ACCEPT_LENGTH and text.startswith(answer.text, at):
            last, accepted = picture, True
            await asyncio.sleep(key_seconds * 8)  # time to read it
            await driver.accept(answer)
            at += len(answer.text)
            tally.accepted += 1
            tally.accepted_characters += len(answer.text)
    return last


def _picture(name: str, typed: str, answer: Answer, tally: Tally) -> Group:
    rows = max(1, ROWS - answer.text.count("\n"))  # room for the whole suggestion
    body = Text("\n".join(typed.split("\n")[-rows:]))
    body.append("▏", style="bold")
    body.append(answer.text, style="italic bright_black")
    panel = Panel(body, title=name, title_align="left", height=ROWS + 4, border_style="blue")
    status = f" {answer.milliseconds:5.0f} ms   {tally.accepted} accepted   Tab takes the grey text"
    return Group(panel, Text(status, style="bright_black"))
