"""Reading a file of the user's: never a private one, never more than fits."""

from __future__ import annotations

import sys
from pathlib import Path

from fimble.engine.errors import InvalidRequest, PrivateFile
from fimble.engine.privacy.rules import PrivacyRules

MOST_BYTES = 32_000_000
"""A larger file is refused: no language has source files of that size."""
STDIN = "-"


def read_source(name: str, stdin: bool = False) -> str:
    """The text of a file, or of standard input for ``-``, with its line ends as they are.

    With ``stdin`` an editor sends the file's text there, which may not be saved; the rules for the file hold.

    Raises :class:`PrivateFile` for secrets and for what an ignore file names, :class:`InvalidRequest`
    for what cannot be read as text.
    """
    if name != STDIN:
        private = PrivacyRules(say).reason(Path(name))
        if private is not None:
            raise PrivateFile(private)
    try:
        data = _read(STDIN if stdin else name)
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"Cannot read {name}: {getattr(error, 'strerror', None) or error}.") from error
    if len(data) > MOST_BYTES:
        raise InvalidRequest(f"{name} is larger than {MOST_BYTES // 1_000_000} MB. Choose a smaller file.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{name} is not UTF-8 text. Convert it, or choose another file.") from error


def say(message: str) -> None:
    """Tell people something without a program that reads the output seeing it."""
    print(f"fimble: {message}", file=sys.stderr)


def _read(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with open(name, "rb") as file:
        return file.read(MOST_BYTES + 1)
