"""The syntax around one cursor: each part is made when it is first asked for, and once for all who ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..types import FimRequest
from .inserted import InsertedTree
from .languages import LanguageSpec, find_language
from .neighbourhood import Neighbourhood
from .quotes import Quotes


@dataclass(frozen=True)
class Around:
    """The texts before and after a cursor. Line ends are ``\\n``; ``left_out`` characters of the file are
    missing ahead of ``prefix``."""

    prefix: str
    suffix: str
    language: str
    path: str = ""
    left_out: int = 0

    @classmethod
    def of(cls, request: FimRequest) -> Around:
        return cls(request.prefix, request.suffix, request.language, request.path, request.left_out)

    @cached_property
    def spec(self) -> LanguageSpec | None:
        """None for a language without a grammar."""
        return find_language(self.language, self.path)

    @cached_property
    def quotes(self) -> Quotes:
        """Long strings and comments of the text before the cursor."""
        if self.spec is None:
            return Quotes([], [])
        return (Quotes.read_rest if self.left_out else Quotes.read)(self.prefix, self.spec)

    @cached_property
    def tree(self) -> InsertedTree | None:
        """The tree of what is near, to put texts in at the cursor."""
        if self.spec is None:
            return None
        near = Neighbourhood.of(self.prefix, self.suffix, self.spec, self.quotes)
        return InsertedTree(self.spec, near.before, near.after)
