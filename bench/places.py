"""Where people type: places in the middle of many files that every Python installation has."""

from __future__ import annotations

import re
import sysconfig
from hashlib import sha256
from pathlib import Path

from .replay import Passage

_LINES = range(150, 2500)
_SKIPPED = {
    "__pycache__",
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "idlelib",
    "lib2to3",
    "encodings",
}
_FUNCTION = re.compile(r'^ *def .*:\n(?! *[ru]?["\'])', re.MULTILINE)
"""The first line of a function that does not begin with a docstring."""


def places(count: int, keys: int) -> list[Passage]:
    """So many files, in each a passage of about ``keys`` keys behind the line that begins a function near
    its middle. The same for every run, and the first few are as mixed as all of them."""
    found = []
    for path in library_files():
        if place := place_in(path, keys):
            found.append(place)
        if len(found) == count:
            return found
    raise LookupError(f"this Python's library has {len(found)} places to type at, and not {count}")


def place_in(path: Path, keys: int) -> Passage | None:
    """The passage of one file, None where it has none: too short, too long, no function behind its middle."""
    text = path.read_text("utf-8", errors="replace")
    if text.count("\n") not in _LINES or not text.isascii():
        return None
    found = _FUNCTION.search(text, len(text) // 2)
    if found is None or (end := text.find("\n", found.end() + keys)) < 0:
        return None
    return Passage(path.name, text[: found.end()], text[found.end() : end], text[end:])


def library_files() -> list[Path]:
    """The sources of this Python's library, mixed, and in the same order everywhere."""
    library = Path(sysconfig.get_paths()["stdlib"])
    names = [path.relative_to(library) for path in library.rglob("*.py")]
    names = [name for name in names if not _SKIPPED.intersection(name.parts)]
    return [library / name for name in sorted(names, key=lambda each: sha256(bytes(each)).digest())]
