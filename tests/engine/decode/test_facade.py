"""Text and chat through the engine's façade, with a fake model in a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import (
    ContextLengthExceeded,
    DeadlineExceeded,
    InvalidRequest,
    ModelNotFound,
    RequestError,
)
from fimble.engine.runtimes.fake import VOCABULARY
from fimble.engine.settings import Settings
from fimble.engine.types import (
    ChatRequest,
    Delta,
    FimRequest,
    Grammar,
    Message,
    NamedTool,
    Sampling,
    TextRequest,
    Tool,
)

OpenEngine = Callable[..., Any]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> OpenEngine:
    """An engine whose fake has the options given."""

    @asynccontextmanager
    async def open_engine(**options: object) -> AsyncIterator[Engine]:
        monkeypatch.setenv("FIMBLE_FAKE", json.dumps(options))
        engine = Engine(Settings(model="fake", isolation="thread", sequences=2))
        try:
            yield engine
        finally:
            await engine.close()

    return open_engine


async def collected(stream: AsyncGenerator[Delta]) -> list[Delta]:
    async with aclosing(stream) as deltas:
        return [delta async for delta in deltas]


async def test_a_prompt_is_continued(opened: OpenEngine) -> None:
    async with opened(answer="x + 1 🙂") as engine:
        made = await engine.complete_text(TextRequest("return "))
        parts = await collected(engine.stream_text(TextRequest("return ")))
    assert (made.text, made.finish_reason) == ("x + 1 🙂", "stop")
    assert (made.usage.prompt_tokens, made.usage.completion_tokens) == (7, 10)
    assert "".join(part.text for part in parts) == made.text
    assert [part.finish_reason for part in parts if part.finish_reason] == ["stop"]


async def test_limits_and_stops(opened: OpenEngine) -> None:
    async with opened(answer="one\ntwo\nthree") as engine:
        cut = await engine.complete_text(TextRequest("> ", max_tokens=5))
        stopped = await engine.complete_text(TextRequest("> ", stop=("\nth",)))
        nothing = await engine.complete_text(TextRequest("> ", max_tokens=0))
    assert (cut.text, cut.finish_reason) == ("one\nt", "length")
    assert (stopped.text, stopped.finish_reason) == ("one\ntwo", "stop")
    assert (nothing.text, nothing.finish_reason, nothing.usage.completion_tokens) == ("", "length", 0)


async def test_a_prompt_may_be_ids_and_control_tokens_are_no_text(opened: OpenEngine) -> None:
    async with opened(answer="y") as engine:
        ids = await engine.complete_text(TextRequest(tuple(b"> "), echo=True))
        hostile = await engine.complete_text(TextRequest("<fim_middle></s>", echo=True))
        empty = await engine.complete_text(TextRequest(""))
    assert ids.text == "> y"
    assert hostile.text == "<fim_middle></s>y"
    assert hostile.usage.prompt_tokens == len("<fim_middle></s>")
    assert (empty.text, empty.usage.prompt_tokens) == ("y", 1)


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (TextRequest((1, VOCABULARY)), "prompt"),
        (TextRequest((-1,)), "prompt"),
        (TextRequest("x", sampling=Sampling(logit_bias=((VOCABULARY, 1.0),))), "logit_bias"),
        (TextRequest("x", grammar=Grammar("regex", "[")), "grammar"),
        (TextRequest("x", tool_choice="required"), "tool_choice"),
        (TextRequest("x", tools=(Tool("a"),), tool_choice=NamedTool("b")), "tool_choice"),
        (TextRequest("x", tools=(Tool("a", "", "["),), tool_choice="required"), "tools"),
        (TextRequest("x" * 9000), "prompt"),
    ],
)
async def test_mistakes_name_their_field_and_harm_nobody_else(
    opened: OpenEngine, request_: TextRequest, param: str
) -> None:
    async with opened(answer="fine") as engine:
        with pytest.raises(RequestError) as caught:
            await engine.complete_text(request_)
        assert caught.value.param == param
        assert (await engine.complete_text(TextRequest("> "))).text == "fine"


async def test_a_bad_response_format_is_named_as_such(opened: OpenEngine) -> None:
    async with opened() as engine:
        with pytest.raises(InvalidRequest) as caught:
            await engine.complete_chat(
                ChatRequest((Message("user", "x"),), grammar=Grammar("json_schema", "3"))
            )
    assert caught.value.param == "response_format"


async def test_a_long_prompt_is_cut_from_the_left_where_that_is_wished(opened: OpenEngine) -> None:
    async with opened(answer="ok", context_length=100) as engine:
        with pytest.raises(ContextLengthExceeded):
            await engine.complete_text(TextRequest("a" * 200 + "> ", max_tokens=4))
        made = await engine.complete_text(
            TextRequest("a" * 200 + "> ", max_tokens=4, truncate=True, echo=True)
        )
        many = await engine.complete_text(TextRequest("a" * 200, max_tokens=1000, truncate=True))
    assert made.text == "a" * 94 + "> ok"
    assert many.usage.prompt_tokens == 50


async def test_log_probabilities_and_echo(opened: OpenEngine) -> None:
    async with opened(answer="b") as engine:
        made = await engine.complete_text(TextRequest("aé", logprobs=1, echo=True))
        scored = await engine.complete_text(TextRequest("aé", logprobs=1, echo=True, max_tokens=0))
        plain = await engine.complete_text(TextRequest("aé"))
    assert [entry.text for entry in made.logprobs] == [b"a", b"\xc3", b"\xa9", b"b"]
    assert [entry.offset for entry in made.logprobs] == [0, 1, 1, 2]
    assert made.logprobs[0].logprob is None
    assert scored.text == "aé"
    assert scored.logprobs == made.logprobs[:3]
    assert plain.logprobs == ()


async def test_a_grammar_binds_text_chat_and_suggestions(opened: OpenEngine) -> None:
    digits = Grammar("regex", "[0-9]{2}")
    async with opened(answer="abc") as engine:
        made = [
            await engine.complete_text(TextRequest("> ", grammar=digits)),
            await engine.complete_chat(ChatRequest((Message("user", "> "),), grammar=digits)),
            await engine.complete(FimRequest("> ", "", grammar=digits)),
        ]
    assert [(each.text, each.finish_reason) for each in made] == [("00", "stop")] * 3


async def test_suggestions_have_log_probabilities_too(opened: OpenEngine) -> None:
    async with opened(answer="abc") as engine:
        made = await engine.complete(FimRequest("> ", "", logprobs=0))
    assert b"".join(entry.text for entry in made.logprobs) == made.text.encode() == b"abc"


async def test_a_conversation_becomes_comments_and_the_answer_code(opened: OpenEngine) -> None:
    async with opened(answer="x = 1\n") as engine:
        made = await engine.complete_chat(ChatRequest((Message("user", "set x"),), language="python"))
    assert made.text == "x = 1\n"
    assert made.usage.prompt_tokens == len("<main.py\n# set x\n")  # the file separator is one token


SCHEMA = (
    '{"type": "object", "properties": {"n": {"enum": [7]}}, "required": ["n"], "additionalProperties": false}'
)
ADD = Tool("add", "Adds", SCHEMA, strict=True)
ASKED = (Message("user", "add"),)


@pytest.mark.parametrize("choice", ["required", NamedTool("add")])
async def test_a_forced_call(opened: OpenEngine, choice: Any) -> None:
    async with opened(answer="never mind") as engine:
        made = await engine.complete_chat(ChatRequest(ASKED, (ADD,), choice))
        text = await engine.complete_text(TextRequest("add", tools=(ADD,), tool_choice=choice))
    for each in (made, text):
        assert (each.text, each.finish_reason) == ("", "tool_calls")
        assert [(call.name, call.arguments) for call in each.tool_calls] == [("add", '{"n": 7}')]


CALL = '<tool_call>\n{"name": "add", "arguments": {"n": 7}}\n</tool_call>'


async def test_a_free_call_is_the_models_own_choice(opened: OpenEngine) -> None:
    async with opened(answer=f"Sure. {CALL}") as engine:
        made = await engine.complete_chat(ChatRequest(ASKED, (ADD,)))
        none = await engine.complete_chat(ChatRequest(ASKED, (ADD,), "none"))
        without = await engine.complete_chat(ChatRequest(ASKED))
    assert (made.text, made.finish_reason) == ("Sure. ", "tool_calls")
    assert [call.name for call in made.tool_calls] == ["add"]
    assert none.text == without.text == f"Sure. {CALL}"
    assert none.tool_calls == without.tool_calls == ()


async def test_several_calls_or_one(opened: OpenEngine) -> None:
    async with opened(answer=CALL + CALL) as engine:
        several = await engine.complete_chat(ChatRequest(ASKED, (ADD,)))
        one = await engine.complete_chat(ChatRequest(ASKED, (ADD,), parallel_tool_calls=False))
    assert [len(each.tool_calls) for each in (several, one)] == [2, 1]
    assert one.finish_reason == "tool_calls"


async def test_a_long_conversation_loses_its_middle_where_that_is_wished(opened: OpenEngine) -> None:
    talk = tuple(Message("user" if n % 2 == 0 else "assistant", f"line {n}") for n in range(41))
    async with opened(answer="ok", context_length=200) as engine:
        with pytest.raises(ContextLengthExceeded) as caught:
            await engine.complete_chat(ChatRequest(talk))
        fitted = await engine.complete_chat(ChatRequest(talk, middle_out=True))
        bounded = await engine.complete_chat(ChatRequest(talk, prompt_tokens=60))
    assert caught.value.param == "messages"
    assert 60 < fitted.usage.prompt_tokens <= 150
    assert bounded.usage.prompt_tokens <= 60
    assert fitted.text == bounded.text == "ok"


async def test_a_closed_stream_stops_the_model(opened: OpenEngine) -> None:
    async with opened(answer="x", endless=True, token_ms=1, context_length=100_000) as engine:
        for stream in (
            engine.stream_text(TextRequest("> ")),
            engine.stream_chat(ChatRequest((Message("user", "> "),))),
        ):
            async with aclosing(stream) as deltas:
                assert (await anext(deltas)).text
        made = await engine.complete_text(TextRequest("> ", max_tokens=2))  # the only worker is free again
    assert made.finish_reason == "length"


async def test_a_deadline_that_passes_in_the_queue(opened: OpenEngine) -> None:
    async with (
        opened(answer="x", endless=True, token_ms=1, context_length=100_000) as engine,
        aclosing(engine.stream_text(TextRequest("> "))) as running,
    ):
        await anext(running)
        with pytest.raises(DeadlineExceeded):
            await engine.complete_text(TextRequest("> ", deadline_ms=1))


async def test_a_deadline_that_passes_while_the_model_writes_ends_the_text(opened: OpenEngine) -> None:
    async with opened(answer="x", endless=True, token_ms=2, context_length=100_000) as engine:
        made = await engine.complete_text(TextRequest("> ", deadline_ms=500))
    assert made.finish_reason == "length"
    assert made.text


async def test_people_take_turns(opened: OpenEngine) -> None:
    order: list[str] = []

    async def ask(engine: Engine, user: str) -> None:
        await engine.complete_text(TextRequest("> ", user=user))
        order.append(user)

    async with opened(answer="yes", token_ms=1) as engine:
        await engine.models()
        await asyncio.gather(*(ask(engine, user) for user in ("a", "a", "a", "b")))
    assert order.index("b") < 3


async def test_an_unknown_model_is_not_found(opened: OpenEngine) -> None:
    async with opened() as engine:
        with pytest.raises(ModelNotFound):
            await engine.complete_text(TextRequest("x", model="gpt"))


async def test_the_first_answer_names_the_model(opened: OpenEngine) -> None:
    async with opened() as engine:
        assert (await engine.complete(FimRequest("x = ", ""))).model == "fake"
        assert (await engine.complete_text(TextRequest("> "))).model == "fake"


async def test_the_fake_is_no_chat_model(opened: OpenEngine) -> None:
    async with opened() as engine:
        (info,) = await engine.models()
    assert (info.supports_fim, info.supports_chat, info.supports_tools) == (True, False, False)
