"""The house keeps its shape: who may import whom, and that every package is shipped."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from fimble.engine.version import VERSION

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
    "ctransformers": "engine/runtimes/ctransformers.py",
    "xllamacpp": "engine/runtimes/llamacpp/",
    "cffi": "engine/runtimes/llamacpp/",
    "huggingface_hub": "engine/models/",
    "llguidance": "engine/decode/",
    "jinja2": "engine/prompt/",
    "ray": "engine/cluster/",
    "keyring": "engine/upstreams/secret.py",
    "pydivsufsort": "engine/memory/",
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


CAN_RUN_CODE = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle"}


def test_nothing_reads_a_format_that_can_run_code() -> None:
    for room in ROOMS:
        for path in modules(room):
            found = CAN_RUN_CODE & {name.split(".")[0] for name in imported(path)}
            assert not found, f"{path} imports {found}"


def module_name(path: Path) -> str:
    parts = ("fimble", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph() -> dict[str, set[str]]:
    """Which of our modules each one names in an import, wherever in the file the import stands."""
    ours = {module_name(path): path for room in ROOMS for path in modules(room)}
    return {
        name: {each for each in dependencies(path, ours) if each != name and not name.startswith(each + ".")}
        for name, path in ours.items()
    }


def dependencies(path: Path, ours: dict[str, Path]) -> Iterator[str]:
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in ours)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                yield from [each for each in (submodule, base) if each in ours][:1]


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_package_is_listed_and_so_shipped() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "fimble." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert set(listed) == found


def test_the_version_is_said_once_more_in_the_code() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_files_stay_small() -> None:
    for room in (*ROOMS, "training", "bench"):
        for path in modules(room):
            assert path.read_text().count("\n") <= 400, f"{path} has grown too long"
