"""The texts that a choice may look at: what is open in the editor, and closed files of a workspace."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from ..privacy.rules import PrivacyRules
from ..regular import open_regular
from ..types import Snippet
from .limits import CHOICE_SECONDS, FILE_CHARACTERS, FILES_READ, FOLDER_FILES


class Files(Protocol):
    """Files by their paths from the workspace's folder, with ``/``."""

    def text(self, path: str) -> str | None:
        """At most the first :data:`~.limits.FILE_CHARACTERS`; None where there is no such text to read."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """The paths of the files in a folder, in alphabetical order."""
        ...


class HeldFiles:
    """Texts that are at hand."""

    def __init__(self, texts: Iterable[Snippet]) -> None:
        self._texts = {each.path: each.text[:FILE_CHARACTERS] for each in texts}

    def text(self, path: str) -> str | None:
        return self._texts.get(path)

    def names(self, folder: str) -> Sequence[str]:
        return sorted(path for path in self._texts if path.rpartition("/")[0] == folder)


class WorkspaceFiles:
    """Open files first, then those on disk below a folder, which are read for one choice: few, for a short
    time, none that is private, and none outside of the folder wherever a link leads."""

    def __init__(self, folder: Path, privacy: PrivacyRules, held: HeldFiles) -> None:
        self._folder, self._privacy, self._held = folder, privacy, held
        self._root = os.path.realpath(folder)
        self._read: dict[str, str | None] = {}
        self._until = time.monotonic() + CHOICE_SECONDS

    def text(self, path: str) -> str | None:
        held = self._held.text(path)
        if held is not None:
            return held
        if path not in self._read:
            kept = sum(text is not None for text in self._read.values())
            if kept >= FILES_READ or time.monotonic() > self._until:
                return None
            self._read[path] = self._from_disk(path)
        return self._read[path]

    def names(self, folder: str) -> Sequence[str]:
        if time.monotonic() > self._until:
            return self._held.names(folder)
        found = set(self._held.names(folder))
        try:
            with os.scandir(self._folder / folder) as entries:
                for _, entry in zip(range(FOLDER_FILES), entries, strict=False):
                    found.add(f"{folder}/{entry.name}" if folder else entry.name)
        except (OSError, ValueError):
            pass
        return sorted(found)

    def _from_disk(self, path: str) -> str | None:
        try:
            named = self._folder / path
            if not os.path.realpath(named).startswith(os.path.join(self._root, "")):
                return None
            if not named.is_file() or self._privacy.reason(named) is not None:
                return None
            return read_start(named)
        except (OSError, ValueError):
            return None


def read_start(file: Path) -> str | None:
    """The start of a regular file; None for one that is no text. Raises :class:`OSError`."""
    with open(open_regular(file), "rb") as opened:
        data = opened.read(FILE_CHARACTERS)
    if b"\0" in data:
        return None
    return data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
