"""What goes into a prompt beside the file, by the size of the model: data, with the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """``characters`` bounds all snippets together, ``definitions`` those of used names, 0 for none;
    ``windows`` counts similar windows, each at least ``likeness`` like the text at the cursor; ``outlines``
    counts outlines of other open files and of the file that belongs to this one. A window has at most
    ``window_characters``: a prompt takes snippets whole or not at all."""

    characters: int
    definitions: int
    windows: int
    outlines: int
    likeness: float = 0.3
    window_characters: int = 900


NOTHING = Plan(0, 0, 0, 0)
SMALL_BYTES = 200 << 20
"""Models of files up to this size get nothing: see below."""
LARGE = Plan(3_000, 1_500, 3, 1)
"""For larger models, and for those on other machines."""


def plan_for(file_bytes: int | None) -> Plan:
    """The plan for a model by the size of its file; None where that is not known. What other files do for a
    model in the prompt is measured by ``python -m training.evaluate.context``; the project's memory helps a
    small one without any room there."""
    small = file_bytes is not None and file_bytes <= SMALL_BYTES
    return NOTHING if small else LARGE
