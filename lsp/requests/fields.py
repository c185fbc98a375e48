"""Fields of messages that are not in the standard: any of them may be missing or of another type.

In a notification such a field is passed over (``…_at``), in a request it is refused (``wanted_…``).
"""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from ..limits import URI_CHARACTERS
from ..positions import Place

_LARGEST = 2**31 - 1
"""Of a line and of a column, as in the standard."""


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


def wanted_text(params: object, *path: str | int) -> str:
    """The text at a path; what is no text, or longer than an address, is refused."""
    found = text_at(params, *path)
    if found is None:
        raise JsonRpcInvalidParams(
            f"`{_name(path)}` should be text of at most {URI_CHARACTERS:,} characters."
        )
    return found


def wanted_number(params: object, *path: str | int) -> int:
    """The number at a path; what no line and no column can be is refused."""
    found = field_at(params, *path)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _LARGEST:
        raise JsonRpcInvalidParams(f"`{_name(path)}` should be an integer from 0 to {_LARGEST:,}.")
    return found


def wanted_place(params: object, *path: str | int) -> Place:
    """The position at a path."""
    line, column = (wanted_number(params, *path, name) for name in ("line", "character"))
    return Place(line, column)


def to_position(place: Place) -> dict[str, Any]:
    """A place as it is in messages."""
    return {"line": place.line, "character": place.column}


def _name(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
