"""From the evidence for a text and the place where it stands to the numbers that a calibration weighs.

Each is 0 where it says nothing, and bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..syntax.place import only_closers
from ..types import FimRequest
from .cuts import in_word, open_quote
from .evidence import Evidence, Ledger, logit
from .limits import LINE_CHARACTERS

_MARKUP = frozenset(("css", "html", "json", "jsonc", "markdown", "plaintext", "toml", "xml", "yaml"))
_COMMENT = re.compile(r"^\s*(\*|/\*)|//|(^|\s)#(?!include|define|if|end)|^\s*--")
_LONGEST = 1 << 12
Features = dict[str, float]


def of_place(request: FimRequest) -> Features:
    """What the place says, whatever the text."""
    head = request.prefix[-LINE_CHARACTERS:].rpartition("\n")[2]
    rest = request.suffix[:LINE_CHARACTERS].partition("\n")[0]
    typed = len(head) - len(head.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
    last, quoted = head[-1:], bool(open_quote(head))
    return {
        "inside_word": float(in_word(last)),
        "typed": math.log1p(min(typed, 20)),
        "after_dot": float(last == "."),
        "after_bracket": float(last in ("(", "[", "{")),
        "after_blank": float(bool(head.strip()) and last.isspace()),
        "line_start": float(not head.strip()),
        "rest_of_line": float(not only_closers(rest)),
        "closers_follow": float(bool(rest.strip()) and only_closers(rest)),
        "quoted": float(quoted),
        "comment": float(not quoted and bool(_COMMENT.search(head))),
        "markup": float(request.language in _MARKUP),
    }


def of_text(text: str, evidence: Evidence, whole: bool) -> Features:
    """What a text says that may be shown; ``whole`` where nothing was cut off."""
    characters = max(1, len(text))
    found: Features = {
        "running": logit(evidence.running),
        "model": logit(evidence.model),
        "weakest": logit(evidence.weakest),
        "each": logit(evidence.running / max(1, evidence.tokens)),
        "tokens": math.log1p(evidence.tokens),
        "characters": math.log1p(characters),
        "lines": float(min(8, text.count("\n"))),
        "whole": float(whole),
        "word_end": float(in_word(text[-1:])),
    }
    if evidence.following is not None:
        found["following"] = logit(evidence.following)
        found["ended"] = logit(evidence.ended or 0.0)
    if evidence.tokens and evidence.remembered:
        found["remembered"] = 1.0
        found["memory"] = logit(evidence.memory)
        found["matched"] = math.log1p(min(evidence.matched, _LONGEST))
        found["support"] = math.log1p(min(evidence.support, _LONGEST))
        found["near"] = float(evidence.near)
    return found


NAMES = (
    "running", "model", "weakest", "each", "tokens", "characters", "lines", "whole", "word_end", "following",
    "ended", "remembered", "memory", "matched", "support", "near", "inside_word", "typed", "after_dot",
    "after_bracket", "after_blank", "line_start", "rest_of_line", "closers_follow", "quoted", "comment",
    "markup",
)  # fmt: skip
"""All there are, in the order in which a fit has them."""


def at_each(text: str, ledger: Ledger, lengths: list[int]) -> Iterator[Features]:
    """The features of the beginnings of ``text`` that have these lengths."""
    for length in lengths:
        yield of_text(text[:length], ledger.up_to(length), length == len(text))
