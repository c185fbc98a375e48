"""Patterns in the manner of ``.gitignore``, matched in time that grows with the path and nothing worse.

The rules are those of git's own documentation (gitignore, "PATTERN FORMAT"). Libraries make one regular
expression of a pattern; five stars in it and a long name then take minutes, and an ignore file may come
with anybody's repository. Here each part between slashes is matched by itself, with atomic groups.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_CASE = re.IGNORECASE if sys.platform in ("win32", "darwin") else re.NOFLAG
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|\[(?P<negated>[!^]?)(?P<members>\]?(?:\\.|[^\]\\])*)\]|(?P<plain>.)", re.S
)
_MEMBER = re.compile(r"\\(.)|(.)", re.S)


class BadPattern(ValueError):
    """A line that is no pattern; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line. ``parts`` stand between slashes, None for ``**``."""

    parts: tuple[re.Pattern[str] | None, ...]
    takes_back: bool
    folders_only: bool

    def ends(self, path: Sequence[str]) -> set[int]:
        """How many leading parts of ``path`` the pattern can match, all possibilities."""
        reached = {0}
        for number, part in enumerate(self.parts):
            if part is None:
                inside = number == len(self.parts) - 1  # "a/**" is what is in a, not a itself
                reached = set(range(min(reached) + inside, len(path) + 1))
            else:
                reached = {at + 1 for at in reached if at < len(path) and part.fullmatch(path[at])}
            if not reached:
                break
        return reached


def parse_pattern(line: str) -> Pattern | None:
    """The pattern of a line; None for an empty line or a comment. Raises :class:`BadPattern`."""
    text = re.sub(r"(?<!\\)((?:\\\\)*) +$", r"\1", line.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    takes_back = text.startswith("!")
    text = text[takes_back:]
    folders_only = text.endswith("/")
    body = text.rstrip("/") if folders_only else text
    if not body:
        raise BadPattern("it names nothing")
    anchored = "/" in body
    names = [name for name in body.split("/") if name]
    parts = [None if name == "**" else _part(name) for name in names]
    if not anchored:
        parts = [None, *parts]
    return Pattern(tuple(parts), takes_back, folders_only)


def names(patterns: Iterable[Pattern], path: Sequence[str]) -> bool:
    """Whether a file is named, or a folder that it is in. ``path`` are its parts below the ignore file.

    Of several patterns the last one counts; a file in a folder that is named cannot be taken back.
    """
    named = [False] * (len(path) + 1)
    for pattern in patterns:
        for end in pattern.ends(path):
            if end < len(path) or not pattern.folders_only:
                named[end] = not pattern.takes_back
    return any(named[1:])


def _part(text: str) -> re.Pattern[str]:
    """A regular expression for one name. Behind a star the nearest place is as good as any later one, so
    nothing is tried twice."""
    pieces = [""]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token["plain"] in ("[", "\\"):
            raise BadPattern("a bracket or a backslash in it is not finished")
        at = token.end()
        if token["plain"] == "*":
            pieces.append("")
        else:
            pieces[-1] += _one(token)
    first, *more = pieces
    if not more:
        return re.compile(first, re.DOTALL | _CASE)
    middle = "".join(f"(?>.*?{piece})" for piece in more[:-1] if piece)
    return re.compile(f"{first}{middle}.*{more[-1]}", re.DOTALL | _CASE)


def _one(token: re.Match[str]) -> str:
    """What stands for exactly one character."""
    if token["escaped"] is not None:
        return re.escape(token["escaped"])
    if token["plain"] is not None:
        return "." if token["plain"] == "?" else re.escape(token["plain"])
    members = token["members"]
    if "[:" in members:
        raise BadPattern("classes such as [:alpha:] are not known here")
    safe = _MEMBER.sub(lambda m: "-" if m[2] == "-" else re.escape(m[1] or m[2]), members)
    try:
        return re.compile(f"[{'^' if token['negated'] else ''}{safe}]").pattern
    except re.error as error:
        raise BadPattern(f"its bracket is not right ({error.msg})") from error
