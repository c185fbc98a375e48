"""What git leaves alone: ``.gitignore`` of every folder, and ``.git/info/exclude``.

The rules are those of git's documentation (gitignore); patterns are matched by ``privacy/patterns.py``. An
ignore file that cannot be read or is too long, and a line that is no pattern, count as empty: here that only
means that more is remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..limits import IGNORE_FILE_BYTES, IGNORE_FILE_LINES, IGNORE_LINE_CHARACTERS
from ..privacy.patterns import BadPattern, Pattern, parse_pattern
from .reading import read_bounded

GITIGNORE = ".gitignore"
_PARENTS = 32


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, and how many parts of a path are those of the folder that its file is in. ``name`` is there
    when only the last part of the path matters."""

    pattern: Pattern
    depth: int
    name: re.Pattern[str] | None

    def fits(self, parts: tuple[str, ...], folder: bool) -> bool:
        if self.pattern.folders_only and not folder:
            return False
        if self.name is not None:
            return self.name.fullmatch(parts[-1]) is not None
        below = parts[self.depth :]
        return len(below) in self.pattern.ends(below)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The rules that hold in one folder, those that count first in front."""

    rules: tuple[_Rule, ...] = ()

    def __call__(self, parts: tuple[str, ...], folder: bool) -> bool:
        """Whether an entry is left alone; ``parts`` are its path's, from where the rules begin. Whatever it
        lies in is not left alone."""
        for rule in self.rules:
            if rule.fits(parts, folder):
                return not rule.pattern.takes_back
        return False

    def below(self, folder: Path, depth: int, file: str = GITIGNORE) -> Ignored:
        """The rules in a folder whose path has ``depth`` parts, with what its own ignore file adds."""
        added = tuple(_rule(pattern, depth) for pattern in _patterns(folder / file))
        return Ignored(added[::-1] + self.rules) if added else self


def rules_of(root: Path) -> tuple[Ignored, tuple[str, ...]]:
    """What holds in a workspace's folder by the ignore files of the repository that it is in, and the parts
    of its path from that repository's folder. A workspace that is itself ignored is a world of its own."""
    for repository in (root, *root.parents[:_PARENTS]):
        if (repository / ".git").exists():
            break
    else:
        return Ignored(), ()
    parts = root.relative_to(repository).parts
    rules, folder = Ignored().below(repository, 0, ".git/info/exclude"), repository
    for depth, part in enumerate(parts):
        rules, folder = rules.below(folder, depth), folder / part
        if rules(parts[: depth + 1], True):
            return Ignored(), ()
    return rules, parts


def _rule(pattern: Pattern, depth: int) -> _Rule:
    by_name = len(pattern.parts) == 2 and pattern.parts[0] is None
    return _Rule(pattern, depth, pattern.parts[1] if by_name else None)


def _patterns(file: Path) -> list[Pattern]:
    try:
        lines = read_bounded(file, IGNORE_FILE_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines[:IGNORE_FILE_LINES] if len(lines) <= IGNORE_FILE_LINES else []:
        try:
            pattern = parse_pattern(line) if len(line) <= IGNORE_LINE_CHARACTERS else None
        except BadPattern:
            continue
        if pattern is not None:
            found.append(pattern)
    return found
