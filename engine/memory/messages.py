"""What the engine tells the process that builds an index, and hears from it: lines of JSON."""

from __future__ import annotations

import msgspec


class Task(msgspec.Struct):
    """Remember a workspace: at most so much of it, in a folder below ``root`` (the usual one if empty).
    With ``whole``, all that was kept is read, to see that it is not damaged."""

    workspace: str
    files: int
    megabytes: int
    root: str = ""
    whole: bool = True


class Said(msgspec.Struct, omit_defaults=True):
    """How far it is. ``index`` is the folder of an index that can be searched from now on, although it may
    not be complete. Of ``total``, ``done`` is done; without a total, so many files have been found.
    With ``ended`` it is complete: so many ``files`` are remembered, and ``left_out`` is a sentence about
    others. ``problem`` is a sentence that says why there is no more."""

    index: str = ""
    done: int = 0
    total: int = 0
    ended: bool = False
    files: int = 0
    left_out: str = ""
    problem: str = ""
