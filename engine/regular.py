"""Opening files that anybody may have put there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Without O_NONBLOCK a pipe of that name would wait for a writer."""


def open_regular(path: Path, follow: bool = True) -> int:
    """The descriptor of a regular file, to be closed by the caller. :class:`OSError` for what is none, at
    once also for a pipe that nobody writes to, and for a link unless ``follow``."""
    descriptor = os.open(path, _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return descriptor
