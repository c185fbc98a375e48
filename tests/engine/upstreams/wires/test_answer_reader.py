"""An answer is held to what was asked for, whatever the upstream does."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest

from fimble.engine.types import Delta, ToolCall, Usage
from fimble.engine.upstreams.wires.openai_events import CallBody, CalledBody
from fimble.engine.upstreams.wires.pieces import AnswerReader, Piece, Terms, Token
from fimble.engine.upstreams.wires.tool_calls import Calls


def read(
    terms: Terms, *pieces: Piece, clock: Iterator[float] | None = None
) -> tuple[list[Delta], AnswerReader]:
    given = iter(pieces)
    times = clock or iter(lambda: 0.0, None)
    reader = AnswerReader(lambda data: next(given), terms, lambda: next(times))
    made: list[Delta] = []
    for _ in pieces:
        made += reader.feed(b"")
        if reader.enough:
            break
    return [*made, *reader.end()], reader


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


END = Piece(ended="length", usage=Usage(7, 3))


def test_a_stop_string_that_the_upstream_was_not_told_of() -> None:
    made, reader = read(Terms(stops=("<|end|>",)), Piece("a b<|e"), Piece("nd|>c"), END)
    assert text_of(made) == "a b"
    assert made[-1].finish_reason == "stop"
    assert reader.enough


def test_what_may_begin_a_stop_string_is_shown_once_it_does_not() -> None:
    made, _ = read(Terms(stops=("<|end|>",)), Piece("a <|e"), END)
    assert text_of(made) == "a <|e"
    assert made[-1].usage == Usage(7, 3)


def test_one_line_ends_with_its_first_line_of_text() -> None:
    made, reader = read(Terms(one_line=True), Piece("\n  a"), Piece("b\nc"), END)
    assert text_of(made) == "\n  ab"
    assert reader.enough


def test_a_text_that_becomes_too_unlikely_ends_ahead_of_that_token() -> None:
    tokens = [Token(text.encode(), math.log(0.5)) for text in ("a", "bé", "c", "d")]
    pieces = [Piece("a", tokens=tokens[:1]), Piece("béc", tokens=tokens[1:3]), Piece("d", tokens=tokens[3:])]
    made, reader = read(Terms(floor=0.2, certain=True), *pieces, END)
    assert text_of(made) == "abé"
    assert reader.enough
    certainties = [each for delta in made for each in delta.certainties]
    assert [(each.text, each.offset) for each in certainties] == [(b"a", 0), ("bé".encode(), 1), (b"c", 3)]
    assert all(math.isclose(each.probability, 0.5) for each in certainties)


def test_an_answer_ends_with_its_line_when_its_time_is_over() -> None:
    clock = iter([0.0, 0.1, 0.3])
    made, reader = read(
        Terms(milliseconds=250.0), Piece("a\nb"), Piece("c\nd"), Piece("e\nf"), END, clock=clock
    )
    assert text_of(made) == "a\nbc\nde"
    assert made[-1].finish_reason == "stop"
    assert reader.enough


def test_only_reading_the_prompt() -> None:
    made, _ = read(Terms(silent=True), Piece("a"), END)
    assert [(delta.text, delta.finish_reason) for delta in made] == [("", "length")]


def test_log_probabilities_are_of_the_text_alone() -> None:
    tokens = [Token(b"a", -0.5), Token(b"\n", -0.1)]
    made, _ = read(Terms(logprobs=1), Piece("a", tokens=tokens), Piece(ended="stop"))
    assert [each.text for delta in made for each in delta.logprobs] == [b"a"]


def test_end_tokens_have_no_text() -> None:
    made, _ = read(Terms(certain=True), Piece("", tokens=[Token(b"<|endoftext|>", -0.1)], ended="stop"))
    assert [each.text for delta in made for each in delta.certainties] == [b""]


def test_what_was_not_told_is_counted() -> None:
    made, _ = read(Terms(), Piece("a"), Piece("b", tokens=[Token(b"b", 0.0)] * 3), Piece(ended="stop"))
    assert [delta.usage for delta in made] == [Usage(0, 1), Usage(0, 4), Usage(0, 4)]


def test_text_behind_the_end_is_no_answer() -> None:
    with pytest.raises(ValueError, match="does not end"):
        read(Terms(), Piece("a", ended="stop"), Piece("b"))


def test_an_echo_comes_first() -> None:
    assert text_of(read(Terms(ahead="x = "), Piece("1"), END)[0]) == "x = 1"
    assert text_of(read(Terms(ahead="x = "), END)[0]) == "x = "


def piece(index: int | None, id: str | None, name: str | None, arguments: str | None) -> CallBody:
    return CallBody(index, id, CalledBody(name, arguments))


def test_calls_become_whole() -> None:
    calls = Calls()
    assert calls.take([piece(0, "a", "f", ""), piece(0, None, None, '{"x"')]) == ()
    assert calls.take([piece(0, "", None, ": 1}")]) == ()
    assert calls.take([piece(1, "b", "g", "{}")]) == (ToolCall("a", "f", '{"x": 1}'),)
    assert calls.whole() == (ToolCall("b", "g", "{}"),)
    assert calls.made == 2


def test_calls_that_share_an_index() -> None:
    """InternLM/lmdeploy issue 3412 shows that some vLLMs send them so."""
    calls = Calls()
    whole = calls.take([piece(0, "a", "f", ""), piece(0, "", None, "{}"), piece(0, "b", "f", "")])
    assert whole + calls.whole() == (ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}"))


def test_calls_without_end() -> None:
    calls = Calls()
    with pytest.raises(ValueError, match="does not end"):
        calls.take([piece(0, "a", "f", "x" * 100_000)] * 3)
    with pytest.raises(ValueError, match="too many"):
        Calls().take([piece(None, str(at), "f", json.dumps(at)) for at in range(1000)])
