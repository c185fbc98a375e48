"""Code, comment or string: what a cursor stands in, told from its line wherever that is enough.

A parser always knows, and takes a millisecond; most keys are typed in lines that leave no doubt.
"""

from __future__ import annotations

import re
from typing import Literal

from .around import Around
from .quotes import ordinary

Place = Literal["code", "comment", "string"]
_PROSE = {"markdown", "plaintext", "text", "latex", "restructuredtext", "asciidoc", ""}
_COMMENT = re.compile(r"\s*(//|#|--|;;|/\*)")
_ESCAPED = re.compile(r'\\.|[^"]')
_QUOTES = "\"'`"
_CLOSERS_ONLY = re.compile(r"[\s)\]};,:\"'>]*$")
_DOUBTFUL = {"yaml", "shellscript", "php", "ruby"}
"""Languages in which a comment sign often stands for something else."""
_SEARCHED = 4_000


def quick_place(around: Around) -> Place | None:
    """What the cursor is in; None where only the parser can tell."""
    spec, line = around.spec, _last_line(around.prefix)
    if spec is None or len(line) >= _SEARCHED or spec.id == "html" or _may_be_in_long(around):
        return None
    rest = 0
    for found in ordinary(spec).finditer(line):
        rest = found.end()
        if spec.line_comment and found.group().startswith(spec.line_comment):
            return None if spec.id in _DOUBTFUL else "comment"
    tail = line[rest:]
    openers = [opener for opener, _ in spec.long_quotes]
    return None if any(each in tail for each in (*_QUOTES, *openers)) else "code"


def plain_place(prefix: str, language: str) -> Place:
    """The same for a language without a grammar: a line that begins like a comment is one, and a quote
    that is open in its line begins a string. Prose has neither."""
    line = _last_line(prefix)
    if language.lower() in _PROSE:
        return "code"
    if _COMMENT.match(line):
        return "comment"
    return "string" if len(_ESCAPED.sub("", line)) % 2 else "code"


def only_closers(rest: str) -> bool:
    """Whether the rest of a line only ends what was begun ahead of it, if it says anything."""
    return _CLOSERS_ONLY.match(rest) is not None


def open_quote(line: str) -> int:
    """Where the ordinary string begins in which a line ends; -1 if it ends in none."""
    start = -1
    line = line.replace('"""', "   ").replace("'''", "   ")
    for at, char in enumerate(line):
        if start >= 0:
            start = -1 if char == line[start] and line[at - 1] != "\\" else start
        elif char in _QUOTES and (at == 0 or not line[at - 1].isalnum() or _prefixed(line, at)):
            start = at
    return start


def interpolates(line: str, start: int) -> bool:
    """Whether the string that begins at ``start`` of a line ends in code that is put into it, as ``f"{x``."""
    text = line[start + 1 :].replace("{{", "").replace("\\{", "")
    opened = text.rfind("{")
    if opened < 0 or "}" in text[opened:]:
        return False
    marked = text[:opened].endswith(("$", "#"))
    return marked or bool(re.search(r"(\b[rR]?[fFtT][rR]?|\$@?|@\$)$", line[:start]))


def _prefixed(line: str, at: int) -> bool:
    """Whether the letters ahead of a quote belong to it, as in ``rb'``."""
    return re.search(r"(^|\W)[rRbBfFuUtTL]{1,2}$", line[:at]) is not None


def _last_line(prefix: str) -> str:
    return prefix[max(0, len(prefix) - _SEARCHED) :].rpartition("\n")[2]


def _may_be_in_long(around: Around) -> bool:
    """Whether a string or comment of several lines is open. Counting tells mostly that none is."""
    pairs = around.spec.long_quotes if around.spec is not None else ()
    if not pairs or not (around.left_out or any(_uneven(around.prefix, *pair) for pair in pairs)):
        return False
    return bool(around.quotes.open_closer)


def _uneven(text: str, opener: str, closer: str) -> bool:
    if opener == closer:
        return text.count(opener) % 2 == 1
    return text.rfind(opener) > text.rfind(closer)
