"""Ollama's ``/api/generate`` and ``/api/chat``: every field, streams, errors, memory, hang-ups."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import pytest

from fimble.engine.types import (
    JSON_OBJECT,
    ChatRequest,
    Delta,
    FimRequest,
    Grammar,
    ModelInfo,
    Request,
    TextRequest,
    Usage,
)
from fimble.server.dialects.ollama.results import OllamaChatted, OllamaGenerated
from fimble.server.store.keys import Allowance, NewKey

from ..conftest import ANSWER, Api, FailingBackend, Reply, Start, until

GENERATE, CHAT = "/api/generate", "/api/chat"
WHOLE = {"stream": False}
HOLE: dict[str, Any] = {
    "model": "qwen2.5-coder:1.5b", "prompt": "def add(a, b):\n    ", "suffix": "\n\nprint(add(1, 2))\n",
}  # fmt: skip
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "add two numbers"}]}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
COUNTS = ("prompt_eval_count", "eval_count")
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


class Listener(FailingBackend):
    """Answers nothing much, and remembers what it was asked."""

    def __init__(self, chats: bool = True, fills: bool = True) -> None:
        super().__init__(RuntimeError())
        self.heard: list[Request] = []
        self._model = ModelInfo("listener", "test", 4096, supports_fim=fills, supports_chat=chats)

    async def info(self) -> ModelInfo:
        return self._model

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.heard.append(request)
        yield Delta("ok", "length", Usage(3, 2, 1))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def listening(start: Start, listener: Listener) -> Api:
    return await start(backend=listener)


def lines(reply: Reply) -> list[Any]:
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")
    assert reply.text.endswith("\n")
    found = [json.loads(line) for line in reply.text.splitlines()]
    for each in found:
        if "error" not in each:
            (OllamaChatted if "message" in each else OllamaGenerated).model_validate(each, strict=True)
    return found


def refused(reply: Reply, status: int = 400) -> str:
    """The error's text; fails for what has another shape."""
    assert (reply.status, set(reply.json)) == (status, {"error"})
    message: str = reply.json["error"]
    assert message
    return message


async def told(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await api.post(path, body | WHOLE)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json
    return found


async def test_a_hole_is_filled(api: Api) -> None:
    found = await told(api, GENERATE, HOLE)
    assert (found["response"], found["done"], found["done_reason"]) == (ANSWER, True, "stop")
    assert found["model"] == "fake"
    assert found["created_at"].endswith("Z")
    assert datetime.fromisoformat(found["created_at"])
    assert found["eval_count"] == len(ANSWER)
    assert found["prompt_eval_count"] > 0
    assert all(isinstance(found[name], int) for name in (*COUNTS, *DURATIONS))
    assert found["total_duration"] >= found["eval_duration"] > 0


async def test_typing_along_is_answered_from_memory(api: Api) -> None:
    assert (await told(api, GENERATE, HOLE))["eval_count"] == len(ANSWER)
    typed = HOLE | {"prompt": HOLE["prompt"] + "retu"}
    found = await told(api, GENERATE, typed)
    assert (found["response"], found["prompt_eval_count"]) == (ANSWER.removeprefix("retu"), 0)
    piece, end = lines(await api.post(GENERATE, typed | {"options": {"temperature": 0.01}}))
    assert piece["response"] == ANSWER.removeprefix("retu")
    assert (end["done_reason"], end["eval_count"]) == ("stop", 0)


async def test_streams_are_lines_and_the_default(start: Start) -> None:
    api = await start(eagerness="off")
    for path, body in ((GENERATE, HOLE), (GENERATE, {"prompt": "x"}), (CHAT, ASK)):
        *pieces, end = lines(await api.post(path, body))
        texts = [each["message"]["content"] if path == CHAT else each["response"] for each in (*pieces, end)]
        assert "".join(texts) == ANSWER
        assert texts[-1] == ""
        assert not any(each["done"] for each in pieces)
        assert not any("done_reason" in each or "eval_count" in each for each in pieces)
        assert (end["done"], end["done_reason"]) == (True, "stop")
        assert end["eval_count"] == len(ANSWER)
        assert all(isinstance(end[name], int) for name in (*COUNTS, *DURATIONS))


async def test_what_continue_asks(start: Start) -> None:
    api = await start(raw_prompts=True)
    options = {
        "temperature": 0.01, "top_k": None, "num_predict": 2048, "stop": [f"<{i}>" for i in range(30)],
        "num_ctx": 8096, "mirostat": 0, "num_thread": 4, "use_mmap": True, "num_gpu": 1, "min_p": 0,
    }  # fmt: skip
    body = {**HOLE, "raw": False, "options": options, "keep_alive": 1800, "stream": True}
    assert "".join(each["response"] for each in lines(await api.post(GENERATE, body))) == ANSWER


@pytest.mark.parametrize("raw", [True, False])
async def test_a_laid_out_prompt_is_a_hole_where_the_caller_may_send_control_tokens(
    api: Api, raw: bool
) -> None:
    prompt = "<|fim_prefix|>def f():\n    <|fim_suffix|>\n<|fim_middle|>"
    body = {"prompt": prompt, "raw": raw, "options": {"num_predict": 40}}
    assert (await told(api, GENERATE, body))["prompt_eval_count"] >= len(prompt)
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "raw")))
    found = await told(keyed, GENERATE, body)
    assert found["response"] == ANSWER
    assert 0 < found["prompt_eval_count"] < len(prompt)


async def test_a_prompt_is_put_through_the_models_template(listening: Api, listener: Listener) -> None:
    await told(listening, GENERATE, {"prompt": "why", "system": "Be terse."})
    await told(listening, GENERATE, {"prompt": "why", "raw": True})
    await told(listening, GENERATE, {"prompt": "why", "template": "{{ .Prompt }}"})
    chat, *texts = listener.heard
    assert isinstance(chat, ChatRequest)
    assert [(each.role, each.content) for each in chat.messages] == [("system", "Be terse."), ("user", "why")]
    assert chat.middle_out
    assert [isinstance(each, TextRequest) and each.prompt for each in texts] == ["why", "why"]


async def test_an_answer_needs_the_scope_of_chats(listening: Api) -> None:
    keyed = await listening.make_key(NewKey("ann", scopes=("complete",)))
    assert "chat" in refused(await keyed.post(GENERATE, {"model": "x", "prompt": "why"}), 403)
    assert (await keyed.post(GENERATE, {"model": "x", "prompt": "why", "raw": True})).status == 200


async def test_a_model_without_a_template_gets_the_instruction_as_a_comment(start: Start) -> None:
    listener = Listener(chats=False)
    api = await start(backend=listener)
    await told(api, GENERATE, {"prompt": "package main\n\nfunc main() {", "system": "Be terse."})
    await told(api, GENERATE, {"prompt": "from os import path\n", "system": "Be terse."})
    await told(api, GENERATE, {"prompt": "x"})
    prompts = [each.prompt for each in listener.heard if isinstance(each, TextRequest)]
    python = "# Be terse.\nfrom os import path\n"
    assert prompts == ["// Be terse.\npackage main\n\nfunc main() {", python, "x"]


@pytest.mark.parametrize("body", [HOLE, {"prompt": "x", "raw": True}, {"prompt": "x"}, ASK], ids=str)
@pytest.mark.parametrize(
    ("option", "value", "field", "expected"),
    [
        ("temperature", 0.3, "temperature", 0.3),
        ("temperature", 0.01, "temperature", 0.0),
        ("temperature", 5, "temperature", 2.0),
        ("top_p", 0.4, "top_p", 0.4),
        ("top_k", 7.0, "top_k", 7),
        ("top_k", -1, "top_k", 0),
        ("min_p", 0.05, "min_p", 0.05),
        ("seed", 42, "seed", 42),
        ("seed", -1, "seed", None),
        ("repeat_penalty", 1.2, "repetition_penalty", 1.2),
        ("presence_penalty", 1.5, "presence_penalty", 1.5),
        ("frequency_penalty", -1, "frequency_penalty", -1),
    ],
)
async def test_options_reach_the_engine(
    listening: Api, listener: Listener, body: Any, option: str, value: Any, field: str, expected: Any
) -> None:
    path = CHAT if "messages" in body else GENERATE
    await told(listening, path, body | {"options": {"temperature": 0.5, option: value}})
    [request] = listener.heard
    assert getattr(request.sampling, field) == expected


async def test_temperatures_that_are_not_given(listening: Api, listener: Listener) -> None:
    for path, body in ((GENERATE, HOLE), (GENERATE, {"prompt": "x", "raw": True}), (CHAT, ASK)):
        await told(listening, path, body)
    temperatures = [each.sampling.temperature for each in listener.heard]
    assert temperatures == [0.0, 0.8, 0.8]


@pytest.mark.parametrize(("sent", "limit"), [(9, 9), (9.0, 9), (-1, None), (-2, None), (0, None)])
async def test_limits_and_stops(listening: Api, listener: Listener, sent: float, limit: int | None) -> None:
    options = {"num_predict": sent, "stop": ["a", "", "b"], "repeat_last_n": 0, "repeat_penalty": 1.5}
    for path, body in ((GENERATE, HOLE), (GENERATE, {"prompt": "x", "raw": True}), (CHAT, ASK)):
        assert (await told(listening, path, body | {"options": options}))["done_reason"] == "length"
    for each in listener.heard:
        assert isinstance(each, FimRequest | TextRequest | ChatRequest)
        assert (each.max_tokens, each.sampling.repetition_penalty) == (limit, 1.0)
        assert each.stop == ("a", "b")


@pytest.mark.parametrize(
    ("form", "grammar"),
    [
        ("json", JSON_OBJECT), ("", None), (None, None),
        ({"type": "array"}, Grammar("json_schema", '{"type": "array"}')),
    ],
    ids=str,
)  # fmt: skip
async def test_formats(listening: Api, listener: Listener, form: Any, grammar: Grammar | None) -> None:
    for path, body in ((GENERATE, HOLE), (GENERATE, {"prompt": "x"}), (CHAT, ASK)):
        await told(listening, path, body | {"format": form})
    assert [each.grammar for each in listener.heard] == [grammar] * 3


async def test_a_schema_is_kept_to(api: Api) -> None:
    schema = {"type": "object", "properties": {"age": {"const": 22}}, "required": ["age"]}
    more = {"format": schema | {"additionalProperties": False}, "options": {"temperature": 0}}
    for path, body in ((GENERATE, {"prompt": "x"}), (CHAT, ASK)):
        found = await told(api, path, body | more)
        assert json.loads(found.get("response") or found["message"]["content"]) == {"age": 22}


async def test_truncate(start: Start) -> None:
    api = await start(fake={"context_length": 128})
    long = {"prompt": "x" * 500, "raw": True, "options": {"num_predict": 4}}
    assert (await told(api, GENERATE, long))["prompt_eval_count"] < 128
    refused(await api.post(GENERATE, long | {"truncate": False}))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("path", "body"), [(GENERATE, HOLE), (GENERATE, {"prompt": "x"}), (CHAT, ASK)])
async def test_log_probabilities(start: Start, path: str, body: dict[str, Any], stream: bool) -> None:
    api = await start(eagerness="off")
    asked = body | {"logprobs": True, "top_logprobs": 2, "stream": stream}
    reply = await api.post(path, asked)
    objects = lines(reply) if stream else [reply.json]
    tokens = [token for each in objects for token in each.get("logprobs", [])]
    assert "".join(each["token"] for each in tokens).startswith(ANSWER)
    assert all(each["logprob"] <= 0 and len(each["top_logprobs"]) == 2 for each in tokens)
    assert "logprobs" not in await told(api, path, body | {"top_logprobs": 2})


@pytest.mark.parametrize(
    ("path", "body"), [(GENERATE, {}), (GENERATE, {"prompt": ""}), (CHAT, {"messages": []})]
)
async def test_nothing_to_answer_loads_the_model(api: Api, path: str, body: dict[str, Any]) -> None:
    reply = await api.post(path, body)
    assert reply.headers["Content-Type"].startswith("application/json")
    assert (reply.json["done"], reply.json["done_reason"]) == (True, "load")
    assert [reply.json[name] for name in COUNTS] == [0, 0]
    assert reply.json["total_duration"] >= reply.json["load_duration"] > 0
    assert [each["name"] for each in (await api.get("/api/ps")).json["models"]] == ["fake:latest"]
    for keep_alive in (0, "0", "0s", "0h0m0s"):
        assert "keep_alive" in refused(await api.post(path, body | {"keep_alive": keep_alive}))
    for keep_alive in (-1, 300, "5m", "10m0s"):
        assert (await api.post(path, body | {"keep_alive": keep_alive})).status == 200


async def test_to_unload_after_an_answer_is_no_error(api: Api) -> None:
    assert (await told(api, GENERATE, HOLE | {"keep_alive": 0}))["response"] == ANSWER


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"think": True}, '"qwen2.5-coder:1.5b" does not support thinking'),
        ({"think": "high"}, "does not support thinking"),
        ({"images": ["aGk="]}, "images"),
        ({"template": "{{ .System }} {{ .Prompt }}"}, "template"),
        ({"context": [1, 2, 3]}, "/api/chat"),
        ({"raw": True, "system": "Be terse."}, "system"),
        ({"options": {"mirostat": 1}}, "options.mirostat"),
        ({"options": {"typical_p": 0.7}}, "options.typical_p"),
        ({"options": {"tfs_z": 0.5}}, "options.tfs_z"),
        ({"options": {"temperature": -1}}, "options.temperature"),
        ({"options": {"num_predict": "9"}}, "options.num_predict"),
        ({"options": []}, "options"),
        ({"format": "xml"}, "format"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"prompt": 1}, "prompt"),
        ({"format": {"type": "nonsense"}}, ""),
    ],
    ids=str,
)
async def test_what_cannot_be_done_is_refused(api: Api, more: dict[str, Any], word: str) -> None:
    assert word in refused(await api.post(GENERATE, HOLE | more))


async def test_what_changes_nothing_is_taken(api: Api) -> None:
    options = {
        "num_keep": 5, "typical_p": 1.0, "tfs_z": 1, "mirostat": 0, "mirostat_tau": 0.8, "mirostat_eta": 0.6,
        "penalize_newline": True, "numa": False, "num_ctx": 1024, "num_batch": 2, "num_gpu": 1,
        "main_gpu": 0, "low_vram": False, "vocab_only": False, "use_mmap": True, "use_mlock": False,
        "num_thread": 8, "repeat_last_n": 33, "something_new": {"a": 1},
    }  # fmt: skip
    more = {
        "options": options, "images": [], "context": [], "think": False, "shift": True, "keep_alive": "5m",
        "system": None, "template": "", "width": 9,
    }  # fmt: skip
    assert (await told(api, GENERATE, HOLE | more))["response"] == ANSWER
    assert (await told(api, CHAT, ASK | more))["message"] == {"role": "assistant", "content": ANSWER}


async def test_a_model_that_cannot_fill_in_says_so(start: Start) -> None:
    api = await start(backend=Listener(fills=False))
    assert refused(await api.post(GENERATE, HOLE)) == '"listener" does not support insert'


async def test_bodies_need_no_content_type(api: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await api.send("POST", GENERATE, data=json.dumps(HOLE | WHOLE), headers=headers)
    assert reply.json["response"] == ANSWER
    assert "JSON" in refused(await api.send("POST", GENERATE, data="{", headers=headers))


async def test_messages_with_calls_and_answers_of_tools(listening: Api, listener: Listener) -> None:
    def called(name: str) -> dict[str, Any]:
        return {"function": {"name": name, "arguments": {"a": 1}}}

    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "add", "images": None},
        {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [called("add"), called("sub")]},
        {"role": "tool", "content": "0", "tool_name": "sub"},
        {"role": "tool", "content": "2"},
        {"role": "tool", "content": "?"},
        {"role": "assistant", "tool_calls": [called("add") | {"id": "mine"}]},
        {"role": "tool", "content": "3", "tool_call_id": "mine"},
    ]
    await told(listening, CHAT, {"messages": messages, "tools": [TOOL]})
    [request] = listener.heard
    assert isinstance(request, ChatRequest)
    assert [(each.name, each.parameters) for each in request.tools] == [("add", '{"type": "object"}')]
    assert [(each.role, each.content) for each in request.messages[:2]] == [
        ("system", "Be terse."),
        ("user", "add"),
    ]
    calls = [(call.id, call.arguments) for each in request.messages for call in each.tool_calls]
    assert calls == [("call_0", '{"a": 1}'), ("call_1", '{"a": 1}'), ("mine", '{"a": 1}')]
    answers = [each.tool_call_id for each in request.messages if each.role == "tool"]
    assert answers == ["call_1", "call_0", "", "mine"]


async def test_calls_that_the_model_makes(start: Start) -> None:
    api = await start(fake={"answer": CALL + "\n" + CALL})
    body = ASK | {"tools": [TOOL], "options": {"temperature": 0, "num_predict": 300}}
    found = await told(api, CHAT, body)
    assert found["done_reason"] == "stop"
    functions = [call["function"] for call in found["message"]["tool_calls"]]
    assert functions == [{"index": i, "name": "add", "arguments": {"a": 1}} for i in range(2)]
    *pieces, end = lines(await api.post(CHAT, body))
    streamed = [call["function"] for each in pieces for call in each["message"].get("tool_calls", [])]
    assert streamed == functions
    assert end["message"] == {"role": "assistant", "content": ""}


async def test_images_in_messages_are_refused(api: Api) -> None:
    messages = [{"role": "user", "content": "what is it", "images": ["aGk="]}]
    assert "messages.0.images" in refused(await api.post(CHAT, {"messages": messages}))
    assert "thinking" in refused(await api.post(CHAT, ASK | {"think": True}))
    assert "messages.0.role" in refused(await api.post(CHAT, {"messages": [{"role": "wizard"}]}))


@pytest.mark.parametrize(("path", "body"), [(GENERATE, HOLE), (GENERATE, {"prompt": "x"}), (CHAT, ASK)])
async def test_a_client_that_hangs_up_stops_the_model(start: Start, path: str, body: dict[str, Any]) -> None:
    api = await start(fake={"endless": True, "token_ms": 5}, eagerness="off")
    for stream in (True, False):
        task = asyncio.create_task(api.post(path, body | {"stream": stream}))
        await until(lambda: api.services.engine.running)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not api.services.engine.running)


async def test_an_error_in_a_stream_is_its_last_line(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 5, "context_length": 100_000}, request_seconds=0.5)
    *pieces, last = lines(await api.post(GENERATE, {"prompt": "x"}))
    assert pieces
    assert set(last) == {"error"}


async def test_an_error_before_the_first_line_is_an_ordinary_answer(start: Start) -> None:
    api = await start(backend=FailingBackend(ValueError("secret")))
    assert "secret" not in refused(await api.post(GENERATE, HOLE), 500)


async def test_keys(api: Api) -> None:
    ann = await api.make_key(NewKey("ann", allowance=Allowance(max_tokens=5)))
    for path in (GENERATE, CHAT):
        assert "key" in refused(await ann.with_key("wrong").post(path, HOLE), 401)
    assert "options.num_predict" in refused(await ann.post(GENERATE, HOLE | {"options": {"num_predict": 6}}))
    assert (await told(ann, GENERATE, {"prompt": "x"}))["done_reason"] == "length"
    bob = await api.make_key(NewKey("bob", scopes=("chat",)))
    assert "`complete`" in refused(await bob.post(GENERATE, HOLE), 403)
    assert (await told(bob, CHAT, ASK))["message"]["content"] == ANSWER
    eve = await api.make_key(NewKey("eve", allowance=Allowance(requests_per_minute=1)))
    assert (await told(eve, GENERATE, HOLE))["response"] == ANSWER
    refused(await eve.post(GENERATE, HOLE), 429)
    [row] = [each for each in (await ann.get("/v1/usage")).json["data"] if each["errors"] == 0][:1]
    assert row["completion_tokens"] > 0
