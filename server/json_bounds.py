"""How much is in a JSON text, told before anything is made of it.

Parsed, a body of some megabytes that is all brackets and commas takes a hundred times its size.
"""

from __future__ import annotations

OPENERS_AND_COMMAS = (b",", b"[", b"{")


def too_many_values(text: bytes, most: int) -> bool:
    """Whether a JSON text may have more than ``most`` values, counted at all depths.

    There is one value at the top, and each further one follows a comma or is the first in its list or
    object. Counting those marks takes milliseconds; only where there are many, strings are left out.
    """
    if _marks(text) < most:
        return False
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")  # every quote left begins or ends a string
    most_quotes = 4 * most  # each value has two, and its name
    pieces = plain.split(b'"', most_quotes)
    return len(pieces) > most_quotes or _marks(b" ".join(pieces[::2])) >= most


def _marks(text: bytes) -> int:
    return sum(text.count(mark) for mark in OPENERS_AND_COMMAS)
