"""Another fimble in a process of its own as an upstream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import ContextLengthExceeded, UpstreamRefused, UpstreamUnavailable
from fimble.engine.settings import Settings
from fimble.engine.types import (
    ChatRequest,
    FimRequest,
    Grammar,
    Message,
    NamedTool,
    Sampling,
    TextRequest,
    TokensRequest,
    Tool,
)
from fimble.engine.upstreams.backend import UpstreamBackend
from tests.e2e.other_programs.servers import Server
from tests.engine.upstreams.asking import answer_of, backend_of, deltas_of

from .shapes import PREFIX

pytestmark = pytest.mark.e2e

HOLE = FimRequest(PREFIX, "\n", "python", "shapes.py")
WEATHER = Tool(
    "weather", "Tells the weather", '{"type": "object", "properties": {"in": {"const": "Rome"}}}', True
)


@pytest.fixture
async def remote(fimble: Server) -> AsyncIterator[UpstreamBackend]:
    made = backend_of(fimble.url, "fimble", key=fimble.key)
    yield made
    await made.close()


async def test_a_hole_is_filled_and_judged_there(remote: UpstreamBackend) -> None:
    assert (await remote.info()).supports_fim
    made = await answer_of(remote, HOLE)
    assert made.text.startswith("height")
    engine = Engine(Settings(), backend=remote)
    judged = await engine.complete(FimRequest(HOLE.prefix, HOLE.suffix, "python", eagerness="eager"))
    assert judged.confidence is not None
    assert judged.text.startswith("height")
    await engine.close()


async def test_a_text_is_continued(remote: UpstreamBackend) -> None:
    asked = TextRequest("for i in range(", max_tokens=6, logprobs=2, sampling=Sampling(0.7, top_k=20, seed=4))
    made = await answer_of(remote, asked)
    assert b"".join(each.text for each in made.logprobs).decode() == made.text
    assert made.usage.completion_tokens == 6
    assert made.finish_reason == "length"


async def test_as_much_text_as_fits_and_an_echo(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, TextRequest("x = [1, 2", stop=("]",), echo=True))
    assert made.text.startswith("x = [1, 2")
    assert "]" not in made.text
    assert made.usage.completion_tokens > 16


async def test_a_grammar_and_tokens(remote: UpstreamBackend) -> None:
    grammar = Grammar("regex", "(yes|no)")
    assert (await answer_of(remote, TextRequest("x =", grammar=grammar))).text in ("yes", "no")
    [told] = await deltas_of(remote, TokensRequest("def f("))
    [back] = await deltas_of(remote, TokensRequest(tuple(token for token, _ in told.tokens)))
    assert back.text == "def f("


async def test_a_conversation_with_a_call(remote: UpstreamBackend) -> None:
    messages = (Message("system", "Be brief."), Message("user", "Weather in Rome?"))
    made = await answer_of(remote, ChatRequest(messages, (WEATHER,), NamedTool("weather"), max_tokens=60))
    assert [call.name for call in made.tool_calls] == ["weather"]
    assert json.loads(made.tool_calls[0].arguments) in ({}, {"in": "Rome"})
    assert made.finish_reason == "tool_calls"
    plain = await answer_of(remote, ChatRequest(messages, middle_out=True, language="go", max_tokens=5))
    assert plain.text
    assert plain.usage.prompt_tokens > 5


async def test_what_is_wrong_is_told_in_its_words(fimble: Server, remote: UpstreamBackend) -> None:
    with pytest.raises(ContextLengthExceeded):
        await answer_of(remote, TextRequest("a b c " * 5000))
    keyless = backend_of(fimble.url, "fimble", key="not-the-key")
    with pytest.raises(UpstreamRefused) as refused:
        await answer_of(keyless, HOLE)
    assert "not-the-key" not in refused.value.message
    other = backend_of(fimble.url, "fimble", key=fimble.key, model="qwen")
    with pytest.raises(UpstreamUnavailable, match="no model 'qwen'"):
        await other.info()
    await keyless.close()
    await other.close()
