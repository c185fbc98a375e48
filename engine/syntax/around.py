"""The syntax around one cursor: each part is made when it is first asked for, and once for all who ask."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache

from ..limits import SYNTAX_KEPT, SYNTAX_TYPED
from ..types import FimRequest
from .inserted import InsertedTree
from .languages import LanguageSpec, find_language
from .neighbourhood import Neighbourhood
from .quotes import Quotes


class Around:
    """The texts before and after a cursor. Line ends are ``\\n``; ``left_out`` characters of the file are
    missing ahead of ``prefix``. ``spec`` is None for a language without a grammar."""

    def __init__(self, prefix: str, suffix: str, language: str, path: str = "", left_out: int = 0) -> None:
        self.prefix, self.suffix, self.language, self.left_out = prefix, suffix, language, left_out
        self.spec = find_language(language, path)
        self._quotes: Quotes | None = None
        self._tree: InsertedTree | None = None

    @classmethod
    def of(cls, request: FimRequest) -> Around:
        return cls(request.prefix, request.suffix, request.language, request.path, request.left_out)

    @property
    def quotes(self) -> Quotes:
        """Long strings and comments of the text before the cursor."""
        if self._quotes is None:
            read = Quotes.read_rest if self.left_out else Quotes.read
            self._quotes = Quotes([], []) if self.spec is None else read(self.prefix, self.spec)
        return self._quotes

    @property
    def tree(self) -> InsertedTree | None:
        """The tree of what is near, to put texts in at the cursor."""
        if self._tree is None and self.spec is not None:
            near = Neighbourhood.of(self.prefix, self.suffix, self.spec, self.quotes)
            self._tree = InsertedTree(self.spec, near.before, near.after)
        return self._tree

    def follow(self, last: Around) -> None:
        """Take over what was made of an earlier cursor, if all that is new was typed in a line of code since,
        and neither begins nor ends a string or a comment."""
        typed = self.prefix[len(last.prefix) :]
        same = (self.spec, self.left_out, self.suffix) == (last.spec, last.left_out, last.suffix)
        if not same or len(typed) > SYNTAX_TYPED or not self.prefix.startswith(last.prefix):
            return
        in_code = last.prefix.rpartition("\n")[2].strip()
        if in_code and self.spec is not None and _telling(self.spec).isdisjoint(typed):
            self._quotes = last._quotes
            self._tree = last._tree.typed(typed) if last._tree is not None else None


class RecentSyntax:
    """What was made of the last cursor in each of the documents that were used last."""

    def __init__(self) -> None:
        self._last: OrderedDict[object, Around] = OrderedDict()

    def around(self, request: FimRequest) -> Around:
        """The syntax around a request's cursor. What is asked ahead of the user is of a place where the user
        is not yet, and not remembered."""
        made, document = Around.of(request), (request.user, request.document)
        if request.document is None:
            return made
        if (last := self._last.get(document)) is not None:
            made.follow(last)
        if not request.ahead:
            self._last[document] = made
            self._last.move_to_end(document)
            if len(self._last) > SYNTAX_KEPT:
                self._last.popitem(last=False)
        return made


@cache
def _telling(spec: LanguageSpec) -> frozenset[str]:
    """Characters that may begin or end a string, a comment or a line."""
    longer = "".join(opener + closer for opener, closer in spec.long_quotes)
    return frozenset("\"'`\n" + spec.line_comment + longer)
