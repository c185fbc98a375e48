"""Tables of figures."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

_CONSOLE = Console(width=None if sys.stdout.isatty() else 150)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: the first column is left-aligned, figures are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*map(_text, row))
    _CONSOLE.print(table)


def markdown(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same table for a document."""
    lines = [[*columns], ["---", *["--:"] * (len(columns) - 1)], *([*map(_text, row)] for row in rows)]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _text(value: object) -> str:
    return value if isinstance(value, str) else f"{value:,.1f}"


def note(text: str) -> None:
    _CONSOLE.print(text, style="dim")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of all lie, 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
