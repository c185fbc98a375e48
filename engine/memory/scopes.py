"""How near a file of the project is to the one that is edited."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from posixpath import basename, dirname

from ..limits import IMPORT_LINES
from ..tokens import Scope

_IMPORT = re.compile(r"\s*(?:from|import|(?:pub )?use|using|mod|require(?:_relative)?|export|#\s*include)\b")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_WHOLE_FOLDER = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Stems of files that are imported by the name of their folder."""


class Nearness:
    """For one file: ``path`` is its own, from the workspace's folder, with ``/``; ``text`` what it begins
    with."""

    def __init__(self, path: str, text: str) -> None:
        self._folder = dirname(path)
        self._imported = _imported(_head(text))
        self._known: dict[str, Scope] = {}

    def scope(self, path: str) -> Scope:
        """That of another file of the project."""
        if (known := self._known.get(path)) is None:
            known = self._known[path] = self._scope(path)
        return known

    def _scope(self, path: str) -> Scope:
        if dirname(path) == self._folder:
            return "folder"
        stem = basename(path).partition(".")[0]
        if stem in _WHOLE_FOLDER:
            stem = basename(dirname(path))
        return "imports" if stem in self._imported else "project"


def _head(text: str) -> str:
    lines = islice(re.finditer("\n", text), IMPORT_LINES - 1, None)
    end = next(lines, None)
    return text[: end.start()] if end else text


@lru_cache(maxsize=64)
def _imported(text: str) -> frozenset[str]:
    """Words of the lines that import something."""
    lines = (line for line in text.splitlines() if _IMPORT.match(line))
    return frozenset(word for line in lines for word in _WORD.findall(line))
