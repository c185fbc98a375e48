"""JSON from outside as values of declared types."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Read = TypeVar("Read")


def read(data: bytes, kind: type[Read]) -> Read:
    """JSON as a typed value. Raises ``ValueError`` for anything else."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
