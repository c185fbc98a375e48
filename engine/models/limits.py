"""The bounds of downloads: how much is taken before it is given up. As in ``engine/limits.py``."""

from __future__ import annotations

HUB_NAME_CHARACTERS = 300
"""``owner/repository/file.gguf``; what is longer is no name of the hub."""
HUB_CONNECTIONS = 100
"""A download that broke is taken up again at once, up to so often. Else ModelDownloadError."""
DISK_RESERVE_BYTES = 64 << 20
"""So much of a disk a download leaves free. Else ModelDownloadError, before it begins."""
MODELS_LISTED = 1_000
"""As many downloaded models are listed; no error."""
