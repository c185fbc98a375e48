"""The one place that asks llguidance to compile: the same limits in a trial and in earnest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

_LEXER_STATES = 50_000
"""A state takes 1 to 2 KB."""


def new_matcher(tokenizer: LLTokenizer, source: str) -> LLMatcher:
    """A matcher of a grammar in llguidance's format; ``ValueError`` with the reason if there is none."""
    from llguidance import LLMatcher, LLParserLimits

    limits = LLParserLimits(verbose_errors=False, max_lexer_states=_LEXER_STATES)
    matcher = LLMatcher(tokenizer, source, log_level=0, limits=limits)
    if matcher.is_error():
        raise ValueError(matcher.get_error())
    return matcher
