"""What is asked of the engine for a snapshot of a document."""

from __future__ import annotations

import re

from fimble.engine.types import FimRequest, Mode, Snippet

from ..snapshot import Snapshot

_WORD = re.compile(r"\w")


def build_request(
    snapshot: Snapshot, path: str, snippets: tuple[Snippet, ...], invoked: bool = False
) -> FimRequest:
    """What to ask the engine."""
    return FimRequest(
        prefix=snapshot.prefix,
        suffix=snapshot.suffix,
        language=snapshot.language,
        path=path,
        snippets=snippets,
        mode=mode_for(snapshot, invoked),
        document=snapshot.uri,
        left_out=snapshot.left_out,
    )


def mode_for(snapshot: Snapshot, invoked: bool) -> Mode:
    """Who asks by hand at a line's end wants several lines; otherwise the syntax at the cursor decides."""
    return "block" if invoked and not snapshot.suffix.partition("\n")[0].strip() else "auto"


def inside_word(snapshot: Snapshot) -> bool:
    """Whether the cursor stands before the rest of a word, where a suggestion would only be in the way."""
    return bool(_WORD.match(snapshot.suffix[:1]))
