"""``POST /v1/chat/completions``: every field of the contract, streams, tools, formats, plugins."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from typing import Any

import pytest

from fimble.server.limits import PDF_READERS

from .conftest import ANSWER, Api, Start
from .test_completions import TOOL

PATH = "/v1/chat/completions"
ASK = {"messages": [{"role": "user", "content": "add two numbers"}]}
CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'


async def chosen(api: Api, **body: Any) -> dict[str, Any]:
    reply = await api.post(PATH, ASK | body)
    assert reply.status == 200, reply.text
    choice: dict[str, Any] = reply.json["choices"][0]
    return choice


async def prompt_tokens(api: Api, messages: list[dict[str, Any]], **body: Any) -> int:
    reply = await api.post(PATH, {"messages": messages, **body})
    assert reply.status == 200, reply.text
    return int(reply.json["usage"]["prompt_tokens"])


async def test_the_response_is_a_chat_completion(api: Api) -> None:
    found = (await api.post(PATH, ASK)).json
    assert list(found) == ["id", "object", "created", "model", "choices", "usage"]
    assert re.fullmatch(r"chatcmpl-\w+", found["id"])
    assert found["object"] == "chat.completion"
    assert found["model"] == "fake"
    message = {"role": "assistant", "content": ANSWER}
    assert found["choices"] == [{"index": 0, "message": message, "finish_reason": "stop"}]
    usage = found["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("model", [None, "default", "fake"])
async def test_model_is_optional(api: Api, model: str | None) -> None:
    assert (await chosen(api, model=model))["message"]["content"] == ANSWER


async def test_messages_of_all_roles(api: Api) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "developer", "content": "Write Python."},
        {"role": "user", "content": "hello", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "3", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "x = 3"},
        {"role": "user", "content": "thanks"},
    ]
    assert (await chosen(api, messages=messages))["message"]["content"] == ANSWER


async def test_content_is_a_string_or_a_list_of_parts(api: Api) -> None:
    parts = [{"type": "text", "text": "add two "}, {"type": "text", "text": "numbers"}]
    whole = await prompt_tokens(api, [{"role": "user", "content": "add two numbers"}])
    assert await prompt_tokens(api, [{"role": "user", "content": parts}]) == whole


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_max_tokens_and_max_completion_tokens(api: Api, name: str) -> None:
    choice = await chosen(api, **{name: 6})
    assert (choice["message"]["content"], choice["finish_reason"]) == ("return", "length")


async def test_max_tokens_0_evaluates_the_conversation_and_ends(api: Api) -> None:
    choice = await chosen(api, max_tokens=0)
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "length")


@pytest.mark.parametrize(
    "field",
    [
        {"temperature": 0},
        {"temperature": 0.5, "seed": 4},
        {"top_p": 0.9, "temperature": 0.5},
        {"top_k": 1, "temperature": 2},
        {"min_p": 0.9},
        {"frequency_penalty": 0.1},
        {"presence_penalty": -0.1},
        {"repetition_penalty": 1.01},
        {"logit_bias": {"120": -1}},
        {"parallel_tool_calls": False},
        {"response_format": {"type": "text"}},
        {"structured_outputs": True},
        {"reasoning_effort": "none"},
        {"reasoning": {"effort": "none"}},
        {"language": "go"},
        {"transforms": []},
        {"transforms": ["middle-out"]},
        {"plugins": [{"id": "web", "enabled": False}]},
        {"plugins": [{"id": "context-compression"}, {"id": "file-parser"}, {"id": "response-healing"}]},
        {"metadata": {"a": "b"}, "store": True, "service_tier": "auto"},
    ],
    ids=lambda field: ",".join(field),
)
async def test_fields_that_are_taken(api: Api, field: dict[str, Any]) -> None:
    assert (await chosen(api, **field))["message"]["content"] == ANSWER


async def test_temperature_is_1_by_default(api: Api) -> None:
    """Two tokens a hair apart: at temperature 0 the same one always wins, at 1 it does not."""
    bias = {"logit_bias": {"122": 20, "121": 20.01}, "max_tokens": 40, "seed": 1}
    greedy = await chosen(api, **bias, temperature=0)
    usual = await chosen(api, **bias)
    same = await chosen(api, **bias, temperature=1)
    assert usual["message"]["content"] == same["message"]["content"] != greedy["message"]["content"]


async def test_n_choices(api: Api) -> None:
    found = (await api.post(PATH, ASK | {"n": 3, "temperature": 0})).json
    assert [choice["index"] for choice in found["choices"]] == [0, 1, 2]
    assert found["usage"]["completion_tokens"] == 3 * len(ANSWER)


@pytest.mark.parametrize("stop", [" +", ["nothing", " +"]])
async def test_stop_is_a_string_or_a_list(api: Api, stop: Any) -> None:
    assert (await chosen(api, stop=stop))["message"]["content"] == "return a"


async def test_stream_begins_with_the_role_and_ends_with_the_reason(api: Api) -> None:
    *chunks, done = (await api.post(PATH, ASK | {"stream": True})).events
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    assert choices[-1] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert "".join(choice["delta"].get("content", "") for choice in choices) == ANSWER
    assert all(choice["finish_reason"] is None for choice in choices[:-1])


async def test_stream_options_include_usage(api: Api) -> None:
    body = ASK | {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last, _ = (await api.post(PATH, body)).events
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == len(ANSWER)


async def test_seed_the_same_text_streamed_and_whole(api: Api) -> None:
    body = {"temperature": 2, "seed": 5, "max_tokens": 40}
    whole = (await chosen(api, **body))["message"]["content"]
    *chunks, _ = (await api.post(PATH, ASK | body | {"stream": True})).events
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole


async def test_logprobs_and_top_logprobs(api: Api) -> None:
    content = (await chosen(api, logprobs=True, top_logprobs=2))["logprobs"]["content"]
    assert "".join(entry["token"] for entry in content) == ANSWER
    for entry in content:
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert len(entry["top_logprobs"]) == 2
        assert entry["top_logprobs"][0]["logprob"] <= 0


async def test_logprobs_streamed(api: Api) -> None:
    *chunks, _ = (await api.post(PATH, ASK | {"stream": True, "logprobs": True})).events
    entries = [
        entry["token"]
        for chunk in chunks
        for entry in (chunk["choices"][0].get("logprobs") or {"content": []})["content"]
    ]
    assert "".join(entries) == ANSWER


async def test_tools_and_tool_choice(start: Start) -> None:
    api = await start(fake={"answer": CALL})
    choice = await chosen(api, tools=[TOOL], tool_choice="required", max_tokens=200)
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    [call] = choice["message"]["tool_calls"]
    assert set(call) == {"id", "type", "function"}
    assert call["function"] == {"name": "add", "arguments": '{"a": 1}'}


async def test_tools_auto_lets_the_model_choose(start: Start) -> None:
    api = await start(fake={"answer": CALL})
    assert (await chosen(api, tools=[TOOL]))["finish_reason"] == "tool_calls"
    talks = await start()
    assert (await chosen(talks, tools=[TOOL]))["message"]["content"] == ANSWER


async def test_tools_streamed(start: Start) -> None:
    api = await start(fake={"answer": CALL})
    body = ASK | {"tools": [TOOL], "stream": True, "max_tokens": 200}
    *chunks, _ = (await api.post(PATH, body)).events
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["index"] for call in calls] == [0]
    assert calls[0]["function"] == {"name": "add", "arguments": '{"a": 1}'}
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


async def test_response_format_json_schema_is_kept_to(api: Api) -> None:
    schema = {"type": "object", "properties": {"ok": {"enum": ["a"]}}, "required": ["ok"]}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    body = {"response_format": form, "max_tokens": 300, "temperature": 0, "logit_bias": {"125": 30}}
    assert json.loads((await chosen(api, **body))["message"]["content"])["ok"] == "a"


async def test_response_format_json_object(start: Start) -> None:
    api = await start(fake={"answer": '{"a": [1, 2]}'})
    content = (await chosen(api, response_format={"type": "json_object"}))["message"]["content"]
    assert json.loads(content) == {"a": [1, 2]}


async def test_response_format_with_a_broken_schema_is_refused(api: Api) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}}
    reply = await api.post(PATH, ASK | {"response_format": form})
    assert reply.error == (400, "invalid_request_error", "invalid_value", "response_format")


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9/a.json", "file:///etc/passwd"])
async def test_response_format_fetches_nothing_from_elsewhere(api: Api, elsewhere: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": elsewhere}}}
    reply = await api.post(PATH, ASK | {"response_format": form})
    assert reply.error == (400, "invalid_request_error", "invalid_value", "response_format")


async def test_plugin_response_healing_mends_cut_off_json(start: Start) -> None:
    api = await start(fake={"answer": '{"a": [1, 2'})
    body = {"response_format": {"type": "json_object"}, "max_tokens": 11, "temperature": 0}
    broken = (await chosen(api, **body))["message"]["content"]
    mended = (await chosen(api, **body, plugins=[{"id": "response-healing"}]))["message"]["content"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert json.loads(mended) == {"a": [1, 2]}


def data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def file_message(kind: str, data: bytes) -> list[dict[str, Any]]:
    part = {"type": "file", "file": {"filename": "a.bin", "file_data": data_url(kind, data)}}
    return [{"role": "user", "content": [{"type": "text", "text": "Sum up:"}, part]}]


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown;charset=utf-8", "application/json"])
async def test_plugin_file_parser_text(api: Api, kind: str) -> None:
    empty = await prompt_tokens(api, file_message(kind, b"."))
    assert await prompt_tokens(api, file_message(kind, b"." * 101)) == empty + 100


async def test_plugin_file_parser_pdf(api: Api) -> None:
    one, many = pdf("word"), pdf("word " * 20)
    short = await prompt_tokens(api, file_message("application/pdf", one))
    assert await prompt_tokens(api, file_message("application/pdf", many)) >= short + 5 * 19 - 1


async def test_plugin_file_parser_reads_few_pdfs_at_once(api: Api) -> None:
    """With all places taken a PDF waits; text does not."""
    for _ in range(PDF_READERS):
        await api.services.readers.acquire()
    waiting = asyncio.create_task(prompt_tokens(api, file_message("application/pdf", pdf("word"))))
    await prompt_tokens(api, file_message("text/plain", b"word"))
    assert not waiting.done()
    api.services.readers.release()
    assert await waiting > 0


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.pdf",
        "data:application/pdf;base64,????",
        data_url("application/pdf", b"no pdf at all"),
        data_url("image/png", b"x"),
        data_url("text/plain", b"\xff\xfe\x00"),
    ],
)
async def test_plugin_file_parser_refuses_what_it_cannot_read(api: Api, url: str) -> None:
    part = {"type": "file", "file": {"filename": "a", "file_data": url}}
    reply = await api.post(PATH, {"messages": [{"role": "user", "content": [part]}]})
    param = "messages.0.content.0.file.file_data"
    assert reply.error == (400, "invalid_request_error", "invalid_value", param)


@pytest.mark.parametrize(
    "field", [{"transforms": ["middle-out"]}, {"plugins": [{"id": "context-compression"}]}]
)
async def test_middle_out_fits_a_long_conversation(start: Start, field: dict[str, Any]) -> None:
    api = await start(fake={"context_length": 256})
    messages = [{"role": "user", "content": f"message {i} " + "x" * 40} for i in range(20)]
    too_long = await api.post(PATH, {"messages": messages, "max_tokens": 20})
    assert too_long.error[2] == "context_length_exceeded"
    assert await prompt_tokens(api, messages, max_tokens=20, **field) <= 256 - 20


async def test_context_compression_by_token_budget(api: Api) -> None:
    messages = [{"role": "user", "content": f"message {i} " + "x" * 40} for i in range(20)]
    plugin = {"id": "context-compression", "max_tokens": 150}
    assert await prompt_tokens(api, messages, plugins=[plugin]) <= 150


def pdf(text: str) -> bytes:
    """A small PDF with one line of text."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(600, 200)
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"),
    })  # fmt: skip
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()
