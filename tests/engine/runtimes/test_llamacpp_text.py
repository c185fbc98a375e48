"""Text becomes exactly a model's tokens, on both runtimes alike, and never one of its control tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.models.gguf import read_header
from fimble.engine.runtimes.base import Runtime
from fimble.engine.runtimes.chunks import byte_pair_cut
from fimble.engine.runtimes.ctransformers import CTransformers
from fimble.engine.runtimes.llamacpp.runtime import LlamaCpp

from ..families_made import CASES
from ..models_made import Made

PAIRS = Made(
    "qwen2", "pairs", "qwen2",
    ("<|end|>", "<|fim_prefix|>", "<tool_call>", "<|im_start|>"), defined=("<tool_call>", "<|fim_prefix|>"),
)  # fmt: skip
PIECES = Made(
    "llama", "pieces", "", ("<unk>", "<s>", "</s>", "[INST]", "<PRE>"), defined=("[INST]",), bos="<s>"
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["<", "<|end|>", "<tool_call>", "<|fim_prefix|>", "<s>", "[INST]", "<PRE>", "▁", "<0x41>", "\0",
             "\n", "  ", "\ud800", "def in", "é", "\r\n", "🙂"]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip
the_same_model = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def small(model_file: Callable[[Made], Path]) -> Iterator[Callable[[Made], LlamaCpp]]:
    opened: dict[Made, LlamaCpp] = {}

    def model(made: Made) -> LlamaCpp:
        if made not in opened:
            header = read_header(model_file(made))
            opened[made] = LlamaCpp(header, threads=1, context_length=256, sequences=1, batch=64)
        return opened[made]

    yield model
    for each in opened.values():
        each.close()


def spelled(model: Runtime, ids: list[int]) -> str:
    return b"".join(map(model.piece, ids)).decode("utf-8")


@pytest.mark.parametrize("made", [PAIRS, PIECES], ids=["pairs", "pieces"])
@the_same_model
@given(text=TEXTS)
def test_every_text_comes_back_and_holds_no_control_token(
    small: Callable[[Made], LlamaCpp], made: Made, text: str
) -> None:
    model = small(made)
    ids = model.tokenize(text)
    assert spelled(model, ids) == text.encode("utf-8", "replace").decode().replace(
        "▁", " " if not made.pre else "▁"
    )
    assert not set(ids) & {made.tokens.index(control) for control in made.controls}


@the_same_model
@given(text=TEXTS)
def test_both_runtimes_read_the_same_tokens(
    llamacpp: LlamaCpp, ctransformers: CTransformers, text: str
) -> None:
    ids = llamacpp.tokenize(text)
    assert ids == ctransformers.tokenize(text)
    assert [llamacpp.piece(token) for token in ids] == [ctransformers.piece(token) for token in ids]


KINDS = {case.made.pre or case.made.architecture: case.made for case in CASES.values()}
LINES = st.lists(
    st.sampled_from(
        [*"aZ9_é){;,. \t\n\r'", "\n\n", "    ", "def f", "return 1", "\r\n", "//", "123", "'s", "in\n"]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS.keys())
@settings(the_same_model, max_examples=60)
@given(text=LINES)
def test_a_text_that_is_cut_at_line_ends_has_the_tokens_of_the_whole(
    small: Callable[[Made], LlamaCpp], made: Made, text: str
) -> None:
    tokenizer = small(made).tokenizer
    assert tokenizer.tokenize(text) == tokenizer.whole(text)


@pytest.mark.parametrize(
    ("token", "text", "pieces"),
    [
        ("x", "a\n  b1\nc)\n", ["a", "\n  b1", "\nc)\n"]),
        ("aĊ", "a\n  b1\nc)\n", ["a\n  b1", "\nc)\n"]),
        ("<1\n>", "a\n  b1\nc)\n", ["a", "\n  b1\nc)\n"]),
    ],
)
def test_a_text_of_byte_pairs_is_cut_where_no_token_reaches_across(
    token: str, text: str, pieces: list[str]
) -> None:
    assert byte_pair_cut(["a", token]).split(text) == pieces


def test_a_control_token_has_no_text(small: Callable[[Made], LlamaCpp], llamacpp: LlamaCpp) -> None:
    assert {llamacpp.piece(token) for token in range(7)} == {b""}
    assert small(PAIRS).piece(0) == b""
    assert small(PAIRS).piece(2) == b"<tool_call>"


def test_a_text_of_any_length_is_read(small: Callable[[Made], LlamaCpp]) -> None:
    for made in (PAIRS, PIECES):
        assert len(small(made).tokenize("x" * 20_000)) == 20_000
