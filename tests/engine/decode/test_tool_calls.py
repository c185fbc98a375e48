"""Tool calls: the grammars that force or allow them, and finding them in a stream."""

from __future__ import annotations

import json
from collections.abc import Generator

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.steps import Rows, Steps
from fimble.engine.decode.tool_calls import CallReader, read_call, with_tool_calls
from fimble.engine.decode.tool_grammar import tool_grammar
from fimble.engine.errors import InvalidRequest, UnsupportedParameter
from fimble.engine.prompt.tool_forms import FORMS, HERMES, LLAMA, MISTRAL, ToolForm, form_of, written
from fimble.engine.runtimes.fake import END
from fimble.engine.types import Delta, Grammar, NamedTool, Tool, ToolCall, ToolChoice

from .helpers import compiler

SCHEMA = {
    "type": "object",
    "properties": {"unit": {"enum": ["°C", "°F"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["unit", "days"],
    "additionalProperties": False,
}
WEATHER = Tool("weather", "How warm it gets", json.dumps(SCHEMA), strict=True)
CLOCK = Tool('clo"ck')
COMPILER = compiler()
FORM = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def fits(grammar: Grammar, text: str) -> bool:
    constraint = COMPILER.compile(grammar, "tools")
    for token in [*text.encode(), END]:
        if constraint.finished:
            return bool(token == END)
        if not constraint.allowed()[token]:
            return False
        constraint.accept(token)
    return True


def call(name: str, arguments: str, form: ToolForm) -> str:
    return written(ToolCall("", name, arguments), form)


def grammar(choice: ToolChoice, form: ToolForm, answer: Grammar | None = None) -> Grammar:
    return tool_grammar((WEATHER, CLOCK), choice, form, None, answer)


GOOD = '{"unit": "°C", "days": 3}'
BAD = '{"unit": "K", "days": 3}'


@FORM
@pytest.mark.parametrize("choice", ["required", NamedTool("weather")])
def test_a_forced_answer_is_one_call_with_valid_arguments(form: ToolForm, choice: ToolChoice) -> None:
    wanted = grammar(choice, form)
    assert fits(wanted, call("weather", GOOD, form))
    assert not fits(wanted, call("weather", BAD, form))
    assert not fits(wanted, "Well, " + call("weather", GOOD, form))
    assert not fits(wanted, call("weather", GOOD, form) * 2)
    assert fits(wanted, call('clo"ck', "{}", form)) == (choice == "required")


@FORM
def test_a_free_answer_is_text_with_well_formed_calls(form: ToolForm) -> None:
    free = grammar("auto", form)
    assert fits(free, "No call\nat all, not even <tool")
    two = call("weather", GOOD, form), call('clo"ck', '{"any": [1]}', form)
    assert fits(free, "Look: {} and {}.".format(*two))
    assert not fits(free, call("weather", BAD, form))
    assert not fits(free, call("other", "{}", form))


@FORM
@pytest.mark.parametrize(
    "answer",
    [
        Grammar("json_schema", '{"type": "integer"}'),
        Grammar("regex", "[0-9]+"),
        Grammar("lark", "start: /[0-9]+/"),
    ],
)
def test_an_answer_with_a_format_is_that_or_calls(form: ToolForm, answer: Grammar) -> None:
    either = grammar("auto", form, answer)
    assert fits(either, "42")
    assert fits(either, call("weather", GOOD, form))
    assert not fits(either, "42 " + call("weather", GOOD, form))
    assert not fits(either, "some text")


def test_what_cannot_be_combined_is_refused() -> None:
    with pytest.raises(UnsupportedParameter, match="tool_choice"):
        grammar("auto", HERMES, Grammar("llguidance", 'start: "x"'))


def test_the_chosen_tool_must_be_there() -> None:
    with pytest.raises(InvalidRequest, match="nope"):
        grammar(NamedTool("nope"), HERMES)


@pytest.mark.parametrize("parameters", ["{nope", "3", "[" * 100_000])
def test_parameters_that_are_no_schema_are_refused(parameters: str) -> None:
    with pytest.raises(InvalidRequest, match="weather"):
        tool_grammar((Tool("weather", "", parameters),), "required", HERMES, None, None)


def test_an_unknown_keyword_is_refused_only_where_strict() -> None:
    schema = '{"type": "object", "not": {"required": ["x"]}}'
    lenient = tool_grammar((Tool("f", "", schema),), "required", HERMES, None, None)
    strict = tool_grammar((Tool("f", "", schema, strict=True),), "required", HERMES, None, None)
    assert fits(lenient, call("f", '{"a": 1}', HERMES))
    with pytest.raises(InvalidRequest, match="not") as caught:
        COMPILER.compile(strict, "tools")
    assert caught.value.param == "tools"


@given(st.integers(0, 2**32))
def test_forced_arguments_are_always_valid(seed: int) -> None:
    random, text = np.random.default_rng(seed), b""
    constraint = COMPILER.compile(grammar(NamedTool("weather"), HERMES))
    while not constraint.finished:
        token = int(random.choice(np.flatnonzero(constraint.allowed())))
        constraint.accept(token)
        text += bytes([token])
    found = read_call(text.decode(), HERMES)
    assert found is not None
    jsonschema_rs.validate(SCHEMA, json.loads(found[0].arguments))


NAMES = st.text(min_size=1, max_size=6)
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=8), max_size=3)
PLAIN = st.text(st.sampled_from('<tol_ca>[]{"na me":}\n'), max_size=30)


@FORM
@given(st.data())
def test_calls_come_out_whole_however_the_text_is_cut(form: ToolForm, data: st.DataObject) -> None:
    calls = data.draw(st.lists(st.tuples(NAMES, ARGUMENTS.map(json.dumps)), max_size=3))
    plain = [data.draw(PLAIN.filter(lambda text: form.opener not in text)) for _ in range(len(calls) + 1)]
    text = plain[0] + "".join(
        call(name, arguments, form) + after for (name, arguments), after in zip(calls, plain[1:], strict=True)
    )
    if text.count(form.opener) != len(calls):
        return  # plain text and a call made another opener between them
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    reader, shown, found = CallReader(form), "", list[ToolCall]()
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        more, done = reader.feed(text[start:end])
        shown, found = shown + more, found + done
    assert shown + reader.flush() == "".join(plain)
    assert [(each.name, each.arguments) for each in found] == calls
    assert len({each.id for each in found}) == len(found)


def stream(*texts: str, reason: str = "stop") -> Generator[Delta, Rows | None]:
    for text in texts:
        yield Delta(text)
    yield Delta("", reason)


def shown(steps: Steps) -> list[Delta]:
    return [item for item in steps if isinstance(item, Delta)]


def test_an_answer_with_calls_ends_for_their_sake() -> None:
    made = shown(with_tool_calls(stream("Hm. <tool", call("f", "{}", HERMES)[5:]), HERMES, several=True))
    assert "".join(delta.text for delta in made) == "Hm. "
    assert [each.name for delta in made for each in delta.tool_calls] == ["f"]
    assert [delta.finish_reason for delta in made if delta.finish_reason] == ["tool_calls"]


def test_text_that_only_looks_like_a_call_stays_text() -> None:
    made = shown(with_tool_calls(stream("a <tool_ca", "ll> {nope"), HERMES, several=True))
    assert "".join(delta.text for delta in made) == "a <tool_call> {nope"
    assert made[-1].finish_reason == "stop"


def test_a_call_that_was_cut_off_stays_text() -> None:
    begun = call("f", '{"a": 1}', HERMES)[:-15]
    made = shown(with_tool_calls(stream(begun, reason="length"), HERMES, several=True))
    assert "".join(delta.text for delta in made) == begun
    assert made[-1].finish_reason == "length"


def test_one_call_is_enough_where_one_is_allowed() -> None:
    source = stream(call("f", "{}", HERMES), call("g", "{}", HERMES), "more")
    made = shown(with_tool_calls(source, HERMES, several=False))
    assert [each.name for delta in made for each in delta.tool_calls] == ["f"]
    assert made[-1].finish_reason == "tool_calls"
    assert next(source, None) is None  # the model was stopped


def test_the_form_is_found_in_the_template() -> None:
    assert form_of("... <tool_call> ...") is HERMES
    assert form_of("... [TOOL_CALLS] ...") is MISTRAL
    assert form_of('{"name": function name, "parameters": dictionary}') is LLAMA
    assert form_of("nothing") is HERMES
