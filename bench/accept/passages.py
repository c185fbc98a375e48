"""What is typed: passages of the projects' source files, chosen by a seed."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fimble.engine.syntax.languages import LanguageSpec, find_language
from fimble.engine.syntax.tree import SyntaxTree
from training.corpus.filters import language_of, reason_to_drop

from ..replay import Passage
from .kinds import COMMENT, STRING, kinds_of, quoted
from .projects import Files, Project

CHARACTERS = range(200, 301)
"""How long a passage of whole lines is."""
REST = range(10, 61)
"""How long a passage inside a line is."""
FILE_CHARACTERS = range(1500, 40_001)
"""Files that are typed into."""
_LEFT_OUT = re.compile(
    r"(^|/)(tests?|testing|spec|specs|examples?|docs?|benches|benchmarks?|demos?|mocks?|__tests__)(/|$)|"
    r"([._-]test|_spec|\.spec|\.cy)\.[a-z]+$|(^|/)(test_|conftest|setup\.|package-info)",
    re.I,
)
_BLOCKS = re.compile(
    r"(block|body|module|program|source_file|translation_unit|compound_statement|declaration_list"
    r"|statement_list|switch_case|statements)$"
)
_BRACKETS = re.compile(rf"\(([^()\n]{{{REST.start},{REST.stop - 1}}})\)")


@dataclass(frozen=True, slots=True)
class Place(Passage):
    """A passage of a project's file: ``name`` is its path inside, ``kinds`` are those of
    :func:`kinds_of`."""

    project: str
    language: str
    kinds: tuple[str, ...]

    @property
    def spec(self) -> LanguageSpec:
        return _spec(self.language)


@dataclass(frozen=True, slots=True)
class Workplace:
    """A project with the passages to type, and its files without them."""

    project: Project
    places: list[Place]
    files: Files

    def write(self, folder: Path) -> None:
        """Write the files as they lie on the disk before anything is typed."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def neighbours(self, place: Place, count: int = 2) -> list[str]:
        """Files of the language that a person would have open beside it: those that it names first, then
        those of its folder."""
        text, here = place.before + place.after, PurePosixPath(place.name)
        others = [name for name in sorted(self.files) if name != place.name and source_language(name)]
        others = [name for name in others if source_language(name) == place.language]
        named = set(re.findall(r"\w+", text))

        def nearness(name: str) -> tuple[bool, bool, int]:
            path = PurePosixPath(name)
            return path.stem not in named, path.parent != here.parent, -len(self.files[name])

        return sorted(others, key=nearness)[:count]

    def text(self, name: str) -> str:
        return self.files[name].decode("utf-8", "replace")


def workplace(project: Project, files: Files, characters: int, seed: int) -> Workplace:
    """A project with passages of about so many characters in all, the same for the same seed."""
    places: list[Place] = []
    chosen = _places(project, files, random.Random(f"{seed}/{project.name}"))
    while sum(len(each.typed) for each in places) < characters:
        if (place := next(chosen, None)) is None:
            break
        places.append(place)
    return Workplace(project, places, _without(files, places))


def source_language(name: str) -> str | None:
    """The language of a file that people write and that is no test, else None."""
    return None if _LEFT_OUT.search(name) else language_of(name)


def _without(files: Files, places: list[Place]) -> Files:
    """The files, each without what is typed of it."""
    kept = dict(files)
    for name in {place.name for place in places}:
        text = files[name].decode()
        for place in sorted((p for p in places if p.name == name), key=lambda p: -len(p.before)):
            at = len(place.before)
            text = text[:at] + text[at + len(place.typed) :]
        kept[name] = text.encode()
    return kept


def _places(project: Project, files: Files, chance: random.Random) -> Iterator[Place]:
    """One passage of lines and one inside a line of each file, file by file."""
    names = sorted(name for name in files if source_language(name) == project.language)
    chance.shuffle(names)
    for name in names:
        if reason_to_drop(name, files[name]) is not None or b"\r" in files[name]:
            continue
        text = files[name].decode()
        if len(text) not in FILE_CHARACTERS:
            continue
        tree = SyntaxTree(_spec(project.language), files[name])
        lines = _lines(text, tree, chance)
        if lines is None:
            continue
        for start, end in (lines, _inside(text, tree, lines, chance)):
            place = _place(project, name, text, start, end)
            if end > start and _is_code(place):
                yield place


def _place(project: Project, name: str, text: str, start: int, end: int) -> Place:
    before, typed, after = text[:start], text[start:end], text[end:]
    kinds = tuple(kinds_of(_spec(project.language), before, typed, after))
    return Place(name, before, typed, after, project.name, project.language, kinds)


def _is_code(place: Place) -> bool:
    """Whether less than half of it is comments and strings."""
    count = Counter(place.kinds)
    return count[COMMENT] + count[STRING] < len(place.kinds) / 2


def _lines(text: str, tree: SyntaxTree, chance: random.Random) -> tuple[int, int] | None:
    """From where a statement begins in the file's middle to the end of a line."""
    starts = [match.end() for match in re.finditer(r"^[ \t]*(?=\S)", text, re.MULTILINE)]
    middle = [at for at in starts if 0.2 < at / len(text) < 0.85]
    chance.shuffle(middle)
    for start in middle:
        end = text.find("\n", start + CHARACTERS.start)
        if end - start in CHARACTERS and _begins_statement(tree, len(text[:start].encode())):
            return start, end
    return None


def _begins_statement(tree: SyntaxTree, at: int) -> bool:
    node = tree.root.descendant_for_byte_range(at, at + 1)
    while node is not None and node.parent is not None and node.parent.start_byte == at:
        node = node.parent
    if node is None or node.parent is None or node.start_byte != at or not node.is_named:
        return False
    return _BLOCKS.search(node.parent.type) is not None


def _inside(text: str, tree: SyntaxTree, lines: tuple[int, int], chance: random.Random) -> tuple[int, int]:
    """What stands between two brackets of a line, ``(0, 0)`` where there is nothing such."""
    found = [match.span(1) for match in _BRACKETS.finditer(text)]
    found = [(start, end) for start, end in found if end < lines[0] or start > lines[1]]
    chance.shuffle(found)
    for start, end in found:
        if quoted(tree, len(text[: start - 1].encode())) is None:
            return start, end
    return 0, 0


def _spec(language: str) -> LanguageSpec:
    spec = find_language(language)
    assert spec is not None, language
    return spec
