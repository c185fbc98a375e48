"""Which dialect an address belongs to, also one where there is nothing."""

from __future__ import annotations

from ..dialect import OWN, Dialect
from .llama.dialect import LLAMA
from .mistral.dialect import MISTRAL
from .ollama.dialect import OLLAMA

_BEGINNINGS = (
    ("/api/", OLLAMA),
    ("/v1/fim/", MISTRAL),
    *(
        (f"/{name}", LLAMA)
        for name in ("infill", "completion", "tokenize", "detokenize", "apply-template", "props", "slots")
    ),
)


def dialect_at(path: str) -> Dialect:
    """By how the address begins."""
    return next((dialect for beginning, dialect in _BEGINNINGS if path.startswith(beginning)), OWN)
