"""Projects to type in: a committed list, got with the ordinary clients and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from training.corpus.fetch import fetch_deb, fetch_deb_binary, fetch_npm, fetch_pip
from training.corpus.packages import open_package

LIST = Path(__file__).with_name("projects.toml")
KEPT = user_cache_path("fimble-dev") / "accept"
Half = Literal["tune", "report"]
_Fetch = Callable[[Iterable[str], Path], Iterator[Path]]
_FETCHES: dict[str, tuple[_Fetch, str]] = {
    "pip": (fetch_pip, "=="),
    "npm": (fetch_npm, "@"),
    "deb": (fetch_deb, "="),
    "deb-binary": (fetch_deb_binary, "="),
}
"""What gets a package, and what stands between its name and its version."""
Files = dict[str, bytes]
"""A project's files by their path inside it."""


class ProjectError(Exception):
    """A project that cannot be had, or is not what the list says."""


@dataclass(frozen=True, slots=True)
class Project:
    """One package of the list. ``root`` is the folder inside that is kept."""

    name: str
    version: str
    registry: str
    language: str
    half: Half
    licence: str
    root: str
    sha256: str

    def files(self, cache: Path = KEPT) -> Files:
        """All its files of up to 400 kB; raises :class:`ProjectError`."""
        fetch, between = _FETCHES[self.registry]
        archive = next(fetch([f"{self.name}{between}{self.version}"], cache / self.registry), None)
        if archive is None:
            raise ProjectError(f"{self.name} {self.version} cannot be had from the {self.registry} registry")
        root = f"{self.root}/" if self.root else ""
        every = open_package(archive).files()
        files = {path.removeprefix(root): data for path, data in every if path.startswith(root)}
        if digest(files) != self.sha256:
            raise ProjectError(f"{self.name} {self.version} is not what the list says: {digest(files)}")
        return files


def digest(files: Files) -> str:
    """A hash of the names and bytes of all files, the same however they were packed."""
    total = sha256()
    for path, data in sorted(files.items()):
        total.update(f"{path}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def projects(half: Half | None = None) -> list[Project]:
    """The committed list, or one half of it."""
    listed = tomllib.loads(LIST.read_text("utf-8"))["projects"]
    return [each for each in (Project(**entry) for entry in listed) if half in (None, each.half)]
