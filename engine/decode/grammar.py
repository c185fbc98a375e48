"""Answers that must fit a grammar: after each token, which tokens may come next.

Regular expressions (Rust syntax), Lark grammars, JSON schemas, llama.cpp's GBNF and llguidance's own format
are all compiled by llguidance, which is imported when the first grammar is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidRequest
from ..prompt.vocabulary import Vocabulary
from ..stopping import Check, unchecked
from ..types import Grammar
from .filters import Mask
from .grammar_bounds import check_bounds, parse_json
from .matcher import new_matcher
from .trial import Trials

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

JSON_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON is written as Python's ``json.dumps`` writes it: a small model that may put in white space as it
likes easily writes nothing else. A schema's own ``x-guidance`` has the last word."""


class GrammarCompiler:
    """Makes constraints for one model; ``piece`` and ``tokenize`` are the model's."""

    def __init__(
        self, vocabulary: Vocabulary, piece: Callable[[int], bytes], tokenize: Callable[[str], list[int]]
    ) -> None:
        self._vocabulary, self._piece, self._tokenize = vocabulary, piece, tokenize
        self._trials = Trials(vocabulary)

    def compile(self, grammar: Grammar, param: str = "grammar", check: Check = unchecked) -> Constraint:
        """A constraint at its beginning; :class:`InvalidRequest` says what is wrong with the grammar, and
        names ``param`` as the field it came in. Raises what ``check`` raises while it compiles."""
        try:
            check_bounds(grammar)
            compiled = source(grammar)
            if reason := self._trials.reason(compiled, check):
                raise ValueError(reason)
            matcher = new_matcher(self._tokenizer, compiled)
        except ValueError as error:
            raise _unusable(str(error), param) from error
        return Constraint(matcher, self._tokenizer, self._vocabulary.size, param)

    @cached_property
    def _tokenizer(self) -> LLTokenizer:
        """The model's vocabulary as llguidance wants it, made once."""
        from llguidance import LLTokenizer, TokenizerWrapper

        return LLTokenizer(
            TokenizerWrapper(_Tokens(self._vocabulary, self._piece, self._tokenize)),
            eos_token=sorted(self._vocabulary.end_ids),
        )


class Constraint:
    """Where one answer is in its grammar."""

    def __init__(self, matcher: LLMatcher, tokenizer: LLTokenizer, size: int, param: str) -> None:
        self._matcher, self._tokenizer, self._size, self._param = matcher, tokenizer, size, param
        self._bits = np.zeros((1, (size + 31) // 32), np.int32)

    @property
    def finished(self) -> bool:
        """The answer is complete, and nothing may follow."""
        return self._matcher.is_stopped() and not self._matcher.is_error()

    def allowed(self) -> Mask:
        """Which tokens may come next, shape (vocabulary,); end tokens are among them if the answer is
        complete."""
        from llguidance.numpy import fill_next_token_bitmask

        fill_next_token_bitmask(self._matcher, self._bits)
        self._check()
        bits = np.unpackbits(self._bits[0].view(np.uint8), bitorder="little", count=self._size)
        return bits.view(np.bool_)

    def accept(self, token: int) -> None:
        """An allowed token has become part of the answer."""
        self._matcher.consume_token(token)
        self._check()

    def fits(self, text: str) -> bool:
        """Whether a text is a whole answer; this goes back to the beginning, so ask it last."""
        self._matcher.reset()
        tokens = self._tokenizer.tokenize_str(text)
        return self._matcher.try_consume_tokens(tokens) == len(tokens) and self._matcher.is_accepting()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise _unusable(self._matcher.get_error(), self._param)


class _Tokens:
    """The names under which llguidance looks for a tokenizer's parts."""

    def __init__(
        self, vocabulary: Vocabulary, piece: Callable[[int], bytes], tokenize: Callable[[str], list[int]]
    ) -> None:
        controls = {i: text.encode() for text, i in vocabulary.controls.items() if not piece(i)}
        self.tokens = [piece(i) or controls.get(i, b"<[%d]>" % i) for i in range(vocabulary.size)]
        self.special_token_ids = [i for i in range(vocabulary.size) if not piece(i)]
        self.eos_token_id = min(vocabulary.end_ids)
        self.bos_token_id = vocabulary.bos_id
        self._tokenize = tokenize

    def __call__(self, text: str | bytes) -> list[int]:
        return self._tokenize(text if isinstance(text, str) else text.decode("utf-8", "replace"))


def source(grammar: Grammar) -> str:
    """The grammar in llguidance's format; ``ValueError`` if it is not even JSON where it must be."""
    from llguidance import LLMatcher

    match grammar.kind:
        case "regex":
            return LLMatcher.grammar_from_regex(grammar.value)
        case "lark":
            return LLMatcher.grammar_from_lark(grammar.value)
        case "json_schema":
            return LLMatcher.grammar_from_json_schema(schema_of(grammar.value))
        case "gbnf":
            return LLMatcher.grammar_from_lark(_lark_of(grammar.value))
        case "llguidance":
            return grammar.value


def _lark_of(gbnf: str) -> str:
    """A grammar of llama.cpp as a Lark one, which has the bounds of these too."""
    from llguidance.gbnf_to_lark import gbnf_to_lark

    try:
        lark = gbnf_to_lark(gbnf)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except Exception as error:
        raise ValueError(str(error)) from error
    check_bounds(Grammar("lark", lark))
    return lark


def schema_of(text: str) -> str:
    """A JSON schema, given as JSON text, with the style of what it describes."""
    schema = parse_json(text)
    if schema is True:
        schema = {}
    if not isinstance(schema, dict):
        raise ValueError("the schema must be an object")
    return json.dumps({**schema, "x-guidance": {**JSON_STYLE, **_own_style(schema)}})


def _own_style(schema: dict[str, object]) -> dict[str, object]:
    style = schema.get("x-guidance", {})
    if not isinstance(style, dict):
        raise ValueError("x-guidance in the schema must be an object")
    return style


def _unusable(reason: str, param: str) -> InvalidRequest:
    """The library's reason in one line, without its picture of the place."""
    reason = reason.removesuffix("\n<non-verbose/>").strip()
    if reason == "NoExtensionBias":
        reason = "it allows nothing that this model could write"
    return InvalidRequest(f"The grammar cannot be used: {' '.join(reason.split())[:500]}.", param)
