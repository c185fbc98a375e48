"""What a model's tokens are asked for: texts, ids, conversations; and texts whose control tokens are read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import ContextLengthExceeded, InvalidRequest
from fimble.engine.runtimes.fake import FILE_SEP, MIDDLE
from fimble.engine.settings import Settings
from fimble.engine.types import ChatRequest, Message, TextRequest, TokensRequest


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"answer": "pass", "endless": True, "token_ms": 1}))
    engine = Engine(Settings(model="fake", isolation="thread"))
    yield engine
    await engine.close()


async def test_a_texts_tokens_and_back(engine: Engine) -> None:
    made = await engine.tokens(TokensRequest("aé"))
    assert [data for _, data in made.tokens] == [b"a", b"\xc3", b"\xa9"]
    assert made.text == "aé"
    back = await engine.tokens(TokensRequest(tuple(token for token, _ in made.tokens)))
    assert back.text == "aé"


async def test_ids_and_texts_in_one_list(engine: Engine) -> None:
    made = await engine.tokens(TokensRequest((97, "bc", 100)))
    assert made.text == "abcd"
    with pytest.raises(ContextLengthExceeded):
        await engine.tokens(TokensRequest(("a",) * 100_000))


async def test_control_tokens_are_read_only_with_leave(engine: Engine) -> None:
    text = "a<fim_middle>b"
    plain = await engine.tokens(TokensRequest(text))
    assert [token for token, _ in plain.tokens] == list(text.encode())
    read = await engine.tokens(TokensRequest(text, controls=True))
    assert [token for token, _ in read.tokens] == [97, MIDDLE, 98]
    assert read.text == text


async def test_the_prompt_that_a_conversation_becomes(engine: Engine) -> None:
    made = await engine.tokens(TokensRequest(ChatRequest((Message("user", "add <fim_middle>"),))))
    assert made.tokens[0][0] == FILE_SEP
    assert "# add <fim_middle>" in made.text
    assert MIDDLE not in [token for token, _ in made.tokens]


async def test_what_is_too_long_or_unknown_is_refused(engine: Engine) -> None:
    with pytest.raises(ContextLengthExceeded):
        await engine.tokens(TokensRequest("x" * 1_000_000))
    with pytest.raises(InvalidRequest):
        await engine.tokens(TokensRequest((5, 99_999)))


async def test_nobody_waits_for_a_place(engine: Engine) -> None:
    """The fake has one place, and an answer that never ends has it."""
    stream = engine.stream_text(TextRequest("x", max_tokens=100_000))
    first = asyncio.create_task(anext(stream))
    await first
    assert (await engine.tokens(TokensRequest("ab"))).text == "ab"
    await stream.aclose()


async def test_a_prompt_may_hold_control_tokens(engine: Engine) -> None:
    asked = TextRequest("a<fim_middle>", max_tokens=0, controls=True)
    assert (await engine.complete_text(asked)).usage.prompt_tokens == 2
    assert (await engine.complete_text(TextRequest("a<fim_middle>", max_tokens=0))).usage.prompt_tokens == 13


async def test_the_bundled_model_spells_what_it_reads() -> None:
    engine = Engine(Settings())
    try:
        text = "def add(a, b):\n    return a + b  # 🙂\n"
        made = await engine.tokens(TokensRequest(text))
        back = await engine.tokens(TokensRequest(tuple(token for token, _ in made.tokens)))
        assert made.text == back.text == text
        laid_out = await engine.tokens(TokensRequest("<fim_prefix>a<fim_middle>", controls=True))
        assert len(laid_out.tokens) == 3
    finally:
        await engine.close()
