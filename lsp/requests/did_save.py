"""``textDocument/didSave`` and ``workspace/didChangeWatchedFiles``: the engine reads the project again."""

from __future__ import annotations

from collections.abc import Iterable

from ..context.exclusion import path_of
from ..session import Session


def did_save(session: Session, uris: Iterable[str]) -> None:
    """Files have changed on the disk."""
    folder_of = session.switches.exclusion.folder_of
    paths = (path for uri in uris if (path := path_of(uri)) is not None)
    folders = dict.fromkeys(folder for path in paths if (folder := folder_of(path)) is not None)
    session.read_project(folders)
