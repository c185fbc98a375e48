"""Packages as the corpus sees them: a name, a version, a licence, and a stream of text files.

Readers exist for wheels and other zips, for tarballs (sdists, npm packages, Debian's upstream
tarballs) and for plain folders. A damaged archive raises :class:`PackageError`; nothing is half-read.
"""

from __future__ import annotations

import email.parser
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .licences import permissive_name, permissive_text

MAX_FILE_BYTES = 400_000
_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]e|copying|copyright)([-.][^/]*)?$", re.I)


class PackageError(Exception):
    """A package that cannot be read: which one, and why."""


@dataclass(frozen=True)
class Package:
    """One package: ``files`` yields (path inside it, bytes) for entries up to 400 kB."""

    name: str
    version: str
    licence: str | None
    files: Callable[[], Iterator[tuple[str, bytes]]]


def open_package(path: Path) -> Package:
    """Open a wheel, zip, tarball or folder; raises :class:`PackageError` when it is none of them."""
    try:
        if path.is_dir():
            return _from_files(path.name, "", lambda: _folder_files(path))
        if path.suffix in (".whl", ".zip"):
            return _wheel(path)
        if re.search(r"\.(tgz|tar(\.(gz|xz|bz2))?|crate)$", path.name):
            name, version = _split_tar_name(path.name)
            return _from_files(name, version, lambda: _tar_files(path))
    except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise PackageError(f"{path}: not a readable package ({error})") from error
    raise PackageError(f"{path}: neither a wheel, a zip, a tarball nor a folder")


def _wheel(path: Path) -> Package:
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip() if path.stat().st_size < 1_000_000 else None
        if broken:
            raise zipfile.BadZipFile(f"damaged entry {broken}")
    name, _, rest = path.stem.partition("-")
    return _from_files(name, rest.split("-")[0], lambda: _zip_files(path))


def _from_files(name: str, version: str, files: Callable[[], Iterator[tuple[str, bytes]]]) -> Package:
    licence, found_version = _read_licence(files)
    return Package(name, version or found_version, licence, files)


def _read_licence(files: Callable[[], Iterator[tuple[str, bytes]]]) -> tuple[str | None, str]:
    """What the metadata declares; where it says nothing usable, what the LICENSE file's text is."""
    from_text: str | None = None
    for path, data in files():
        pure = PurePosixPath(path)
        if pure.name == "METADATA" and pure.parent.name.endswith(".dist-info"):
            return _wheel_licence(data.decode("utf-8", "replace")), ""
        if pure.name == "package.json" and len(pure.parts) <= 2:
            declared = _npm_licence(data)
            if declared:
                return permissive_name(declared[0]), declared[1]
        if pure.name == "copyright" and "doc" in pure.parts[:-1]:
            return _debian_licence(data.decode("utf-8", "replace")), ""
        if _LICENCE_FILE.search(path) and len(pure.parts) <= 2 and from_text is None:
            from_text = permissive_text(data.decode("utf-8", "replace"))
    return from_text, ""


def _npm_licence(data: bytes) -> tuple[str, str] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    licence = found.get("license") if isinstance(found, dict) else None
    return (licence, str(found.get("version", ""))) if isinstance(licence, str) else None


def _wheel_licence(metadata: str) -> str | None:
    fields = email.parser.HeaderParser().parsestr(metadata)
    if expression := fields.get("License-Expression"):
        return permissive_name(expression)
    classifiers = [c for c in fields.get_all("Classifier", []) if c.startswith("License ::")]
    names = [c.split("::")[-1].strip() for c in classifiers if c.count("::") > 1]
    if names:
        found = [permissive_name(name) for name in names]
        return " AND ".join(sorted({f for f in found if f})) if all(found) else None
    declared = fields.get("License", "")
    return permissive_name(declared) or permissive_text(declared)


def _debian_licence(copyright_file: str) -> str | None:
    """The licence of ``Files: *`` in a machine-readable copyright file (Debian's DEP-5)."""
    section = re.search(r"^Files: *\*\s*$(.*?)^License: *(.+?)$", copyright_file, re.M | re.S)
    return permissive_name(section[2]) if section else None


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in sorted(archive.infolist(), key=_metadata_first):
            if not entry.is_dir() and entry.file_size <= MAX_FILE_BYTES:
                yield entry.filename, archive.read(entry)


def _metadata_first(entry: zipfile.ZipInfo) -> tuple[bool, str]:
    return not entry.filename.endswith(".dist-info/METADATA"), entry.filename


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for entry in archive:
            if entry.isfile() and entry.size <= MAX_FILE_BYTES:
                handle = archive.extractfile(entry)
                if handle is not None:
                    yield _without_root(entry.name), handle.read()


def _folder_files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".git") for part in path.parts)
        if path.is_file() and not hidden and path.stat().st_size <= MAX_FILE_BYTES:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _without_root(name: str) -> str:
    parts = PurePosixPath(name).parts
    return "/".join(parts[1:]) if len(parts) > 1 else name


def _split_tar_name(name: str) -> tuple[str, str]:
    stem = re.sub(r"\.(orig\.)?(tgz|tar(\.(gz|xz|bz2))?|crate)$", "", name)
    match = re.match(r"(.+?)[-_](\d[^-_]*.*)$", stem)
    return (match[1], match[2]) if match else (stem, "")
