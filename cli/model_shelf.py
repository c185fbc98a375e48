"""The commands of ``fimble models`` that list, download, choose and remove."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from fimble.engine.errors import ModelError, NoFimTokens
from fimble.engine.models import store
from fimble.engine.models.catalogue import BUNDLED, find_entry, resolve_model, source_of
from fimble.engine.models.download import pull as download
from fimble.engine.models.gguf import read_header
from fimble.engine.models.shelf import Row, path_of, rows
from fimble.engine.prompt.detect import detect
from fimble.engine.runtimes.memory import free_bytes
from fimble.engine.settings import load_settings

from .config_file import write_setting
from .source import say


def show(as_json: bool) -> None:
    settings = load_settings()[0]
    found = rows(settings.model, settings.tables)
    if as_json:
        print(json.dumps([_described(row) for row in found], indent=1))
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("name", "size", "memory", "licence", "", "for"):
        table.add_column(name, no_wrap=name in ("size", "memory", ""), overflow="fold")
    for row in found:
        size, memory = (store.megabytes(n) if n else "?" for n in (row.bytes, row.memory_bytes))
        table.add_row(row.name, size, memory, row.licence, f"[bold]{row.state}[/]", row.purpose)
    Console().print(table)
    say(f"Downloads are kept in {store.models_folder()}. `fimble models pull NAME` gets one.")


def _described(row: Row) -> dict[str, Any]:
    names = ("name", "title", "bytes", "memory_bytes", "parameters", "licence", "languages")
    described = {name: getattr(row, name) for name in names}
    return {**described, "for": row.purpose, "source": row.source, "path": row.path, "used": row.used}


def pull(name: str) -> None:
    source, entry = source_of(name), find_entry(name)
    if entry is not None:
        say(f"{entry.title}, licence {entry.licence}: https://huggingface.co/{source.repository}")
    with _Bar(name) as bar:
        path = download(source, bar)
    _note_about_fim(path)
    print(f"{name} is in {path}. Run `fimble models use {name}` to have it make suggestions.")


def _note_about_fim(path: Path) -> None:
    try:
        detect(read_header(path).metadata)
    except NoFimTokens:
        say(f"Note: {path.name} has no fill-in-the-middle tokens. It can chat, but not suggest code.")


def use(name: str) -> str:
    """Write ``model`` into the settings, once it is sure that the file can be read."""
    tables = load_settings()[0].tables
    file = write_setting("model", name if tables.get(name) == "" else _setting_of(name, tables))
    if "FIMBLE_MODEL" in os.environ:
        say("FIMBLE_MODEL is set in this environment and wins over the settings file.")
    return f"{file} names {name} now. Restart fimble in your editor, or `fimble serve`, to use it."


def _setting_of(name: str, tables: Mapping[str, str]) -> str:
    """What the setting says for a model on this machine: its name, or the path of a file that has none."""
    path = resolve_model(tables.get(name, name))[1]
    _note_about_fim(path)
    source = store.hub_source(name)
    named = name in tables or name == BUNDLED or find_entry(name) or (source and store.place(source) == path)
    return name if named else str(path.resolve())


def remove(name: str, yes: bool) -> str:
    if name == BUNDLED:
        raise ModelError("The bundled model belongs to fimble and stays. Remove fimble to remove it.")
    path = store.place(source_of(name))
    settings = load_settings()[0]
    used = path in map(path_of, filter(None, (settings.model, *settings.tables.values())))
    if path.exists() and not yes:
        typer.confirm(f"Delete {name}, {store.megabytes(path.stat().st_size)}?", abort=True)
    store.remove(path)
    if used:
        say(f"The settings still name {name}: run `fimble models use bundled`, or pull it again.")
    return f"Deleted {name}. An engine that has it loaded goes on until it stops."


class _Bar:
    """A progress bar on a terminal, and elsewhere a line for each twentieth."""

    def __init__(self, name: str) -> None:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._name, self._progress = name, Progress("{task.description}", *columns, transient=True)
        self._task: Any = None
        self._size, self._told = 1, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def found(self, size: int, there: int) -> None:
        kept = f", of which {store.megabytes(there)} are here" if there else ""
        say(f"{self._name}: {store.megabytes(size)}{kept}.")
        self._size, self._told = size, 20 * there // size
        if size > free_bytes():
            say(f"Note: {store.megabytes(free_bytes())} of memory are free, and it needs more than its size.")
        if sys.stdout.isatty():
            self._task = self._progress.add_task(self._name, total=size, completed=there)
            self._progress.start()

    def at(self, count: int) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=count)
        elif (part := 20 * count // self._size) > self._told:
            self._told = part
            say(f"{self._name}: {5 * part} %")

    def checking(self) -> None:
        self._progress.stop()
        say("Checking it.")

    def waiting(self) -> None:
        say(f"Another fimble downloads {self._name} already; waiting for it.")
