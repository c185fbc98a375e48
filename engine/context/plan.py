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
    """The plan for a model by the size of its file; None where that is not known.

    Measured with the bundled model by ``python -m training.evaluate.context --python 120 --others 20`` (200
    ends of lines, a window of 768 tokens, the same texts in its memory in every way). Exact: 30.5 % with
    nothing beside the file, 30.5 % with outlines (in the prompt of 181 holes; one gained, one lost), 30.0 %
    with definitions (69; none, one), 31.0 % with similar windows (59; one, none). That is no difference, so a
    small model is spared the reading. Nothing was measured with larger ones: what they get is what others
    report to help.
    """
    small = file_bytes is not None and file_bytes <= SMALL_BYTES
    return NOTHING if small else LARGE
