"""The last look, inside the engine: whatever a door has let through, no secret reaches a model."""

from __future__ import annotations

from dataclasses import replace

from ..errors import PrivateFile
from ..types import FimRequest, Snippet
from .rules import secret_reason
from .secrets import looks_secret


def guarded(request: FimRequest) -> FimRequest:
    """The request without pieces of files that look secret. Raises :class:`~..errors.PrivateFile` when
    it is made for such a file itself."""
    if looks_secret(request.path):
        raise PrivateFile(secret_reason(request.path.replace("\\", "/").rpartition("/")[2]), "file_path")
    snippets, beside = _public(request.snippets), _public(request.beside)
    if len(snippets) == len(request.snippets) and len(beside) == len(request.beside):
        return request
    return replace(request, snippets=snippets, beside=beside)


def _public(pieces: tuple[Snippet, ...]) -> tuple[Snippet, ...]:
    return tuple(each for each in pieces if not looks_secret(each.path))
