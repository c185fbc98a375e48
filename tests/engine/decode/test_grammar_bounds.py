"""Grammars that would overflow a stack, fill the memory or never end are refused, and quickly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.decode import trial
from fimble.engine.decode.grammar_bounds import check_bounds, check_values
from fimble.engine.decode.tool_grammar import tool_grammar
from fimble.engine.errors import InvalidRequest
from fimble.engine.limits import GRAMMAR_NESTING, GRAMMAR_RULES, SCHEMA_REFERENCES, SCHEMA_VALUES, TOOLS
from fimble.engine.prompt.tool_forms import HERMES
from fimble.engine.types import Grammar, GrammarKind, Tool

from .helpers import compiler

COMPILER = compiler()


def chain(length: int) -> str:
    """A schema in which each definition is a property of the one before."""
    last = {f"d{length}": {"type": "integer"}}
    links = {f"d{n}": {"properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(length)}
    return json.dumps({"$ref": "#/$defs/d0", "$defs": links | last})


def rules(length: int) -> str:
    return "start: r0\n" + "".join(f"r{n}: r{n + 1}\n" for n in range(length)) + f'r{length}: "a"\n'


def nested(before: str, after: str, depth: int) -> str:
    return before * depth + "{}" + after * depth


def all_of(*schemas: dict[str, Any], kind: str) -> str:
    return json.dumps({"type": kind, "allOf": list(schemas)})


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("json_schema", chain(1000), "references"),
        ("json_schema", json.dumps({"enum": list(range(100_000))}), "values|characters"),
        ("json_schema", nested('{"items":', "}", 100), "levels deep"),
        ("json_schema", nested('{"const":[', "]}", 100), "levels deep"),
        ("lark", rules(3000), "rules"),
        ("lark", "start: " + nested("(", ")", 500), "levels deep"),
        ("regex", r"\p{L}\w\W" * 100_000, "characters"),
        ("llguidance", "[" * 1_000_000, "characters"),
        ("llguidance", '{"grammars":' + "[" * 1_000, "levels deep"),
    ],
)
def test_what_is_too_large_is_refused_before_the_library_sees_it(
    kind: GrammarKind, value: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        check_bounds(Grammar(kind, value))
    with pytest.raises(InvalidRequest, match=reason):
        COMPILER.compile(Grammar(kind, value), "response_format")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("json_schema", chain(SCHEMA_REFERENCES - 2)),
        ("json_schema", all_of(*({"multipleOf": 2 * n + 1} for n in range(10)), kind="integer")),
        ("json_schema", all_of(*({"pattern": f"a.*{n}"} for n in range(100)), kind="string")),
        ("lark", "start: T\nT: " + "&".join(f"/.*a{n}.*/" for n in range(100))),
    ],
    ids=["overflow of the stack", "multiples", "patterns", "intersection"],
)
def test_a_small_grammar_that_cannot_be_compiled_costs_only_its_request(
    kind: GrammarKind, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_bounds(Grammar(kind, value))
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 100.0)  # however busy the computer is
    with pytest.raises(InvalidRequest, match="too complex"):
        COMPILER.compile(Grammar(kind, value), "response_format")
    with pytest.raises(InvalidRequest, match="too complex"):
        COMPILER.compile(Grammar(kind, value), "response_format")  # remembered


def test_what_a_busy_computer_did_not_do_in_time_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = Grammar("regex", "once|more")
    with monkeypatch.context() as patched:
        patched.setattr(trial, "TRIAL_SECONDS", 0.0)
        with pytest.raises(InvalidRequest, match="in time"):
            COMPILER.compile(grammar)
    COMPILER.compile(grammar)


def test_compiling_ends_when_nobody_waits_for_it() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise TimeoutError

    value = all_of(*({"multipleOf": 2 * n + 1} for n in range(11)), kind="integer")
    with pytest.raises(TimeoutError):
        COMPILER.compile(Grammar("json_schema", value), check=check)


def test_grammars_within_the_bounds_are_compiled() -> None:
    wide = [f'r{n}: "{n}"' for n in range(GRAMMAR_RULES - 1)]
    served: list[tuple[GrammarKind, str]] = [
        ("json_schema", chain(40)),
        ("json_schema", json.dumps({"enum": list(range(5_000))})),
        ("json_schema", json.dumps({"properties": {f"p{n}": {"type": "integer"} for n in range(300)}})),
        ("lark", rules(100)),
        ("lark", "start: " + " | ".join(f"r{n}" for n in range(len(wide))) + "\n" + "\n".join(wide)),
        (
            "lark",
            "start: r0\n" + "".join(f'r{n}: /[(]/ "(" r{n + 1}? // (\n' for n in range(70)) + 'r70: "a"',
        ),
        ("regex", "(ab|c)*" * 100),
    ]
    for kind, value in served:
        COMPILER.compile(Grammar(kind, value))


def test_tools_are_bounded_together() -> None:
    with pytest.raises(InvalidRequest, match=f"may be {TOOLS}") as caught:
        tool_grammar([Tool("t")] * (TOOLS + 1), "auto", HERMES, None, None)
    assert caught.value.param == "tools"
    long = Tool("t", parameters=json.dumps({"description": "x" * 50_000}))
    with pytest.raises(InvalidRequest, match="together"):
        tool_grammar([long] * 10, "required", HERMES, None, None)
    with pytest.raises(InvalidRequest, match="levels deep"):
        tool_grammar([Tool("t", parameters="[" * 5_000)], "required", HERMES, None, None)
    with pytest.raises(InvalidRequest, match="references"):
        tool_grammar([Tool("t", parameters=chain(1000))], "required", HERMES, None, None)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$ref", "anyOf", "items", "x"]), inner, max_size=3)
    ),
    max_leaves=30,
)


def measure(value: Any) -> tuple[int, int, int]:
    """Depth, values and references, the plain way."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    measured = [measure(item) for item in inner]
    own = isinstance(value, dict) and "$ref" in value
    return (
        1 + max([depth for depth, _, _ in measured], default=0),
        1 + sum(values for _, values, _ in measured),
        own + sum(references for _, _, references in measured),
    )


@given(JSON, st.integers(1, 70), st.integers(0, 4_000), st.integers(0, 300))
def test_the_bounds_are_what_they_say(value: Any, wraps: int, width: int, copies: int) -> None:
    for _ in range(wraps):
        value = [value]
    values = [value, [None] * width, [{"$ref": "#"}] * (2 * copies)]
    measured = [measure(part) for part in values]
    depth = max(deep for deep, _, _ in measured)
    count = sum(many for _, many, _ in measured)
    references = sum(refers for _, _, refers in measured)
    fits = depth <= GRAMMAR_NESTING and count <= SCHEMA_VALUES and references <= SCHEMA_REFERENCES
    try:
        check_values(values)
    except ValueError:
        assert not fits
    else:
        assert fits


KEYS = ["type", "properties", "items", "anyOf", "allOf", "oneOf", "enum", "const", "required", "pattern",
        "minLength", "maxItems", "minimum", "multipleOf", "$ref", "$defs", "prefixItems", "format",
        "additionalProperties", "patternProperties", "minProperties", "if", "x-guidance"]  # fmt: skip
SCHEMAS = st.recursive(
    st.sampled_from(["string", "integer", "object", "array", "#", "#/$defs/x", "date-time", "a*", ""])
    | st.integers(-5, 10**6)
    | st.booleans()
    | st.just(0.1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
).map(lambda value: Grammar("json_schema", json.dumps(value)))
LARK = st.lists(
    st.sampled_from(
        ["start: ", "a: ", "T: ", "\n", '"x" ', "/x*/ ", "a ", "T ", "(", ")", "|", "{3,9} ", "* ", "[lazy]"]
    ),
    max_size=20,
).map(lambda parts: Grammar("lark", "start: " + "".join(parts)))
REGEXES = st.lists(
    st.sampled_from(["a", "\\w", "(", ")", "[", "]", "*", "{9,99}", "|", ".", "^", "\\b", "é", "(?i)"]),
    max_size=12,
).map(lambda parts: Grammar("regex", "".join(parts)))


@settings(max_examples=40, deadline=None)
@given(SCHEMAS | LARK | REGEXES)
def test_any_grammar_is_compiled_or_refused(grammar: Grammar) -> None:
    try:
        constraint = COMPILER.compile(grammar)
        constraint.allowed()
    except InvalidRequest as error:
        assert error.message.endswith(".")  # noqa: PT017
