"""What goes into a prompt beside the file, by the size of the model: data, with the measurement behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """``characters`` bounds all snippets together, ``definitions`` those of used names, 0 for none;
    ``windows`` counts similar windows, each at least ``likeness`` like the text at the cursor; ``outlines``
    counts outlines of other open files and of the file that belongs to this one."""

    characters: int
    definitions: int
    windows: int
    outlines: int
    likeness: float = 0.3


NOTHING = Plan(0, 0, 0, 0)
SMALL_BYTES = 200 << 20
"""Models of files up to this size get nothing: see below."""
LARGE = Plan(3_000, 1_500, 3, 1)
"""For larger models, and for those on other machines."""


def plan_for(file_bytes: int | None) -> Plan:
    """The plan for a model by the size of its file; None where that is not known.

    Measured with the bundled model at 440 ends of lines in packages that it never saw, in five languages:
    with nothing beside the file 21.6 % are exact and 26.8 % of the characters saved; with outlines of open
    files 21.8 and 26.1 %, with definitions of used names 21.6 and 26.4, with similar windows 21.6 and 27.3.
    The project's memory helps it instead, and takes no room in the prompt.
    """
    small = file_bytes is not None and file_bytes <= SMALL_BYTES
    return NOTHING if small else LARGE
