"""Bounds on a grammar before it is parsed: its size, its nesting, its rules, its references.

The library that compiles grammars recurses without a limit of its own in many places, and a stack that
overflows takes the process down. Whatever is refused here raises ``ValueError`` with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..limits import (
    GRAMMAR_CHARACTERS,
    GRAMMAR_NESTING,
    GRAMMAR_RULES,
    REGEX_CHARACTERS,
    SCHEMA_REFERENCES,
    SCHEMA_VALUES,
)
from ..types import Grammar

_LITERAL_OR_BRACKET = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/(?:[^/\\\n]|\\.)+/|[(\[{]|[)\]}]')
"""Of the brackets in Lark rules those inside strings, comments and regular expressions do not count."""
_RULE = re.compile(r"^[^\S\n]*[?!]?[A-Za-z_][^\n:]*:", re.MULTILINE)


def check_bounds(grammar: Grammar) -> None:
    """Raise ``ValueError`` for a grammar that is too large to be parsed safely."""
    text, kind = grammar.value, grammar.kind
    _check_length(text, REGEX_CHARACTERS if kind == "regex" else GRAMMAR_CHARACTERS)
    if kind == "json_schema" or (kind == "llguidance" and text.lstrip().startswith("{")):
        check_values([parse_json(text)])
        return
    if kind != "regex":  # of those the library bounds the nesting itself
        _check_rules(text)


def parse_json(text: str) -> Any:
    """A JSON text of bounded length as a value; ``ValueError`` if it is none or nested too deeply."""
    _check_length(text, GRAMMAR_CHARACTERS)
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(_too_deep()) from None


def check_values(roots: Iterable[Any]) -> None:
    """Bound the nesting, the values and the references of JSON values, all of them together."""
    values = references = 0
    waiting = [(root, 1) for root in roots]
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if values > SCHEMA_VALUES:
            raise ValueError(f"it has more than {SCHEMA_VALUES} values")
        if depth > GRAMMAR_NESTING:
            raise ValueError(_too_deep())
        if isinstance(value, dict):
            references += any(key in value for key in ("$ref", "$dynamicRef", "$recursiveRef"))
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
    if references > SCHEMA_REFERENCES:
        raise ValueError(f"it has more than {SCHEMA_REFERENCES} references ($ref)")


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise ValueError(f"it has {len(text)} characters, and may have {most}")


def _check_rules(text: str) -> None:
    if sum(1 for _ in _RULE.finditer(text)) > GRAMMAR_RULES:
        raise ValueError(f"it has more than {GRAMMAR_RULES} rules")
    depth = 0
    for found in _LITERAL_OR_BRACKET.finditer(text):
        if found[0] in "([{":
            depth += 1
            if depth > GRAMMAR_NESTING:
                raise ValueError(_too_deep())
        elif found[0] in ")]}":
            depth -= 1


def _too_deep() -> str:
    return f"it is nested more than {GRAMMAR_NESTING} levels deep"
