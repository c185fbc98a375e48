"""Gets the packages of a written list with the ordinary clients: pip, npm and apt.

Archives are kept in a cache folder and fetched once. Nothing is scanned; a package that cannot be
had is reported and left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

_APT_OPTIONS = """
Dir::State "{work}";
Dir::State::lists "{work}/lists";
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Etc::sourcelist "{work}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Debug::NoLocking "true";
"""


def wheels_on_disk() -> Iterator[Path]:
    """The newest wheel of every package in the folders that pip is configured to look into."""
    newest: dict[str, tuple[tuple[int, ...], Path]] = {}
    for folder in _pip_folders():
        for wheel in folder.rglob("*.whl"):
            name, version = wheel.name.split("-")[:2]
            key = tuple(int(part) for part in re.findall(r"\d+", version)[:4])
            if name.lower() not in newest or key > newest[name.lower()][0]:
                newest[name.lower()] = (key, wheel)
    yield from (path for _, (_, path) in sorted(newest.items()))


def _pip_folders() -> list[Path]:
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    folders = []
    for word in re.findall(r"(?:file://)?/[^\s']+", shown):
        path = Path(unquote(urlparse(word).path))
        folders += [path.parent if path.name == "simple" else path] if path.is_dir() else []
    return sorted(set(folders))


def fetch_pip(names: Iterable[str], cache: Path) -> Iterator[Path]:
    """Source distributions or wheels from PyPI."""
    for name in names:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":none:"]
        yield from _fetched(name, cache, [*command, "-d", ".", name], ("*.whl", "*.tar.gz"))


def fetch_npm(names: Iterable[str], cache: Path) -> Iterator[Path]:
    """Tarballs from the npm registry, by ``npm pack``."""
    for name in names:
        yield from _fetched(name, cache, ["npm", "pack", "--silent", name], ("*.tgz",))


def fetch_deb(names: Iterable[str], cache: Path) -> Iterator[Path]:
    """Upstream tarballs of Debian source packages, from the mirror that apt is set up with."""
    config = _apt_config(cache / ".apt")
    for name in names:
        command = ["apt-get", "-c", str(config), "source", "-qq", "--download-only", name]
        yield from _fetched(name, cache, command, ("*.orig.tar.*z*", "*.tar.xz", "*.tar.gz"))


def fetch_deb_binary(names: Iterable[str], cache: Path) -> Iterator[Path]:
    """Debian packages whose payload is source text: Rust crates, Go libraries, Lua modules."""
    for name in names:
        for package in _fetched(name, cache, ["apt-get", "download", "-qq", name], ("*.deb",)):
            tarball = package.with_suffix(".tar")
            if not tarball.exists():
                with tarball.open("wb") as out:
                    subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=out, check=True)
            yield tarball


def _apt_config(work: Path) -> Path:
    config = work / "apt.conf"
    if (work / "updated").exists():
        return config
    (work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    shown = subprocess.run(targets, capture_output=True, text=True, check=True).stdout
    mirror, suite = next(line.split() for line in shown.splitlines() if "/debian/" in line)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (work / "sources.list").write_text(f"deb-src [signed-by={keyring}] {mirror} {suite} main\n")
    config.write_text(_APT_OPTIONS.format(work=work))
    subprocess.run(["apt-get", "-c", str(config), "update", "-qq"], check=True)
    (work / "updated").touch()
    return config


def _fetched(name: str, cache: Path, command: list[str], patterns: tuple[str, ...]) -> Iterator[Path]:
    """The package's largest archive, fetched into a folder of its own unless it lies there already."""
    folder = cache / re.sub(r"[^\w.-]", "_", name)
    if not (folder / ".done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"left out {name}: {reason}", file=sys.stderr)
            return
        (folder / ".done").touch()
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    archives = [path for path in found if ".debian.tar" not in path.name]
    if archives:
        yield max(archives, key=lambda path: path.stat().st_size)
