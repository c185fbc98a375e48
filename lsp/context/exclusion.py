"""Documents that are left alone, and the names under which the others are known: by address, not by path."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlparse

from fimble.engine.privacy.rules import PrivacyRules, secret_reason
from fimble.engine.privacy.secrets import looks_secret

log = logging.getLogger(__name__)


@lru_cache(1_024)  # a key asks for those of all open files
def path_of(uri: str) -> Path | None:
    """The file of a ``file:`` address, or None for anything else."""
    try:
        parsed = urlparse(uri)
    except ValueError:
        return None
    if parsed.scheme != "file":
        return None
    path = unquote(parsed.path)
    if re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    return Path(path)


class Exclusion:
    """Answers for one set of workspace folders. ``warn`` hears of lines in ignore files that are wrong."""

    def __init__(self, folders: Iterable[Path], warn: Callable[[str], None] = log.warning) -> None:
        self.folders = sorted(folders, key=lambda folder: len(folder.parts), reverse=True)
        """The workspace's folders, the innermost first."""
        self._privacy = PrivacyRules(warn)

    def reason(self, uri: str) -> str | None:
        """Why a document is left alone, as a sentence; None when it is not."""
        path = path_of(uri)
        if path is not None:
            return self._privacy.reason(path)
        name = uri.rpartition("/")[2]
        return secret_reason(name) if looks_secret(name) else None

    def folder_of(self, path: Path) -> Path | None:
        """The innermost workspace folder that holds a file."""
        return next((folder for folder in self.folders if path.is_relative_to(folder)), None)

    def relative_path(self, uri: str) -> str:
        """A document's path from its workspace folder, or its bare name; never more of the disk."""
        path = path_of(uri)
        if path is None:
            return uri.rpartition("/")[2]
        folder = self.folder_of(path)
        return path.relative_to(folder).as_posix() if folder else path.name
