"""What people keep: how much of an accepted suggestion is still there after half a minute."""

from __future__ import annotations

import asyncio
from difflib import SequenceMatcher

from .documents import Documents
from .suggestions import Suggestion

AFTER_SECONDS = 30.0
_AROUND = 400


def kept_characters(accepted: str, text: str) -> int:
    """How many characters of ``accepted`` are still found in ``text``, in their order."""
    matcher = SequenceMatcher(None, accepted, text, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks() if block.size > 1)


async def measure(documents: Documents, uri: str, accepted: Suggestion, length: int) -> int | None:
    """Wait, then look around the place of acceptance; None when the document was closed meanwhile."""
    await asyncio.sleep(AFTER_SECONDS)
    document = documents.get(uri)
    if document is None:
        return None
    near = document.text[max(0, accepted.before - _AROUND) : accepted.before + length + _AROUND]
    kept = await asyncio.to_thread(kept_characters, accepted.text[:length], near)
    return min(length, kept)
