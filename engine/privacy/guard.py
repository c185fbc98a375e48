"""The last look, inside the engine: whatever a door has let through, no secret reaches a model."""

from __future__ import annotations

from dataclasses import replace

from ..errors import PrivateFile
from ..types import FimRequest
from .rules import secret_reason
from .secrets import looks_secret


def guarded(request: FimRequest) -> FimRequest:
    """The request without pieces of files that look secret. Raises :class:`~..errors.PrivateFile` when
    it is made for such a file itself."""
    if looks_secret(request.path):
        raise PrivateFile(secret_reason(request.path.replace("\\", "/").rpartition("/")[2]), "file_path")
    kept = tuple(each for each in request.snippets if not looks_secret(each.path))
    return request if len(kept) == len(request.snippets) else replace(request, snippets=kept)
