"""Where downloaded models are kept: ``FIMBLE_MODELS``, or a folder of the user's data.

A file lies at ``owner/repository/file.gguf``, as on the hub. What is still being downloaded has another
ending, so a name that ends with ``.gguf`` is a whole file that was checked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from platformdirs import user_data_path

from ..errors import ModelDownloadError, ModelError, ModelNotFound
from ..limits import HUB_NAME_CHARACTERS, MODELS_LISTED

_PART = r"[A-Za-z0-9][\w.-]*"
_HUB_NAME = re.compile(rf"({_PART}/{_PART})/((?:{_PART}/)*{_PART}\.gguf)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the hub: ``repository`` is ``owner/name``, ``file`` its path there. ``sha256`` is the one
    that it must have, where that is known beforehand."""

    repository: str
    file: str
    revision: str = "main"
    sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.repository}/{self.file}"


def hub_source(name: str) -> Source | None:
    """``owner/repository/file.gguf`` as a source; None for anything else."""
    match = _HUB_NAME.fullmatch(name) if len(name) <= HUB_NAME_CHARACTERS else None
    return Source(match[1], match[2]) if match else None


def models_folder() -> Path:
    named = os.environ.get("FIMBLE_MODELS")
    return Path(named).expanduser() if named else user_data_path("fimble") / "models"


def place(source: Source) -> Path:
    """Where a source's file is, or will be."""
    return models_folder() / source.repository / source.file


def pulled() -> list[Path]:
    """The models in the folder, in the order of their names; of very many, some."""
    found = (path for path in models_folder().glob("*/*/**/*.gguf") if path.is_file())
    return sorted(islice(found, MODELS_LISTED))


def hub_name(path: Path) -> str:
    """``owner/repository/file.gguf`` of a file in the folder."""
    return path.relative_to(models_folder()).as_posix()


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """One process at a time downloads or removes a model: raises :class:`Busy` unless it may ``wait``."""
    from filelock import FileLock, Timeout  # costs an editor's start, which needs no lock

    lock = models_folder() / ".locks" / (hub_name(path).replace("/", "--") + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)  # stays: who waits for a file that is deleted waits for nothing
    try:
        held.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise Busy(f"Another fimble downloads {path.name} now. Wait for it, or stop it.") from error
    try:
        yield
    finally:
        held.release()


class Busy(ModelDownloadError):
    """Somebody else downloads the same model."""


def remove(path: Path) -> None:
    """Delete a downloaded model and what was left of its downloads. A worker that has it open keeps it."""
    if not path.is_relative_to(models_folder()):
        raise ModelError(f"{path} was not downloaded by fimble. Remove the file yourself.")
    if not path.exists() and not any(parts_of(path)):
        raise ModelNotFound(f"The model {hub_name(path)} is not on this machine.")
    with locked(path, wait=False):
        path.unlink(missing_ok=True)
        forget_parts(path)
    _remove_empty_folders(path.parent)


def parts_of(path: Path) -> Iterator[Path]:
    """What was left of downloads of a model that did not come to their end."""
    return (found for found in path.parent.glob(".*.part") if found.name.startswith(f".{path.name}."))


def forget_parts(path: Path, but: Path | None = None) -> None:
    for part in list(parts_of(path)):
        if part != but:
            part.unlink(missing_ok=True)


def _remove_empty_folders(folder: Path) -> None:
    while folder != models_folder() and folder.is_relative_to(models_folder()):
        try:
            folder.rmdir()
        except OSError:  # something else is in it
            return
        folder = folder.parent


def megabytes(size: int) -> str:
    """A size for people: ``531 MB``, ``8.1 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.0f} MB"
