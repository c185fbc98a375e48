"""Syntax as a judge: a suggestion may end where the file has no more errors than it had without it.

A line that is being written has brackets open, and counts of errors mean little there. So it is judged as if
its brackets, and a string that it ends in, were closed behind it. Several lines must be whole.
"""

from __future__ import annotations

from ..syntax.around import Around
from ..types import FimRequest
from .brackets import closers_for, fits_rest, word_ends

_LINE = 4_000
_TRIED = 8
"""So many beginnings of a text are judged at most."""
_KNOWN = 64


class SyntaxChecker:
    """Counts the parse errors around a request's cursor with a text put in."""

    def __init__(self, request: FimRequest, around: Around | None = None) -> None:
        """``around`` is the request's; what it has parsed need not be parsed again."""
        self._around = around or Around.of(request)
        self._counts: dict[str, int] = {}
        self._head = request.prefix[-_LINE:].rpartition("\n")[2]
        self._rest = request.suffix[:_LINE].partition("\n")[0].strip()

    @property
    def knows_language(self) -> bool:
        return self._around.spec is not None

    def acceptable(self, text: str) -> bool:
        """Whether the file has no more errors with ``text`` than without it, be it that brackets which are
        open at the end of a line are closed one day."""
        if self._around.tree is None:
            return fits_rest(text, self._rest)
        base = self.errors("")
        return any(self.errors(text + closers) <= base for closers in self._closers(text))

    def longest(self, text: str) -> str:
        """The longest acceptable beginning that ends with a word or bracket, as far as it is looked for;
        empty if there is none."""
        ends = word_ends(text)
        near, far = ends[-_TRIED // 2 :], ends[: -_TRIED // 2]
        while far and len(near) < _TRIED:
            near.insert(0, far[len(far) // 2])
            far = far[: len(far) // 2]
        return next((text[:end] for end in reversed(near) if self.acceptable(text[:end])), "")

    def errors(self, text: str) -> int:
        """How many errors the file has with ``text`` inserted."""
        if (tree := self._around.tree) is None:
            return 0
        if text not in self._counts:
            if len(self._counts) >= _KNOWN:
                self._counts = {"": self._counts[""]} if "" in self._counts else {}
            self._counts[text] = tree.put(text).errors()
        return self._counts[text]

    def _closers(self, text: str) -> list[str]:
        """What may be taken to follow the text: nothing, or closing brackets."""
        if self._rest or not text.strip():
            return [""]
        own, all_open = closers_for(text), closers_for(self._head + text)
        if own and "\n" in text.strip():
            return [""]
        return list(dict.fromkeys(["", own, all_open]))
