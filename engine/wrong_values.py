"""How a message repeats a value that cannot be used, and names a key that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN_CHARACTERS = 120
"""As much of a wrong value is repeated."""


def shown(key: str, value: object) -> str:
    """A value as a message may repeat it: no key, nothing of an address that may be a password, no novel."""
    if key == "key":
        return "wrong"
    text = str(value)
    if "@" in text or "?" in text or "#" in text:
        return "an address with more in it than its place"
    return quoted(value)


def quoted(value: object) -> str:
    """The value itself, if it is not too long."""
    text = str(value)
    return repr(value) if len(text) <= SHOWN_CHARACTERS else repr(text[:SHOWN_CHARACTERS] + "…")


def unknown(key: str, known: Iterable[str], source: str, within: str = "") -> str:
    """The sentence for a key that is none of ``known``; ``within`` is what it stands in, with a dot."""
    near = difflib.get_close_matches(key, list(known), 1)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return f"Unknown setting `{within}{key[:SHOWN_CHARACTERS]}` in {source}{hint}"


def reason_of(message: str) -> str:
    """Why a value is wrong, from pydantic's message."""
    return message.removeprefix("Value error, ").rstrip(".")
