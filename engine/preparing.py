"""From a request as it came to what a backend is asked: whether at all, how much, and around which text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .limits import CONTEXT_CHARACTERS
from .prompt.window import clip
from .syntax.around import Around, RecentSyntax
from .syntax.cursor import CursorContext, glance
from .types import FimRequest, Mode

_WORD = re.compile(r"\w")
_DATA = {"json", "jsonc"}
"""Languages whose strings are what is written in them, and not text beside code."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A request with the texts that a backend reads: line ends are ``\\n``. ``newline`` is the line end that
    the answer must have, and ``ending`` what it ends with if it is not empty."""

    request: FimRequest
    newline: str = "\n"
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Prepared(CutOut):
    """``around`` is the syntax at the cursor. A ``silent`` request is answered with the empty text, without a
    model."""

    around: Around = field(kw_only=True)
    silent: bool = False


def cut_out(request: FimRequest, reach: int = CONTEXT_CHARACTERS) -> CutOut:
    """Cut a request's texts to ``reach`` characters."""
    newline = "\r\n" if "\r\n" in request.prefix or "\r\n" in request.suffix else "\n"
    if newline != "\n":
        request = replace(
            request,
            prefix=request.prefix.replace("\r\n", "\n"),
            suffix=request.suffix.replace("\r\n", "\n"),
        )
    request, ending = clip(request, reach), ""
    if inserts_lines(request):
        request, ending = replace(request, suffix="\n" + request.suffix), "\n"
    return CutOut(request, newline, ending)


def prepare(
    request: FimRequest, reach: int = CONTEXT_CHARACTERS, recent: RecentSyntax | None = None
) -> Prepared:
    """The request as a backend gets it: cut out, and "auto" decided by the syntax at the cursor. ``recent``
    knows what was parsed for the keys before."""
    cut = cut_out(request, reach)
    request = cut.request
    around, silent = recent.around(request) if recent is not None else Around.of(request), False
    if request.mode == "auto" or not request.in_comments:
        found = glance(around)
        silent = unwanted(request, found)
        if request.mode == "auto":
            at_end = not request.suffix.partition("\n")[0].strip()
            mode: Mode = "block" if found.block else "next" if at_end and may_end(request, found) else "line"
            request = replace(request, mode=mode)
    return Prepared(request, cut.newline, cut.ending, silent=silent, around=around)


def as_it_came(request: FimRequest) -> bool:
    """Whether the model's own text is wanted, and not a suggestion made of it."""
    return not request.trim or request.logprobs is not None or request.grammar is not None


def inserts_lines(request: FimRequest) -> bool:
    """Whether the cursor is ahead of a line of code, at the very start: whole lines are to go above it."""
    at_start = not request.prefix or request.prefix.endswith("\n")
    return at_start and bool(request.suffix.partition("\n")[0].strip()) and not as_it_came(request)


def may_end(request: FimRequest, found: CursorContext) -> bool:
    """Whether the cursor's line may be finished, so that what comes next is the next line."""
    return found.place != "string" and not request.prefix.endswith((" ", "\t"))


def unwanted(request: FimRequest, found: CursorContext) -> bool:
    """Whether nothing is to be suggested here: in comments and strings where they are off, and, unless it is
    asked for, inside a word."""
    if not request.in_comments and found.place != "code" and request.language not in _DATA:
        return True
    inside = _WORD.match(request.suffix[:1]) and _WORD.match(request.prefix[-1:])
    return bool(inside) and request.mode == "auto" and not request.invoked and not as_it_came(request)
