"""Downloads a model: once, whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ..errors import ModelDownloadError, ModelFileError
from ..limits import DISK_RESERVE_BYTES
from . import hub, store
from .gguf import read_header
from .store import Source

_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


class Watcher(Protocol):
    """Is told how a download gets on."""

    def found(self, size: int, there: int) -> None:
        """The file has ``size`` bytes, of which ``there`` are on this machine."""

    def at(self, count: int) -> None:
        """There are ``count`` bytes now."""

    def checking(self) -> None:
        """All bytes are there and are checked."""

    def waiting(self) -> None:
        """Another process downloads the same file; it is waited for."""


def pull(source: Source, watcher: Watcher) -> Path:
    """Have a model on this machine; returns its path.

    Raises :class:`ModelDownloadError`; what was read until then is where the next try goes on.
    """
    if _SPLIT.search(source.file):
        raise ModelDownloadError(
            f"{source} is a model in several files. Choose one that is in a single file."
        )
    path = store.place(source)
    try:
        return _with_lock(path, watcher, lambda: _pull(source, path, watcher))
    except OSError as error:
        raise ModelDownloadError(
            f"{source.file} cannot be written to {path.parent}: {error.strerror or error}. "
            "Set FIMBLE_MODELS to a folder that has room and may be written."
        ) from error


def _with_lock(path: Path, watcher: Watcher, work: Callable[[], Path]) -> Path:
    try:
        with store.locked(path, wait=False):
            return work()
    except store.Busy:
        watcher.waiting()
    with store.locked(path):
        return work()


def _pull(source: Source, path: Path, watcher: Watcher) -> Path:
    if path.exists():
        return path
    remote = hub.ask(source)
    if source.sha256 and remote.sha256 and source.sha256 != remote.sha256:
        raise ModelDownloadError(
            f"The hub has another file now than the catalogue describes for {source}. Update fimble; "
            f"to take it all the same, download it from the hub yourself and give its path."
        )
    part = path.with_name(f".{path.name}.{remote.tag}.part")
    store.forget_parts(path, but=part)
    there = part.stat().st_size if part.exists() else 0
    if there > remote.size:
        part.unlink()
        there = 0
    _require_room(path, remote.size - there)
    watcher.found(remote.size, there)
    hub.fetch(remote, part, watcher.at)
    watcher.checking()
    _check(remote, part, source.sha256 or remote.sha256)
    os.replace(part, path)
    return path


def _require_room(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if size + DISK_RESERVE_BYTES > free:
        raise ModelDownloadError(
            f"{path.name} needs {store.megabytes(size)} more, and {path.parent} has "
            f"{store.megabytes(free)} free. Free some, or set FIMBLE_MODELS to a folder on another disk."
        )


def _check(remote: hub.Remote, part: Path, sha256: str | None) -> None:
    """A file that is not what was promised is deleted: going on with it would not make it better."""
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
            if os.fstat(file.fileno()).st_size != remote.size:
                raise ModelDownloadError(f"{remote.source} came with another size than the hub names.")
            if sha256 and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise ModelDownloadError(
                    f"{remote.source} arrived damaged: its SHA-256 is not the one that was promised. "
                    "Run the command again."
                )
        read_header(part)
    except ModelFileError as error:
        part.unlink(missing_ok=True)
        raise ModelDownloadError(
            f"{remote.source} is no GGUF model that fimble can read. {_cause(error, part)}"
        ) from error
    except ModelDownloadError:
        part.unlink(missing_ok=True)
        raise


def _cause(error: ModelFileError, part: Path) -> str:
    """What is wrong with a file, without the name that it has while it is downloaded."""
    return error.message.replace(str(part), "").replace("  ", " ")
