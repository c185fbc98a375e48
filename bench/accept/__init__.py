"""How much of people's typing the suggestions save, and how often they are wrong.

A simulated typist goes through files of projects that no model of ours has learnt from, through the real
`fimble lsp`. :mod:`.rules` says what is taken and what is wrong, :mod:`.projects` has the projects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from ..effort import effort
from ..tables import note, show
from .figures import keys_saved, tables
from .log import Log
from .page import page, said
from .running import Plan, run
from .variants import Variant, variants

PAGE = Path(__file__).parents[1] / "ACCEPT.md"


def main() -> None:
    """All variants on the half of the projects that is reported."""
    measure(Plan(characters=effort(10_000, 700)), variants([]))


def measure(plan: Plan, compared: Iterable[Variant], write: bool = False) -> None:
    """Type, print the tables, and write them to the committed page if ``write`` says so."""
    installed = [each for each in compared if each.installed]
    results = asyncio.run(run(plan, installed, _tell))
    made = tables(results, plan.pace)
    for table in made:
        show(table.title, table.columns, table.rows)
    note(said(plan))
    if write:
        PAGE.write_text(page(plan, made), "utf-8")


def _tell(project: str, logs: dict[str, Log]) -> None:
    """One line for a project, since all of them take a while."""
    saved = ", ".join(f"{name} {keys_saved(log):.0%}" for name, log in logs.items())
    note(f"{project}: keys saved by {saved}")
