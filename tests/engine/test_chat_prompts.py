"""Plain prompts and vocabularies: what is put ahead of a text or cut, what a file says of its tokens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.errors import InvalidRequest
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header
from fimble.engine.prompt.text import TextPrompts
from fimble.engine.prompt.vocabulary import Vocabulary, read_vocabulary
from fimble.engine.types import TextRequest

PLAIN = Vocabulary(300, frozenset({257}), {"</s>": 257}, bos_id=256, eos_id=257)
SPACED = Vocabulary(300, frozenset({257}), {"</s>": 257}, bos_id=256, starts=(256,), sentence_space=True)


def prompts(vocabulary: Vocabulary) -> TextPrompts:
    def piece(token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    return TextPrompts(vocabulary, lambda text: list(text.encode()), piece, 1000)


def text_of(own: tuple[tuple[int, bytes], ...]) -> str:
    return b"".join(data for _, data in own).decode(errors="ignore")


def test_a_text_is_its_tokens() -> None:
    built = prompts(PLAIN).build(TextRequest("ab"), 100)
    assert built.ids == [97, 98]
    assert built.own == ((97, b"a"), (98, b"b"))


def test_sentencepiece_wants_a_start_and_a_space_that_are_not_the_callers() -> None:
    built = prompts(SPACED).build(TextRequest("ab"), 100)
    assert built.ids == [256, 32, 97, 98]
    assert text_of(built.own) == "ab"


def test_token_ids_are_taken_as_they_are() -> None:
    built = prompts(SPACED).build(TextRequest((97, 257)), 100)
    assert built.ids == [97, 257]


@pytest.mark.parametrize("ids", [(300,), (-1,), (97, 2**31)])
def test_token_ids_must_be_the_models(ids: tuple[int, ...]) -> None:
    with pytest.raises(InvalidRequest, match="0 to 299") as caught:
        prompts(PLAIN).build(TextRequest(ids), 100)
    assert caught.value.param == "prompt"


@pytest.mark.parametrize("empty", ["", ()])
def test_nothing_is_what_separates_texts(empty: str | tuple[int, ...]) -> None:
    assert prompts(PLAIN).build(TextRequest(empty), 100).ids == [256]
    assert prompts(Vocabulary(300, frozenset({257}))).build(TextRequest(empty), 100).ids == [257]


@given(st.text(max_size=40), st.integers(2, 30))
def test_a_cut_prompt_keeps_its_end_and_the_models_start(text: str, most: int) -> None:
    whole = prompts(SPACED).build(TextRequest(text), most)
    cut = prompts(SPACED).build(TextRequest(text, truncate=True), most)
    assert text_of(whole.own) == text
    assert cut.ids[0] == 256
    assert len(cut.ids) == min(most, len(whole.ids))
    assert whole.ids[-len(cut.own) :] == [token for token, _ in cut.own] or not text
    assert text.endswith(text_of(cut.own).strip("\ufffd"))


def test_segments_are_texts_with_ids_between() -> None:
    assert prompts(PLAIN).segments([257, "a", 257]) == [257, 97, 257]
    assert prompts(SPACED).segments(["a", 257, "b"]) == [256, 32, 97, 257, 32, 98]
    assert prompts(SPACED).segments([256, "a"]) == [256, 32, 97]  # not twice


TOKENS = ["<unk>", "<s>", "</s>", "<|im_end|>", "a", "<tool_call>", "  ", ""]


def metadata(**more: Any) -> dict[str, Any]:
    ggml = {"tokens": TOKENS, "token_type": [2, 3, 3, 3, 1, 4, 4, 3], "model": "llama"}
    ggml |= {"bos_token_id": 1, "eos_token_id": 2} | more
    return {f"tokenizer.ggml.{key}": value for key, value in ggml.items()}


def test_what_a_file_says_of_its_tokens() -> None:
    found = read_vocabulary(metadata())
    assert found.size == 8
    assert found.controls == {"<s>": 1, "</s>": 2, "<|im_end|>": 3, "<tool_call>": 5}
    assert found.end_ids == {2, 3}
    assert (found.bos_id, found.eos_id, found.starts, found.sentence_space) == (1, 2, (1,), True)
    assert found.text_of(2) == "</s>"
    assert found.text_of(None) == found.text_of(4) == ""


def test_keys_have_the_last_word() -> None:
    found = read_vocabulary(metadata(add_bos_token=False, add_space_prefix=False))
    assert (found.starts, found.sentence_space) == ((), False)
    other = read_vocabulary(metadata(model="gpt2"))
    assert (other.starts, other.sentence_space) == ((), False)


@pytest.mark.parametrize("wrong", [99, -1, "1", None])
def test_ids_that_are_none_are_not_used(wrong: object) -> None:
    found = read_vocabulary(metadata(bos_token_id=wrong))
    assert (found.bos_id, found.starts) == (None, ())


def test_the_bundled_vocabulary() -> None:
    found = read_vocabulary(read_header(bundled_path()).metadata)
    assert found.starts == ()
    assert not found.sentence_space
    assert found.eos_id in found.end_ids
    assert {"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "</s>"} <= found.controls.keys()
