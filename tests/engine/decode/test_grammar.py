"""Grammars: all four kinds accept and refuse what they should, and bad ones say why."""

from __future__ import annotations

import json
import sys
from subprocess import run

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.decode.grammar import Constraint
from fimble.engine.errors import InvalidRequest
from fimble.engine.runtimes.fake import END
from fimble.engine.types import JSON_OBJECT, Grammar, GrammarKind

from .helpers import compiler

COMPILER = compiler()
PERSON = json.dumps(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name"],
        "additionalProperties": False,
    }
)


def fits(grammar: Grammar, text: str) -> bool:
    """Whether a text can be written under a grammar, byte by byte, and ended there."""
    constraint = COMPILER.compile(grammar)
    for token in [*text.encode(), END]:
        if constraint.finished:
            return bool(token == END)
        if not constraint.allowed()[token]:
            return False
        constraint.accept(token)
    return True


@pytest.mark.parametrize(
    ("kind", "value", "good", "bad"),
    [
        ("regex", "[a-c]+é?", ["a", "abcé"], ["", "d", "aé!"]),
        ("lark", 'start: "(" start ")" | "x"', ["x", "((x))"], ["(x", "y"]),
        ("json_schema", PERSON, ['{"name": "Zoë"}', '{"name": "", "age": -3}'], ["{}", '{"age": 1}', "[]"]),
        ("json_schema", "true", ["1", '"x"', "[]"], ["nope"]),
        ("llguidance", '{"grammars": [{"lark_grammar": "start: \\"a\\" | \\"b\\""}]}', ["a", "b"], ["c"]),
        ("llguidance", 'start: /[0-9]/ "!"', ["1!"], ["1", "!"]),
        ("gbnf", 'root ::= "a" b*\nb ::= [0-9] | "(" b ")"', ["a", "a1", "a((2))3"], ["", "b", "a(", "aa"]),
    ],
)
def test_texts_fit_or_do_not(kind: GrammarKind, value: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not fits(Grammar(kind, value), text)] == []
    assert [text for text in bad if fits(Grammar(kind, value), text)] == []


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("regex", "[a-", "unclosed character class"),
        ("regex", "(?=x)y", "look-around"),
        ("lark", "start: nope", "nope"),
        ("lark", "", "Empty grammar"),
        ("json_schema", "{nope", "property name"),
        ("json_schema", "3", "must be an object"),
        ("json_schema", '{"type": "nope"}', "nope"),
        ("json_schema", '{"not": {}}', "not"),
        ("json_schema", '{"minimum": 5, "maximum": 3, "type": "integer"}', "minimum"),
        ("json_schema", '{"$ref": "https://example.org/x"}', "example.org"),
        ("json_schema", '{"x-guidance": 3}', "x-guidance"),
        ("json_schema", "[" * 100_000, "64 levels deep"),
        ("llguidance", '{"grammars": []}', "empty"),
        ("gbnf", "root ::= (", "Expected"),
        ("gbnf", "root ::= nope", "nope"),
        ("gbnf", "root ::= " + "(" * 5_000 + '"a"' + ")" * 5_000, "levels deep"),
        ("gbnf", "\n".join(f'r{i} ::= r{i + 1} "a"' for i in range(30_000)), "characters|rules"),
    ],
)
def test_a_bad_grammar_is_the_callers_mistake(kind: GrammarKind, value: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason) as caught:
        COMPILER.compile(Grammar(kind, value), "response_format")
    assert caught.value.param == "response_format"
    assert "\n" not in caught.value.message


def write(constraint: Constraint, seed: int, limit: int = 400) -> bytes:
    """A random text that the constraint allows, to its end or to the limit."""
    random, text = np.random.default_rng(seed), b""
    while not constraint.finished and len(text) < limit:
        allowed = np.flatnonzero(constraint.allowed())
        printable = allowed[(allowed >= 32) & (allowed < 127) | (allowed == END)]
        token = int(random.choice(printable if len(printable) else allowed))
        if token == END:
            break
        constraint.accept(token)
        text += bytes([token])
    return text


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_whatever_a_schema_lets_be_written_is_valid(seed: int) -> None:
    constraint = COMPILER.compile(Grammar("json_schema", PERSON))
    text = write(constraint, seed)
    if constraint.finished or len(text) < 400:
        jsonschema_rs.validate(json.loads(PERSON), json.loads(text))


def test_an_explosive_expression_is_refused_at_once_or_while_it_is_used() -> None:
    """How far it comes depends on how fast the computer is."""
    with pytest.raises(InvalidRequest, match=r"too many expressions|too complex|in time"):
        write(COMPILER.compile(Grammar("regex", "(a{1000}){1000}")), 1, 50)


@pytest.mark.parametrize("value", ["(.*a.{30}){20}b", "(a|aa|aaa)*" * 30])
def test_an_awkward_expression_is_served(value: str) -> None:
    assert len(write(COMPILER.compile(Grammar("regex", value)), 1, 50)) <= 50


def test_a_free_object_may_have_anything_in_it() -> None:
    assert fits(JSON_OBJECT, '{"a": [1, {"b": null}], "c": "\\n"}')
    assert not fits(JSON_OBJECT, "[1]")


def test_a_schema_may_ask_for_white_space_of_its_own() -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "x-guidance": {"item_separator": ","}}
    assert fits(Grammar("json_schema", json.dumps(schema)), "[1,2]")
    assert not fits(Grammar("json_schema", json.dumps(schema)), "[1, 2]")


def test_compilers_share_nothing_between_answers() -> None:
    first, second = (COMPILER.compile(Grammar("regex", "ab")) for _ in range(2))
    first.accept(ord("a"))
    assert second.allowed()[ord("a")]
    assert not second.allowed()[ord("b")]


def test_workers_start_without_the_library() -> None:
    code = (
        "import sys, fimble.engine.workers.child as c; "
        "sys.exit(bool({'llguidance', 'jinja2', 'tree_sitter'} & sys.modules.keys()))"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_text_can_be_checked_as_a_whole() -> None:
    for text, whole in (('{"name": "Zoë"}', True), ('{"name": "Zo', False), ("{}", False), ("", False)):
        assert COMPILER.compile(Grammar("json_schema", PERSON)).fits(text) == whole
