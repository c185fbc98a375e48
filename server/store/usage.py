"""Usage: counts for each key, day, model and endpoint. No text, no times of single requests.

Latencies are kept as a histogram whose buckets grow by a quarter, so that percentiles of any span of
days can be told within about a tenth, and several servers can add to the same rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from .tables import LATENCY, USAGE

GROWTH = 1.25


class Dimensions(NamedTuple):
    """What is counted together. ``key`` is "" where no key was needed."""

    key: str
    day: str
    model: str
    endpoint: str


@dataclass(slots=True)
class Counts:
    """What happened; sums of two are what happened in both."""

    requests: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    shown: int = 0
    accepted: int = 0
    latency: Counter[int] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        for each in fields(self)[:-1]:
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.latency.update(other.latency)

    def percentile(self, share: float) -> float | None:
        """Milliseconds within which this share of the requests was answered."""
        wanted = share * self.latency.total()
        seen = 0
        for bucket in sorted(self.latency):
            seen += self.latency[bucket]
            if seen >= wanted:
                return round(bucket_ms(bucket), 2)
        return None


def bucket_of(milliseconds: float) -> int:
    return round(math.log(max(milliseconds, 0.01), GROWTH))


def bucket_ms(bucket: int) -> float:
    return float(GROWTH**bucket)


def day_of(seconds: float) -> str:
    """The UTC day of a time, as an ISO date."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def write(connection: Connection, found: Mapping[Dimensions, Counts]) -> None:
    """Add counts to what is there; always in the same order, in which two servers cannot lock each other."""
    rows: list[dict[str, Any]] = []
    latencies: list[dict[str, Any]] = []
    for dimensions in sorted(found):
        counts, names = found[dimensions], dimensions._asdict()
        rows.append(names | {f.name: getattr(counts, f.name) for f in fields(counts) if f.name != "latency"})
        latencies += [names | {"bucket": b, "requests": n} for b, n in sorted(counts.latency.items())]
    _upsert(connection, USAGE, rows)
    _upsert(connection, LATENCY, latencies)


def read(
    connection: Connection, first: str, last: str, keys: Iterable[str] | None
) -> dict[Dimensions, Counts]:
    """Counts from day to day, of some keys or all."""
    found: dict[Dimensions, Counts] = {}
    for row in connection.execute(select(USAGE).where(_within(USAGE, first, last, keys))).mappings():
        values: dict[str, Any] = dict(row)
        dimensions = Dimensions(*(values.pop(name) for name in Dimensions._fields))
        found[dimensions] = Counts(**values)
    for row in connection.execute(select(LATENCY).where(_within(LATENCY, first, last, keys))).mappings():
        dimensions = Dimensions(*(row[name] for name in Dimensions._fields))
        found.setdefault(dimensions, Counts()).latency[row["bucket"]] += row["requests"]
    return found


def tokens_of_day(connection: Connection, day: str) -> dict[str, int]:
    """What each key has used on a day."""
    spent = func.sum(USAGE.c.prompt_tokens + USAGE.c.completion_tokens)
    rows = connection.execute(select(USAGE.c.key, spent).where(USAGE.c.day == day).group_by(USAGE.c.key))
    return {key: int(tokens) for key, tokens in rows}


def forget_before(connection: Connection, day: str) -> None:
    for table in (USAGE, LATENCY):
        connection.execute(delete(table).where(table.c.day < day))


def _within(table: Table, first: str, last: str, keys: Iterable[str] | None) -> ColumnElement[bool]:
    chosen = true() if keys is None else table.c.key.in_(list(keys))
    return table.c.day.between(first, last) & chosen


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or add their numbers to those that are there."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table)
    sums = {c.name: c + insert.excluded[c.name] for c in table.c if not c.primary_key}
    statement = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)
    connection.execute(statement, rows)
