"""What is typed: passages of real source files that every Python installation has."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

KEY_SECONDS = 0.120


@dataclass(frozen=True, slots=True)
class Passage:
    """A file, and the part of it that is typed again: ``before + typed + after`` is the file."""

    name: str
    before: str
    typed: str
    after: str


def passages(keys: int = 120) -> list[Passage]:
    """Three passages of ``keys`` keys each."""
    return [
        passage("textwrap.py", "    def _split_chunks(self, text):", keys),
        passage("shlex.py", "    def push_source(self, newstream", keys),
        passage("argparse.py", "    def parse_known_args(self", keys),
    ]


def passage(file: str, after_line: str, keys: int) -> Passage:
    """The passage of a standard library file that begins behind the line that starts so."""
    text = (Path(sysconfig.get_paths()["stdlib"]) / file).read_text("utf-8")
    start = text.index("\n", text.index(after_line)) + 1
    end = text.index("\n", start + keys)
    return Passage(file, text[:start], text[start:end], text[end:])


def large_file() -> Passage:
    """A passage in the middle of a file of over 5,000 lines."""
    return passage("_pydecimal.py", "    def _power_exact(self, other, p):", 120)
