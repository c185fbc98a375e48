"""Where sockets are: a folder that only its owner can enter, which keeps other users of the machine out."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from platformdirs import user_runtime_path

LONGEST_SOCKET_PATH = 100


def runtime_folder() -> Path:
    """The system's folder for such things, or one of the user's own among the temporary ones."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    temporary = Path(tempfile.gettempdir()) / f"fimble-{user}"
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        return temporary
    folder = user_runtime_path("fimble")
    return folder if len(str(folder)) + 32 < LONGEST_SOCKET_PATH else temporary


def make_private(folder: Path) -> None:
    """Make the folder, or see that it is this user's alone. :class:`OSError` says why it cannot be used.

    Anybody may have put something of this name into a common folder, so links are not followed, and only
    what is this user's is changed.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise OSError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    if os.name != "nt":
        _check(folder)


def _check(folder: Path) -> None:
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{folder} is no folder, but a link or a file. Remove it.")
    if found.st_uid != os.getuid():
        raise PermissionError(f"The folder {folder} belongs to another user. Remove it or have it removed.")
    if found.st_mode & 0o077:
        _close_to_others(folder)


def _close_to_others(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(opened).st_uid == os.getuid():
            os.fchmod(opened, 0o700)
    finally:
        os.close(opened)
