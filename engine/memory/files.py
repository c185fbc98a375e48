"""Which files of a workspace are remembered: those that a person wrote and that nobody keeps to themselves.

Links are not followed, and nothing is opened here but ignore files. The order is the same each time: code
ahead of other text, and what is nearest to the workspace's folder ahead of what lies deep in it.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..privacy.rules import IGNORE_FILE, PrivacyRules
from ..privacy.secrets import looks_secret
from .ignored import GITIGNORE, Ignored, rules_of
from .layout import Entry
from .limits import ENTRIES_SEEN, FILE_BYTES, FOLDER_DEPTH, FOLDER_ENTRIES, WALK_SECONDS

_OTHERS_FOLDERS = """
    node_modules bower_components jspm_packages site-packages __pycache__ __pypackages__ venv virtualenv
    third_party thirdparty third-party htmlcov cmake-build-debug cmake-build-release bazel-bin bazel-out
    buck-out dist-newstyle elm-stuff __snapshots__ __generated__
""".split()  # noqa: SIM905
_MADE_FOLDERS = "build dist out target vendor pods carthage deps coverage _build".split()  # noqa: SIM905
"""Made by programs where they lie beside the file of a project; elsewhere they may be anything."""
_PROJECT_FILES = """
    package.json Cargo.toml go.mod composer.json pom.xml build.gradle build.gradle.kts CMakeLists.txt Makefile
    pyproject.toml setup.py setup.cfg Podfile Cartfile mix.exs Gemfile build.sbt dune-project
""".split()  # noqa: SIM905
_MARKS = frozenset(["pyvenv.cfg", "CACHEDIR.TAG"])
"""A folder that has such a file holds what programs put there."""
_CODE = """
    py pyi pyx js mjs cjs jsx ts mts cts tsx go rs c h cc cpp cxx hh hpp hxx cu java kt kts scala cs fs rb php
    lua sh bash zsh fish pl pm r jl hs ml mli ex exs erl clj cljs dart swift m mm zig nim v sv vhd sql html
    htm css scss sass less vue svelte astro proto graphql tf nix el lisp scm groovy gradle cmake ps1 vim
""".split()  # noqa: SIM905
_OTHER_TEXT = "md rst txt toml yaml yml json ini cfg adoc tex xml j2 tmpl tpl mk".split()  # noqa: SIM905
_NAMES = "Makefile Dockerfile Rakefile Gemfile CMakeLists.txt Justfile justfile".split()  # noqa: SIM905
_BY_PROGRAMS = (".min.js", ".min.css", ".bundle.js", ".pb.go", "_pb2.py", "_pb2_grpc.py", ".g.dart")
_LOCKS = ("package-lock.json", "composer.lock", "npm-shrinkwrap.json", "pnpm-lock.yaml")
_RANKS = dict.fromkeys(_OTHER_TEXT, 1) | dict.fromkeys(_CODE, 0)
_TOO_MANY = "it has too many files to look at them all"
Ask = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many files, and how many bytes of text."""

    files: int
    bytes: int


@dataclass
class Found:
    """The files of a workspace, and what became of the search. ``cut`` is a sentence about what was not
    looked at, or empty."""

    entries: list[Entry] = field(default_factory=list)
    cut: str = ""


def find_files(
    root: Path,
    bounds: Bounds,
    seen: Callable[[int], None] = lambda count: None,
    named: Path | None = None,
) -> Found:
    """Look through a workspace's folder. ``root`` leads through no link; ``named`` is the same folder as
    the user says it. ``seen`` is told now and then how many files were found. Raises :class:`OSError`
    when the folder itself cannot be read."""
    walk = _Walk(root, named or root)
    code, others = list[Entry](), list[Entry]()
    for entry in walk:
        if rank(entry.path) == 0:
            code.append(entry)
        elif len(others) <= bounds.files:
            others.append(entry)
        if (count := len(code) + len(others)) % 500 == 0:
            seen(count)
        if len(code) > bounds.files:
            break
    return _within(code + others, bounds, walk.cut)


def rank(path: str) -> int | None:
    """0 for code, 1 for other text, None for what is not remembered; by the name alone."""
    name = path.rpartition("/")[2]
    if name.startswith(".") or name.endswith(_BY_PROGRAMS) or name in _LOCKS:
        return None
    if name in _NAMES:
        return 0
    stem, _, suffix = name.rpartition(".")
    return _RANKS.get(suffix.lower()) if stem else None


def _within(entries: list[Entry], bounds: Bounds, cut: str) -> Found:
    """Those that fit, in their order."""
    kept, size = list[Entry](), 0
    for entry in entries:
        if len(kept) == bounds.files:
            cut = cut or f"it has more than {bounds.files:,} files (`memory_files`)"
            break
        if size + entry.size > bounds.bytes:
            cut = cut or f"it has more than {bounds.bytes >> 20:,} MB of text (`memory_megabytes`)"
            continue
        kept.append(entry)
        size += entry.size
    return Found(kept, cut and f"Not all of the project is remembered: {cut}.")


class _Walk:
    """Goes through folders, the nearest first."""

    def __init__(self, root: Path, named: Path) -> None:
        self._root, self._named = root, named
        self._reason: Ask = PrivacyRules(lambda problem: None).reason
        self._left = ENTRIES_SEEN
        self._ends = time.process_time() + WALK_SECONDS
        self.cut = ""

    def __iter__(self) -> Iterator[Entry]:
        rules, above = rules_of(self._root)
        folders: deque[tuple[tuple[str, ...], Ignored, bool]] = deque([((), rules, self._ignores_above())])
        while folders:
            parts, rules, ignores = folders.popleft()
            if self._left <= 0 or time.process_time() > self._ends:
                self.cut = _TOO_MANY
                return
            try:
                entries = self._list(parts)
            except OSError:
                if not parts:
                    raise
                continue
            names = {each.name for each in entries}
            if len(parts) > FOLDER_DEPTH or (parts and not _MARKS.isdisjoint(names)):
                continue
            if GITIGNORE in names:
                rules = rules.below(self._root.joinpath(*parts), len(above) + len(parts))
            ignores = ignores or IGNORE_FILE in names
            for entry in entries:
                inner = (*parts, entry.name)
                if _is_folder(entry):
                    if _by_people(entry.name, names) and not rules((*above, *inner), True):
                        folders.append((inner, rules, ignores))
                elif (made := self._entry(entry, inner, ignores)) and not rules((*above, *inner), False):
                    yield made

    def _list(self, parts: tuple[str, ...]) -> list[os.DirEntry[str]]:
        listed = list[os.DirEntry[str]]()
        with os.scandir(self._root.joinpath(*parts)) as entries:
            for entry in entries:
                self._left -= 1
                if self._left < 0 or len(listed) >= FOLDER_ENTRIES:
                    self.cut = _TOO_MANY
                    break
                listed.append(entry)
        return sorted(listed, key=lambda each: each.name)

    def _ignores_above(self) -> bool:
        """Whether a folder that the workspace lies in, or is, has an ignore file of the user's."""
        above = {*self._root.parents, *self._named.parents, self._named}
        return any(os.path.lexists(folder / IGNORE_FILE) for folder in above)

    def _entry(self, entry: os.DirEntry[str], parts: tuple[str, ...], ignores: bool) -> Entry | None:
        """What is known of a file that may be remembered, as far as names and size tell. Without ``ignores``
        no ignore file of the user's is near, and its name alone tells whether it is private."""
        path = "/".join(parts)
        if rank(path) is None or not _can_be_said(path) or looks_secret(f"{self._root}/{path}"):
            return None
        try:
            there = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        if not stat.S_ISREG(there.st_mode) or not 0 < there.st_size <= FILE_BYTES:
            return None
        if ignores and self._reason(self._named / path) is not None:
            return None
        return Entry(path, there.st_mtime_ns, there.st_size)


def _by_people(folder: str, beside: set[str]) -> bool:
    """Whether a folder may hold what people write, by its name and the names ``beside`` it."""
    name = folder.lower()
    if name.startswith(".") or name in _OTHERS_FOLDERS:
        return False
    return name not in _MADE_FOLDERS or beside.isdisjoint(_PROJECT_FILES)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _can_be_said(path: str) -> bool:
    """Names on a disk may be any bytes; here they are text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
