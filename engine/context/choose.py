"""One choice: the snippets that are likely to help at one place, from files that are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import basename, dirname, join
from typing import Literal

from ..prompt.window import head
from ..syntax.definitions import Definition
from ..syntax.languages import find_language
from ..syntax.outline import outline
from ..syntax.tree import SyntaxTree
from ..types import Snippet
from .definitions import definitions_of, reachable, used_definitions, used_members, wanted_names
from .files import Files
from .limits import FILES_KEPT, HEAD_CHARACTERS, NEIGHBOURS, OPEN_FILES
from .plan import Plan
from .windows import most_like, wanted_words
from .words import words

Reason = Literal["given", "outline", "similar", "definitions"]
OUTLINE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """A snippet, why it was chosen, and as a phrase what it is about."""

    snippet: Snippet
    reason: Reason
    about: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a file. ``head`` is the file's beginning; ``open`` are the paths of other open files, the
    one that was viewed or edited last first."""

    path: str
    prefix: str
    suffix: str
    language: str = ""
    open: tuple[str, ...] = ()
    head: str = field(default="")

    @property
    def beginning(self) -> str:
        return self.head or (self.prefix[:HEAD_CHARACTERS] + self.suffix[:HEAD_CHARACTERS])[:HEAD_CHARACTERS]


def choose(place: Place, files: Files, plan: Plan) -> tuple[Chosen, ...]:
    """The snippets, in the order in which they are shown: the most useful one stands last, next to the file.
    The same place and files give the same choice."""
    room = plan.characters
    imports = _imports(place, files) if plan.definitions or plan.outlines or plan.windows else []
    made: list[Chosen] = []
    for each in _candidates(place, files, plan, imports):
        if len(each.snippet.text) <= room and all(each.snippet.path != o.snippet.path for o in made):
            made.append(each)
            room -= len(each.snippet.text)
    return tuple(reversed(made))


def _candidates(place: Place, files: Files, plan: Plan, imports: Sequence[str]) -> Iterator[Chosen]:
    """The most useful first."""
    if plan.definitions:
        yield from _definitions(place, files, plan, imports)
    if plan.windows:
        yield from _similar(place, files, plan, imports)
    if plan.outlines:
        yield from _outlines(place, files, plan, imports)


def _imports(place: Place, files: Files) -> list[str]:
    return reachable(place.path, place.beginning, place.language, files)


def _definitions(place: Place, files: Files, plan: Plan, imports: Sequence[str]) -> Iterator[Chosen]:
    names = wanted_names(place.prefix, place.suffix)
    if not names:
        return
    defined = [(path, _defined(path, text)) for path in imports if (text := files.text(path)) is not None]
    known = words(place.beginning) | words(place.prefix) | words(place.suffix)
    members = used_members(place.prefix, place.suffix)
    for path, text, used in used_definitions(names, known, members, defined, plan.definitions):
        yield Chosen(Snippet(path, text), "definitions", ", ".join(used))


def _similar(place: Place, files: Files, plan: Plan, imports: Sequence[str]) -> Iterator[Chosen]:
    folder = dirname(place.path)
    kind = basename(place.path).rpartition(".")[2]
    near = [p for p in files.names(folder) if p.endswith("." + kind) and p not in (place.path, *place.open)]
    near.sort(key=lambda path: (-_alike(basename(path), basename(place.path)), path))
    paths = dict.fromkeys([*place.open[:OPEN_FILES], *companions(place.path), *near[:NEIGHBOURS], *imports])
    paths.pop(place.path, None)
    texts = ((path, text) for path in paths if (text := files.text(path)) is not None)
    for window in most_like(texts, wanted_words(place.prefix), plan.likeness)[: plan.windows]:
        yield Chosen(
            Snippet(window.path, head(window.text, plan.window_characters)),
            "similar",
            f"{window.score:.0%} of the names in common",
        )


def _outlines(place: Place, files: Files, plan: Plan, imports: Sequence[str]) -> Iterator[Chosen]:
    """Outlines of the file's companion and of other open files of its language, imported ones first."""
    spec = find_language(place.language, place.path)
    others = sorted(set(place.open), key=lambda path: (path not in imports, path))
    count = 0
    for path in dict.fromkeys([*companions(place.path), *others]):
        text = files.text(path)
        if count >= plan.outlines or path == place.path or text is None:
            continue
        if spec is not None and find_language("", path) == spec and (made := _outline(path, text)):
            count += 1
            yield Chosen(Snippet(path, made), "outline")


def companions(path: str) -> Iterator[str]:
    """What belongs to a file by its name: its tests or what it tests, its header or what that is of."""
    folder, name = dirname(path), basename(path)
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return
    tested = re.sub(r"^test_|_test$|[.](test|spec)$", "", stem)
    names = [f"{tested}.{ending}"] if tested != stem else []
    if tested == stem:
        names = [
            f"{stem}.test.{ending}",
            f"{stem}.spec.{ending}",
            f"{stem}_test.{ending}",
            f"test_{stem}.{ending}",
        ]
    names += [f"{stem}.{other}" for other in _PARTNERS.get(ending, ())]
    folders = [folder, dirname(folder), join(folder, "tests"), join(dirname(folder), "tests"), "tests"]
    yield from (join(where, each) for where in dict.fromkeys(folders) for each in names)


_SOURCES, _HEADERS = ("c", "cc", "cpp", "cxx"), ("h", "hpp", "hh", "hxx")
_PARTNERS = {**dict.fromkeys(_SOURCES, _HEADERS), **dict.fromkeys(_HEADERS, _SOURCES)}


def _alike(one: str, other: str) -> int:
    """How many characters two names have in common at their beginnings."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@lru_cache(FILES_KEPT)
def _defined(path: str, text: str) -> tuple[Definition, ...]:
    return definitions_of(path, text)


@lru_cache(FILES_KEPT)
def _outline(path: str, text: str) -> str:
    spec = find_language("", path)
    if spec is None:
        return ""
    source = text.encode("utf-8", "replace")
    return outline(SyntaxTree(spec, source), source, OUTLINE_CHARACTERS)
