"""Statistics of many suggestions, summed up for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .statistics import Record


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of some suggestions. Shares are 0 to 1, latencies milliseconds."""

    name: str
    suggestions: int
    accepted: int
    accepted_characters: int
    retained: float | None
    """Of the accepted characters, those still there half a minute later; None when never measured."""
    p50_ms: float
    p95_ms: float
    from_memory: float
    confidence: float | None = None
    """How likely they were to be taken, on average; None where nobody judged."""
    remembered: float = 0.0
    """Of the accepted characters, those that the memory of the project or the file contributed."""

    @property
    def acceptance(self) -> float:
        return self.accepted / self.suggestions if self.suggestions else 0.0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "acceptance": self.acceptance}


def summarise(name: str, records: Iterable[Record]) -> Summary:
    """The figures of all records together."""
    rows = list(records)
    accepted = [row for row in rows if row.accepted]
    measured = [row for row in accepted if row.retained is not None]
    latencies = sorted(row.latency_ms for row in rows)
    judged = [row.confidence for row in rows if row.confidence is not None]
    kept = sum(row.retained or 0 for row in measured)
    return Summary(
        name,
        len(rows),
        len(accepted),
        sum(row.accepted for row in accepted),
        kept / sum(row.accepted for row in measured) if measured else None,
        _at(latencies, 0.5),
        _at(latencies, 0.95),
        sum(row.source == "memory" for row in rows) / len(rows) if rows else 0.0,
        sum(judged) / len(judged) if judged else None,
        sum(row.accepted * row.remembered / max(1, row.length) for row in accepted)
        / max(1, sum(row.accepted for row in accepted)),
    )


def by_language(records: Iterable[Record]) -> list[Summary]:
    """One summary for each language, the most used first."""
    found = _grouped(records, lambda record: record.language or "other")
    return sorted(found, key=lambda summary: -summary.suggestions)


def by_day(records: Iterable[Record]) -> list[Summary]:
    """One summary for each day, the oldest first."""
    return _grouped(records, lambda record: time.strftime("%Y-%m-%d", time.localtime(record.at)))


def _grouped(records: Iterable[Record], key: Callable[[Record], str]) -> list[Summary]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return [summarise(name, rows) for name, rows in sorted(groups.items())]


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
