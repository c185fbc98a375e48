"""Which replica a request belongs to: Ray sends those with the same session to the same one."""

from __future__ import annotations

import hashlib

from ..backends.affinity import affinity_name
from ..types import Request


def session_of(request: Request, model: str, elsewhere: int = 0) -> str:
    """The same in every process for requests whose prompts are likely to begin alike. Each ``elsewhere`` from
    1 on names another place."""
    named = repr((model, elsewhere, affinity_name(request)))
    return hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
