"""A summary as a row, on paper as on a page."""

from __future__ import annotations

from fimble.lsp.summary import Summary

HEADINGS = (
    "suggestions", "accepted", "share", "sure", "characters", "by memory", "still there", "p50 ms", "p95 ms",
    "no model",
)  # fmt: skip
"""``sure`` is how likely the engine thought a suggestion to be taken, on average."""


def cells(summary: Summary) -> list[str]:
    """A summary as a row of a table."""
    retained = "–" if summary.retained is None else f"{summary.retained:.0%}"
    sure = "–" if summary.confidence is None else f"{summary.confidence:.0%}"
    return [
        summary.name, f"{summary.suggestions:,}", f"{summary.accepted:,}", f"{summary.acceptance:.0%}", sure,
        f"{summary.accepted_characters:,}", f"{summary.remembered:.0%}", retained, f"{summary.p50_ms:.0f}",
        f"{summary.p95_ms:.0f}", f"{summary.from_memory:.0%}",
    ]  # fmt: skip
