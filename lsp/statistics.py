"""Local statistics: what was suggested, shown, accepted, and is still there half a minute later.

A SQLite file in the user's data folder, one row for each suggestion. No text of any document is kept,
only lengths and times. Writing happens in a thread, in batches.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from platformdirs import user_data_path

from .origins import NOBODY, Origin

FLUSH_SECONDS = 5.0


@dataclass
class Record:
    """One suggestion. Lengths are characters; None means: not known (yet)."""

    id: str
    at: float
    language: str
    source: str
    """``model``, or ``memory`` when it was known already."""
    latency_ms: float
    length: int
    shown: bool = False
    accepted: int = 0
    retained: int | None = None
    confidence: float | None = None
    """How likely it was to be taken, as far as the engine could tell."""
    remembered: int = 0
    """Characters that the memory of the project, or of the file, contributed."""
    scope: str = ""
    """Where most of these were found."""


_COLUMNS = [field.name for field in fields(Record)]
_FIRST = _COLUMNS[:9]
"""The columns of the first version; the others were added one by one, and are added to older files."""
_CREATE = f"CREATE TABLE IF NOT EXISTS suggestions ({', '.join(_FIRST)}, PRIMARY KEY (id, at))"
_WRITE = (
    f"INSERT OR REPLACE INTO suggestions ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(':' + name for name in _COLUMNS)})"
)


def statistics_file() -> Path:
    """Where the statistics are kept."""
    return user_data_path("fimble") / "statistics.sqlite3"


class Statistics:
    """Collects records of one session and writes them now and then; ``enabled`` off keeps nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or statistics_file()
        self.enabled = True
        self._records: dict[str, Record] = {}
        self._changed: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def add(
        self,
        id: str,
        language: str,
        source: str,
        latency_ms: float,
        length: int,
        origin: Origin = NOBODY,
    ) -> None:
        """A suggestion was offered; the first time counts, with the latency that it had then."""
        if self.enabled and id not in self._records:
            self._records[id] = Record(
                id, time.time(), language, source, latency_ms, length, **asdict(origin)
            )
            while len(self._records) > 500:
                self._records.pop(next(iter(self._records)))
            self._note(id)

    def shown(self, id: str) -> None:
        if (record := self._records.get(id)) is not None and not record.shown:
            record.shown = True
            self._note(id)

    def accepted(self, id: str, length: int | None = None) -> int:
        """All of a suggestion was accepted, or so many characters of it; returns how many."""
        record = self._records.get(id)
        if record is None:
            return 0
        record.shown, record.accepted = True, max(record.accepted, length or record.length)
        self._note(id)
        return record.accepted

    def retained(self, id: str, length: int) -> None:
        """So many of the accepted characters are still there."""
        if (record := self._records.get(id)) is not None:
            record.retained = length
            self._note(id)

    async def close(self) -> None:
        """Write what is left."""
        if self._timer is not None:
            self._timer.cancel()
        await self._flush()

    def _note(self, id: str) -> None:
        self._changed.add(id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        rows = [asdict(self._records[id]) for id in self._changed if id in self._records]
        self._changed.clear()
        if rows:
            await asyncio.to_thread(write_rows, self._path, rows)


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    """Add or replace rows; trouble with the disk costs the statistics, and nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _connect(path) as database:
            database.execute(_CREATE)
            _bring_up_to_date(database)
            database.executemany(_WRITE, rows)
    except (OSError, sqlite3.Error):
        return


def read_records(path: Path, since: float = 0.0) -> list[Record]:
    """All records made after a time (seconds since 1970); an absent or unusable file has none."""
    if not path.exists():
        return []
    try:
        with _connect(path) as database:
            known = [name for name in _COLUMNS if name in _columns_of(database)]
            asked = f"SELECT {', '.join(known)} FROM suggestions WHERE at >= ? ORDER BY at"
            rows = database.execute(asked, (since,))
            return [
                Record(**{n: v for n, v in zip(known, row, strict=True) if v is not None}) for row in rows
            ]
    except (sqlite3.Error, TypeError):
        return []


def _columns_of(database: sqlite3.Connection) -> set[str]:
    return {row[1] for row in database.execute("PRAGMA table_info(suggestions)")}


def _bring_up_to_date(database: sqlite3.Connection) -> None:
    """A file of an older version has fewer columns."""
    there = _columns_of(database)
    for name in _COLUMNS:
        if name not in there:
            with suppress(sqlite3.OperationalError):  # another editor was faster
                database.execute(f"ALTER TABLE suggestions ADD COLUMN {name}")


@contextmanager
def _connect(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=5)) as database, database:
        yield database
