"""Signatures of the names that are used near the cursor and defined in other files."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from ..syntax.definitions import Definition, definitions
from ..syntax.languages import find_language
from ..syntax.tree import SyntaxTree
from .files import Files
from .imports import imported
from .limits import DEFINITIONS
from .words import names_near

MEMBERS = 8
"""Members of a class of which the signatures are shown, where the class itself is used."""
_DEFINED = re.compile(
    r"\b(?:def|class|fn|func|function|struct|enum|interface|type|trait|const|let|var|mod)\s+(\w+)"
)
_GATHERS = re.compile(r"(?:^|/)(?:__init__\.py|index\.[jt]sx?|mod\.rs|lib\.rs)$")
_IMPORT = re.compile(
    r"^[ \t]*(?:from|import|use|using|require|#[ \t]*include|package|mod)\b"
    r"(?:[^\n]*\([^)]*\)|[^\n]*\{[^}]*\}[^\n]*|[^\n]*)",
    re.M,
)
NEAR_CHARACTERS = 1_000
_USED_MEMBER = re.compile(r"(?:\.|->|::)(\w+)")


def definitions_of(path: str, text: str) -> tuple[Definition, ...]:
    """What a file defines; nothing for languages without a grammar."""
    spec = find_language("", path)
    if spec is None:
        return ()
    source = text.encode("utf-8", "replace")
    return tuple(definitions(SyntaxTree(spec, source), source, DEFINITIONS))


def wanted_names(prefix: str, suffix: str) -> list[str]:
    """Names that are used near the cursor and not defined in the same text; what is only imported there is
    not used."""
    here = set(_DEFINED.findall(prefix)) | set(_DEFINED.findall(suffix))
    near = names_near(_without_imports(prefix[-NEAR_CHARACTERS:]), _without_imports(suffix[:NEAR_CHARACTERS]))
    return [name for name in near if name not in here]


def reachable(path: str, head: str, language: str, files: Files) -> list[str]:
    """Files that a file imports, and those that these only gather and hand on."""
    found = dict.fromkeys(imported(path, head, language, files))
    for each in list(found):
        if _GATHERS.search(each):
            found |= dict.fromkeys(imported(each, files.text(each) or "", language, files))
    found.pop(path, None)
    return list(found)


def used_definitions(
    names: Sequence[str],
    known: Container[str],
    members: Container[str],
    files: Iterable[tuple[str, Sequence[Definition]]],
    room: int,
) -> list[tuple[str, str, list[str]]]:
    """Path, text and names of what each file defines of ``names``, the file whose name stands nearest first;
    the texts have at most ``room`` characters together. What a class holds counts where it is one of
    ``members``, which are used behind a dot, and the class is ``known`` by name."""
    rank = {name: number for number, name in enumerate(names)}

    def is_used(each: Definition) -> bool:
        return each.name in rank and (not each.holder or (each.name in members and each.holder in known))

    found = []
    for path, defined in files:
        used = [each for each in defined if is_used(each)]
        if used:
            found.append((min(rank[each.name] for each in used), path, used, defined))
    made = []
    for _, path, used, defined in sorted(found, key=lambda each: each[:2]):
        lines = []
        for line in _lines(used, defined):
            if len(line) <= room:
                lines.append(line)
                room -= len(line)
        if lines:
            made.append((path, "".join(lines), list(dict.fromkeys(each.name for each in used))))
    return made


def _lines(used: Sequence[Definition], defined: Sequence[Definition]) -> Iterator[str]:
    """Signatures in the file's order, members below their class."""
    whole = {each.name for each in used if not each.holder}
    wanted = {(each.holder, each.name) for each in used}
    holders = {each.holder for each in used if each.holder}
    shown = dict.fromkeys(whole, 0)
    for each in defined:
        if not each.holder:
            if each.name in whole or each.name in holders:
                yield each.signature
            continue
        if each.holder in shown:
            shown[each.holder] += 1
        if (each.holder, each.name) in wanted or shown.get(each.holder, MEMBERS + 1) <= MEMBERS:
            yield re.sub(r"^", "    ", each.signature.rstrip("\n"), flags=re.M) + "\n"


def used_members(prefix: str, suffix: str) -> set[str]:
    """Names behind a dot, or what stands for one, near the cursor."""
    return set(_USED_MEMBER.findall(prefix[-NEAR_CHARACTERS:] + suffix[:NEAR_CHARACTERS]))


def _without_imports(text: str) -> str:
    return _IMPORT.sub("", text)
