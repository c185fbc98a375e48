"""Files that are never read for suggestions: what looks like a secret, and what ``.fimbleignore`` names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlparse

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".fimbleignore"
_SECRET = re.compile(
    r"^(\.env(\..*)?|.*\.env|.*\.(pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk)|id_(rsa|dsa|ecdsa|ed25519).*|"
    r"\.?netrc|_netrc|\.pgpass|\.htpasswd|\.npmrc|\.pypirc|\.git-credentials|"
    r"(.*[._-])?(credentials?|secrets?|passwords?)([._-].*)?|known_hosts|authorized_keys|shadow)$",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\.(py|js|ts|tsx|jsx|go|rs|c|h|cc|cpp|hpp|java|cs|rb|php|lua|html|css|scss|md|vue|svelte)$", re.I
)


def path_of(uri: str) -> Path | None:
    """The file of a ``file:`` address, or None for anything else."""
    parsed = urlparse(uri)
    if parsed.scheme != "file":
        return None
    path = unquote(parsed.path)
    if re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    return Path(path)


class Exclusion:
    """Answers for one set of workspace folders. The ignore files are read again when they change."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = sorted(folders, key=lambda folder: len(folder.parts), reverse=True)
        self._read: dict[Path, tuple[float, GitIgnoreSpec]] = {}

    def reason(self, uri: str) -> str | None:
        """Why a document is left alone, as a sentence; None when it is not."""
        path = path_of(uri)
        name = path.name if path else uri.rpartition("/")[2]
        if looks_secret(name):
            return f"{name} looks like a file with secrets, so fimble does not read it."
        folder = self.folder_of(path) if path else None
        if path and folder and self._spec(folder).match_file(path.relative_to(folder).as_posix()):
            return f"{name} is named in {IGNORE_FILE}, so fimble does not read it."
        return None

    def folder_of(self, path: Path) -> Path | None:
        """The innermost workspace folder that holds a file."""
        return next((folder for folder in self._folders if path.is_relative_to(folder)), None)

    def relative_path(self, uri: str) -> str:
        """A document's path from its workspace folder, or its bare name; never more of the disk."""
        path = path_of(uri)
        if path is None:
            return uri.rpartition("/")[2]
        folder = self.folder_of(path)
        return path.relative_to(folder).as_posix() if folder else path.name

    def _spec(self, folder: Path) -> GitIgnoreSpec:
        file = folder / IGNORE_FILE
        try:
            changed = file.stat().st_mtime
        except OSError:
            return GitIgnoreSpec([])
        known = self._read.get(folder)
        if known is None or known[0] != changed:
            lines = file.read_text("utf-8", "replace").splitlines()
            known = self._read[folder] = (changed, GitIgnoreSpec.from_lines(lines))
        return known[1]


def looks_secret(name: str) -> bool:
    """Whether a file name is one that keys and passwords are kept under; source code never is."""
    return bool(_SECRET.match(name)) and not _SOURCE.search(name)
