"""Curves of a run: loss over tokens, validation beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SMOOTHED_OVER = 25


def curves(rows: list[dict[str, Any]], out: Path) -> None:
    """Draw the log's rows as an SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    tokens = [row["tokens"] / 1e6 for row in rows]
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    axes.plot(tokens, smoothed([row["loss"] for row in rows]), linewidth=1, label="training")
    for name in ("all", "middle"):
        points = [(row["tokens"] / 1e6, row["validation"][name]) for row in rows if "validation" in row]
        if points:
            axes.plot(*zip(*points, strict=True), marker=".", label=f"held-out packages, {name}")
    axes.set(xlabel="million tokens", ylabel="nats per token")
    axes.set_ylim(top=6)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def smoothed(values: list[float]) -> list[float]:
    """Each value as the mean of those just before it and itself."""
    windows = (values[max(0, i - SMOOTHED_OVER) : i + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]
