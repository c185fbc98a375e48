"""``n_indent``, whole and in pieces."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.tokens import TokenLogprob
from fimble.engine.types import Completion, Delta
from fimble.server.dialects.llama.indent import indented_deltas, kept


@pytest.mark.parametrize(
    ("text", "least", "left"),
    [
        ("a", 4, "a"),
        ("a\n    b\nc", 4, "a\n    b"),
        ("a\n    b\n\n    c", 4, "a\n    b\n\n    c"),
        ("a\n    b\n\nc", 4, "a\n    b"),
        ("a\n  b\n", 4, "a"),
        ("a\n\tb", 1, "a\n\tb"),
        ("\nb", 2, ""),
        ("a\n  \n", 4, "a\n  \n"),
        ("a\nb", 0, "a\nb"),
    ],
)
def test_a_text_ends_before_a_line_farther_left(text: str, least: int, left: str) -> None:
    assert kept(Completion(text, "length"), least).text == left


@given(st.lists(st.text(st.sampled_from("ab \n"), max_size=4), max_size=8), st.integers(0, 3))
async def test_pieces_make_the_same_text(pieces: list[str], least: int) -> None:
    """So do their tokens, of which each character has one here."""
    whole = "".join(pieces)
    tokens = [TokenLogprob(ord(char), char.encode(), 0.0, offset=at) for at, char in enumerate(whole)]

    async def deltas() -> AsyncGenerator[Delta]:
        at = 0
        for piece in pieces:
            yield Delta(piece, logprobs=tuple(tokens[at : at + len(piece)]))
            at += len(piece)
        yield Delta("", "length")

    made = [delta async for delta in indented_deltas(deltas(), least)]
    expected = kept(Completion(whole, "length", logprobs=tuple(tokens)), least)
    assert "".join(delta.text for delta in made) == expected.text
    assert tuple(each for delta in made for each in delta.logprobs) == expected.logprobs
    assert made[-1].finish_reason == expected.finish_reason
    assert [delta.finish_reason for delta in made[:-1]] == [None] * (len(made) - 1)
