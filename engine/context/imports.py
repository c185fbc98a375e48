"""Which files of a workspace a file imports, by the ways in which languages name files.

No language is parsed here: an import line names a file in one of a few manners, and what is there counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath

from ..syntax.languages import find_language
from .files import Files
from .limits import HEAD_CHARACTERS, IMPORTS

_PYTHON = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([\w., \t]+))", re.M
)
_QUOTED = re.compile(
    r"^[ \t]*(?:import|export|from|require|include|use|source|local|const|let|var|\}).*?"
    r"[\"']([^\"'\n]+)[\"']",
    re.M,
)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", re.M)
_DOTTED = re.compile(r"^[ \t]*(?:import|using)[ \t]+(?:static[ \t]+)?([\w.]+)", re.M)
_RUST = re.compile(r"^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?(?:use[ \t]+([^;]+)|mod[ \t]+(\w+));", re.M)
_GO = re.compile(r"^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?\"([\w./-]+)\"", re.M)
_SCRIPT = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".d.ts", "/index.ts", "/index.tsx", "/index.js")
Guesses = Iterator[str]


def imported(path: str, head: str, language: str, files: Files) -> list[str]:
    """Paths of the files that a file with this beginning imports and that exist, in the order of the imports.
    The other files of its folder count where a folder is a package."""
    spec = find_language(language, path)
    guess = _GUESSES.get(spec.id if spec else "", _quoted)
    found: dict[str, None] = {}
    for each in guess(path, head[:HEAD_CHARACTERS], files):
        if len(found) >= IMPORTS:
            break
        if each != path and each not in found and files.text(each) is not None:
            found[each] = None
    return list(found)


def _above(path: str) -> Iterator[str]:
    """The folder of a file and those above it, the nearest first; the workspace's own is ""."""
    folder = dirname(path)
    while True:
        yield folder
        if not folder:
            return
        folder = dirname(folder)


def _python(path: str, head: str, files: Files) -> Guesses:
    for match in _PYTHON.finditer(head):
        if match[3] is not None:
            for name in match[3].split(","):
                yield from _python_module(path, name.split(" as ")[0].strip())
            continue
        names = re.findall(r"\w+", re.sub(r"\bas\s+\w+", "", match[2]))
        for name in names:
            yield from _python_module(path, f"{match[1]}{'' if match[1].endswith('.') else '.'}{name}")
        yield from _python_module(path, match[1])


def _python_module(path: str, name: str) -> Guesses:
    dots = len(name) - len(name.lstrip("."))
    inner = name.lstrip(".").replace(".", "/")
    if dots:
        folder = path
        for _ in range(dots):
            folder = dirname(folder)
        folders = [folder]
    else:
        folders = [*_above(path), "src"]
    for folder in folders:
        if inner:
            yield join(folder, inner) + ".py"
        yield join(folder, inner, "__init__.py")


def _script(path: str, head: str, files: Files) -> Guesses:
    for match in _QUOTED.finditer(head):
        if match[1].startswith("."):
            at = normpath(join(dirname(path), match[1]))
            bare = re.sub(r"\.m?js$", "", at)
            yield from (start + ending for start in dict.fromkeys((at, bare)) for ending in _SCRIPT)


def _include(path: str, head: str, files: Files) -> Guesses:
    for match in _INCLUDE.finditer(head):
        for folder in _above(path):
            yield normpath(join(folder, match[1]))
        yield normpath(join("include", match[1]))


def _go(path: str, head: str, files: Files) -> Guesses:
    yield from _package(path, files)
    for match in _GO.finditer(head):
        parts = match[1].split("/")
        for start in range(len(parts)):
            names = files.names("/".join(parts[start:]))
            if names:
                yield from (name for name in names if _same_kind(name, path))
                break


def _java(path: str, head: str, files: Files) -> Guesses:
    for match in _DOTTED.finditer(head):
        inner = match[1].replace(".", "/")
        yield from (join(folder, inner) + ".java" for folder in _above(path))
    yield from _package(path, files)


def _rust(path: str, head: str, files: Files) -> Guesses:
    for match in _RUST.finditer(head):
        if match[2]:
            inside = dirname(path) if path.endswith(("/mod.rs", "/lib.rs", "/main.rs")) else path[:-3]
            yield from (join(inside, match[2] + ".rs"), join(inside, match[2], "mod.rs"))
            continue
        first, *parts = re.split(r"::", re.sub(r"\{.*|\s.*", "", match[1].strip(), flags=re.S))
        folder = dirname(path)
        if first == "crate":
            folder = next((each for each in _above(path) if each.rpartition("/")[2] == "src"), folder)
        elif first not in ("self", "super"):
            continue
        for end in range(len(parts), 0, -1):
            inner = join(folder, *parts[:end])
            yield from (inner + ".rs", join(inner, "mod.rs"))


def _quoted(path: str, head: str, files: Files) -> Guesses:
    """Languages that name a file in quotes: from the file's own folder or from one above it."""
    ending = "." + path.rpartition(".")[2] if "." in path else ""
    for match in _QUOTED.finditer(head):
        for folder in _above(path):
            at = normpath(join(folder, match[1]))
            yield from (at, at + ending)


def _package(path: str, files: Files) -> Guesses:
    yield from (name for name in files.names(dirname(path)) if _same_kind(name, path))


def _same_kind(name: str, path: str) -> bool:
    return name.rpartition(".")[2] == path.rpartition(".")[2]


_GUESSES: dict[str, Callable[[str, str, Files], Guesses]] = {
    "python": _python, "javascript": _script, "typescript": _script, "typescriptreact": _script,
    "c": _include, "cpp": _include, "go": _go, "java": _java, "rust": _rust,
}  # fmt: skip
