"""The house keeps its shape: who may import whom, and that every package is shipped."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("engine", "lsp", "server", "cli")
MAY_IMPORT = {
    "engine": set[str](),
    "lsp": {"engine"},
    "server": {"engine"},
    "cli": {"engine", "lsp", "server"},
}
ONLY_IN = {
    "tree_sitter": "engine/syntax/",
    "ctransformers": "engine/backends/ctransformers.py",
    "xllamacpp": "engine/backends/llamacpp.py",
    "llguidance": "engine/decode/",
    "jinja2": "engine/prompt/",
    "pygls": ("lsp/", "cli/"),
    "lsprotocol": ("lsp/", "cli/"),
    "sqlalchemy": ("server/", "engine/", "lsp/"),
}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Absolute names of everything that a module imports, relative imports resolved."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ("fimble", *parts)[: len(parts) + 1 - node.level]
            yield ".".join([*base, *([node.module] if node.module else [])])


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_what_they_may(room: str) -> None:
    for path in modules(room):
        for name in imported(path):
            top = name.split(".")
            assert top[0] not in ROOMS, f"{path}: import fimble.{name}, or there are two of everything"
            if top[0] == "fimble" and len(top) > 1 and top[1] in ROOMS and top[1] != room:
                assert top[1] in MAY_IMPORT[room], f"{path} imports {name}"


def test_the_engine_knows_no_protocol_and_no_web_server() -> None:
    for path in modules("engine"):
        for name in imported(path):
            assert not name.startswith(("pygls", "lsprotocol", "aiohttp.web")), f"{path} imports {name}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_rooms(library: str) -> None:
    where = ONLY_IN[library]
    allowed = (where,) if isinstance(where, str) else where
    for room in ROOMS:
        for path in modules(room):
            inside = path.relative_to(ROOT).as_posix().startswith(allowed)
            assert inside or library not in {n.split(".")[0] for n in imported(path)}, path


def test_every_package_is_listed_and_so_shipped() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "fimble." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert set(listed) == found


def test_files_stay_small() -> None:
    for room in (*ROOMS, "training", "bench"):
        for path in modules(room):
            assert path.read_text().count("\n") <= 400, f"{path} has grown too long"
