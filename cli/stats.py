"""``fimble stats``: what suggestions were good for, from this machine's own records."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fimble.engine.errors import InvalidRequest
from fimble.lsp.statistics import read_records, statistics_file
from fimble.lsp.summary import Summary, by_day, by_language, summarise

from .stats_rows import HEADINGS, cells

BARS = " ▁▂▃▄▅▆▇█"
DAY_SECONDS = 86_400


def run(days: int, html: Path | None, as_json: bool) -> None:
    records = read_records(statistics_file(), time.time() - days * DAY_SECONDS)
    total, languages, dates = summarise("all", records), by_language(records), by_day(records)
    if as_json:
        print(json.dumps({"total": total.to_json(), **_rows("languages", languages), **_rows("days", dates)}))
    elif html is not None:
        _write_page(html, total, languages, dates)
    else:
        _draw(days, total, languages, dates)


def _rows(name: str, summaries: list[Summary]) -> dict[str, object]:
    return {name: [summary.to_json() for summary in summaries]}


def _write_page(path: Path, total: Summary, languages: list[Summary], dates: list[Summary]) -> None:
    from .stats_page import page

    try:
        path.write_text(page(total, languages, dates), "utf-8")
    except OSError as error:
        raise InvalidRequest(f"Cannot write {path}: {error.strerror or error}.") from error
    print(path)


def _draw(days: int, total: Summary, languages: list[Summary], dates: list[Summary]) -> None:
    console = Console()
    if not total.suggestions:
        console.print("No suggestions were recorded yet. Open an editor with fimble and type.")
        return
    console.print(_table(days, [*languages, total]))
    console.print(Text.assemble(("suggestions a day  ", "bold"), spark([day.suggestions for day in dates])))
    console.print(Text.assemble(("accepted a day     ", "bold"), spark([day.accepted for day in dates])))
    console.print(f"[dim]{dates[0].name} to {dates[-1].name}; kept in {statistics_file()}[/]")


def _table(days: int, summaries: list[Summary]) -> Table:
    table = Table(title=f"The last {days} days", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("language", min_width=8, overflow="fold")
    for heading in HEADINGS:
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for summary in summaries:
        table.add_row(*cells(summary), style="bold" if summary.name == "all" else None)
    return table


def spark(values: list[int]) -> str:
    """A line of small bars; the highest value is a full one."""
    most = max(values, default=0) or 1
    return "".join(BARS[round(value / most * (len(BARS) - 1))] for value in values)
