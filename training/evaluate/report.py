"""The table that is committed: a model beside its baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .metrics import Filled, Score, score

Results = Mapping[str, Sequence[Filled]]
"""Filled holes by system."""


@dataclass(frozen=True, slots=True)
class PassRate:
    """How many programs passed."""

    name: str
    passed: int
    count: int

    @property
    def share(self) -> float:
        return self.passed / max(1, self.count)


def table(title: str, results: Results, groups: Iterable[str], by: str) -> str:
    """A Markdown table: a row for each system and group; ``by`` names the task's field that groups."""
    lines = [f"### {title}", "", "| | system | holes | exact | similarity | saved | stops right |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|")
    for group in groups:
        for system, filled in results.items():
            chosen = [each for each in filled if getattr(each.task, by) == group]
            if chosen:
                lines.append(f"| {group} | {system} | {_cells(score(chosen))} |")
    return "\n".join(lines) + "\n"


def unmatched_table(results: Results, copied: Sequence[Filled]) -> str:
    """End-of-line holes split by whether the copy model finds the cursor's context in the file."""
    lines = ["### End of line, by whether the file has a match for the context", ""]
    lines += ["| | system | holes | exact |", "|---|---|---:|---:|"]
    for name, matched in (("no match", False), ("match", True)):
        chosen = {i for i, each in enumerate(copied) if each.matched == matched and _at_line_end(each)}
        for system, filled in results.items():
            found = score(filled[i] for i in sorted(chosen))
            lines.append(f"| {name} | {system} | {found.count} | {found.exact:.1%} |")
    return "\n".join(lines) + "\n"


def pass_table(rates: Mapping[str, Sequence[PassRate]]) -> str:
    lines = ["### By running the code (pass@1)", "", "| | system | holes | passed |", "|---|---|---:|---:|"]
    for system, rows in rates.items():
        lines += [f"| {row.name} | {system} | {row.count} | {row.share:.1%} |" for row in rows]
    return "\n".join(lines) + "\n"


def _at_line_end(filled: Filled) -> bool:
    return filled.task.kind == "end of line"


def _cells(found: Score) -> str:
    shares = (found.exact, found.similarity, found.saved, found.stops)
    return " | ".join([str(found.count), *(f"{share:.1%}" for share in shares)])
