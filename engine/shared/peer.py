"""Who is at the other end of a local socket, as the kernel says."""

from __future__ import annotations

import os
import socket
import struct
import sys

_LOCAL_PEERCRED = 1
"""Of macOS and FreeBSD, at level 0; Python has no name for it."""


def check_peer(connection: socket.socket) -> None:
    """Raise :class:`PermissionError` unless the other end is a process of the same user."""
    user = _user(connection)
    if user is not None and user != os.getuid():
        raise PermissionError("What answers on the shared engine's socket belongs to another user.")


def _user(connection: socket.socket) -> int | None:
    """The user's id; None where the system does not tell it."""
    if hasattr(socket, "SO_PEERCRED"):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
        return int(struct.unpack("iII", credentials)[1])  # struct ucred: pid, uid, gid
    if sys.platform.startswith(("darwin", "freebsd")):
        credentials = connection.getsockopt(0, _LOCAL_PEERCRED, 128)
        return int(struct.unpack_from("II", credentials)[1])  # struct xucred: version, uid, groups
    return None
