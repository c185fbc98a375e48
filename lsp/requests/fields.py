"""Fields of notifications that are not in the standard: any of them may be missing or of another type."""

from __future__ import annotations

from ..limits import URI_CHARACTERS


def field_at(params: object, *path: str | int) -> object:
    """What stands at a path of names and indexes; None when it is not there."""
    for step in path:
        if isinstance(params, dict) and isinstance(step, str):
            params = params.get(step)
        elif isinstance(params, list) and isinstance(step, int) and step < len(params):
            params = params[step]
        else:
            return None
    return params


def text_at(params: object, *path: str | int) -> str | None:
    """The text at a path; None for anything else, and for text that is longer than an address."""
    found = field_at(params, *path)
    return found if isinstance(found, str) and len(found) <= URI_CHARACTERS else None
