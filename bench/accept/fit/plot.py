"""What was fitted, as a picture: reliability, and wrong texts against keys saved."""

from __future__ import annotations

from pathlib import Path

from .data import Numbers
from .logistic import reliability
from .searching import Chosen


def curves(likely: Numbers, right: Numbers, chosen: Chosen, out: Path) -> None:
    """Draw an SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "fimble"
    figure, (left, middle, last) = pyplot.subplots(1, 3, figsize=(11, 3.6))
    bins = reliability(likely, right)
    left.plot([0, 1], [0, 1], linewidth=0.6, color="grey")
    left.plot([said for _, said, _ in bins], [was for _, _, was in bins], marker=".")
    left.set(xlabel="said", ylabel="was right", title="probability, projects left out")
    saved = [100 * typed.saved for _, typed in chosen.curve]
    middle.plot(saved, [typed.wrong_per_100 for _, typed in chosen.curve])
    last.plot(saved, [100 * typed.right_of_shown for _, typed in chosen.curve])
    for name, threshold in chosen.thresholds.items():
        typed = dict(chosen.curve)[threshold]
        middle.plot(100 * typed.saved, typed.wrong_per_100, "o", label=f"{name}: {threshold}")
        last.plot(100 * typed.saved, 100 * typed.right_of_shown, "o")
    middle.set(xlabel="% of keys saved", ylabel="wrong texts per 100 keys", title="thresholds")
    last.set(xlabel="% of keys saved", ylabel="% of shown texts right", title="precision")
    middle.legend()
    for axes in (left, middle, last):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)
