"""Where a suggestion comes from: how sure it was, and how much of it the project's memory contributed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fimble.engine.types import Completion


@dataclass(frozen=True, slots=True)
class Origin:
    """``confidence`` is None where nobody judged it. So many characters are ``remembered``: memory thought
    them likelier than the model alone did. Most of these were found in ``scope``."""

    confidence: float | None = None
    remembered: int = 0
    scope: str = ""


NOBODY = Origin()
"""Of a text of which nothing else is known."""


def origin_of(completion: Completion) -> Origin:
    """What an answer tells of itself."""
    found = [each for each in completion.certainties if each.offset < len(completion.text)]
    ends = [*(each.offset for each in found[1:]), len(completion.text)]
    by_scope = Counter[str]()
    for certainty, end in zip(found, ends, strict=False):
        if certainty.memory > certainty.model:
            by_scope[certainty.scope or ""] += end - certainty.offset
    scope = by_scope.most_common(1)[0][0] if by_scope else ""
    return Origin(completion.confidence, by_scope.total(), scope)
