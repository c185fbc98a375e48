"""``fimble usage``: what the keys of a server have used."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fimble.engine.errors import SettingsError
from fimble.server.settings import server_settings
from fimble.server.store.database import Database
from fimble.server.store.keys import list_keys
from fimble.server.store.usage import Counts, Dimensions, read

GROUPS: dict[str, Callable[[Dimensions], str]] = {
    "key": lambda place: place.key,
    "day": lambda place: place.day,
    "model": lambda place: place.model,
    "endpoint": lambda place: place.endpoint,
}
COLUMNS = (
    "requests", "errors", "prompt_tokens", "cached_tokens", "completion_tokens", "shown", "accepted",
)  # fmt: skip

SHORT = ("requests", "errors", "read", "cached", "made", "shown", "taken")


def run(days: int, by: str, database: str | None, as_json: bool) -> None:
    if by not in GROUPS:
        raise SettingsError(f"--by {by!r}: choose from {', '.join(GROUPS)}.")
    last = datetime.now(UTC).date()
    first = last - timedelta(days=min(days, last.toordinal()) - 1)
    opened = Database(server_settings({"database": database}).database_url)
    with opened.open() as connection:
        found = read(connection, first.isoformat(), last.isoformat(), None)
        names = {key.id: key.name for key in list_keys(connection)}
    rows = _rows(found, by, names)
    if as_json:
        print(json.dumps(rows))
    else:
        _print_table(rows, by)


def _rows(found: dict[Dimensions, Counts], by: str, names: dict[str, str]) -> list[dict[str, Any]]:
    groups: defaultdict[str, Counts] = defaultdict(Counts)
    for place, counts in found.items():
        groups[GROUPS[by](place)].add(counts)
    return [
        {by: (names.get(group, group) or "no key") if by == "key" else group}
        | {name: getattr(counts, name) for name in COLUMNS}
        | {f"p{share}_ms": counts.percentile(share / 100) for share in (50, 95, 99)}
        for group, counts in sorted(groups.items())
    ]


def _print_table(rows: list[dict[str, Any]], by: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(by, min_width=8, overflow="fold")
    for name in (*SHORT, "p50 ms", "p95", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _cell(value: str | float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if isinstance(value, float) else str(value)
