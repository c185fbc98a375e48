"""A summary as a row, on paper as on a page."""

from __future__ import annotations

from fimble.lsp.summary import Summary

HEADINGS = ("suggestions", "accepted", "share", "characters", "still there", "p50 ms", "p95 ms", "no model")


def cells(summary: Summary) -> list[str]:
    """A summary as a row of a table."""
    retained = "–" if summary.retained is None else f"{summary.retained:.0%}"
    return [
        summary.name, f"{summary.suggestions:,}", f"{summary.accepted:,}", f"{summary.acceptance:.0%}",
        f"{summary.accepted_characters:,}", retained, f"{summary.p50_ms:.0f}", f"{summary.p95_ms:.0f}",
        f"{summary.from_memory:.0%}",
    ]  # fmt: skip
