"""What each kind of upstream is asked, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fimble.engine.backends.limited import limited
from fimble.engine.errors import UnsupportedParameter
from fimble.engine.routing import Reasoning
from fimble.engine.types import (
    JSON_OBJECT,
    ChatRequest,
    FimRequest,
    Grammar,
    Image,
    Message,
    NamedTool,
    Request,
    Sampling,
    Snippet,
    TextRequest,
    Tool,
    ToolCall,
)

from .replaying import ask_of

HOLE = FimRequest("def f(", ")\n", "python", "f.py", mode="line", generate_ms=250.0)
QWEN = {"model": "qwen2.5-coder:7b"}
WEATHER = Tool("weather", "Tells it", '{"type": "object", "properties": {}}', strict=True)
TALK = (
    Message("developer", "Be brief."),
    Message("user", "Weather?"),
    Message("assistant", tool_calls=(ToolCall("call_1", "weather", '{"in": "Rome"}'),)),
    Message("tool", "sunny", "weather", tool_call_id="call_1"),
)


def asked(kind: str, request: Request, **table: Any) -> tuple[str, dict[str, Any]]:
    ask = ask_of(kind, limited(request), **table)
    return ask.path, json.loads(ask.body)


def test_vllm_is_asked_with_our_own_prompt() -> None:
    path, body = asked("vllm", HOLE, **QWEN)
    assert path == "/v1/completions"
    assert body["prompt"] == "<|fim_prefix|>def f(<|fim_suffix|>)\n<|fim_middle|>"
    assert body["stop"][0] == "\n"
    assert {"<|endoftext|>", "<|fim_prefix|>"} < set(body["stop"])
    assert (body["max_tokens"], body["temperature"], body["logprobs"]) == (48, 0.0, 1)
    assert body["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}
    assert "top_k" not in body


def test_an_upstream_that_fills_in_by_itself_is_given_the_suffix() -> None:
    path, body = asked("openai", HOLE, suffix=True, model="m")
    assert (path, body["prompt"], body["suffix"]) == ("/v1/completions", "def f(", ")\n")
    path, body = asked("deepseek", HOLE, model="deepseek-chat")
    assert (path, body["prompt"], body["suffix"]) == ("/beta/completions", "def f(", ")\n")
    path, body = asked("mistral", HOLE)
    assert (path, body["prompt"], body["suffix"]) == ("/v1/fim/completions", "def f(", ")\n")
    assert body["model"] == "codestral-latest"
    assert "stream_options" not in body
    path, body = asked("ollama", HOLE, suffix=True, **QWEN)
    assert (path, body["prompt"], body["suffix"]) == ("/api/generate", "def f(", ")\n")


def test_no_more_stop_strings_are_sent_than_are_taken() -> None:
    _, body = asked("openai", FimRequest("a", "b", mode="block", stop=("1", "2", "3", "4", "5")), **QWEN)
    assert body["stop"] == ["1", "2", "3", "4"]


def test_ollama_is_told_what_leaving_a_field_out_means_to_us() -> None:
    ask = ask_of("ollama", limited(HOLE), context_window=4096, suffix=True, **QWEN)
    body = json.loads(ask.body)
    assert ask.framing == "lines"
    assert body["options"] == {
        "temperature": 0.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0, "num_predict": 48,
        "num_ctx": 4096, "stop": ["\n"],
    }  # fmt: skip
    assert body["logprobs"] is True
    _, text = asked("ollama", TextRequest("x", max_tokens=3, grammar=Grammar("json_schema", "{}")), **QWEN)
    assert (text["raw"], text["format"], text["prompt"]) == (True, {}, "x")


def test_images_stand_where_they_were_in_the_text() -> None:
    url = "data:image/png;base64,AA=="
    talk = (Message("user", "Is this that?", images=(Image(url, "low", at=8), Image(url, at=13))),)
    for kind in ("openai", "vllm", "llama", "ollama", "mistral", "fimble"):
        _, body = asked(kind, ChatRequest(talk), model="m", chat=True, vision=True)
        assert body["messages"][0]["content"] == [
            {"type": "text", "text": "Is this "},
            {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
            {"type": "text", "text": "that?"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    for table in ({"chat": True}, {"chat": False}):  # without `vision`, or as code
        with pytest.raises(UnsupportedParameter, match="image_url"):
            asked("openai", ChatRequest(talk), model="m", **table)


def test_llama_server_is_asked_as_its_own_clients_do() -> None:
    request = FimRequest(
        "a\n", "b", "python", "f.py", (Snippet("g.py", "c"),), mode="block", generate_ms=250.5,
        sampling=Sampling(0.5, top_k=3, repetition_penalty=1.1, logit_bias=((7, -1.0),), seed=1),
        grammar=Grammar("gbnf", "root ::= [a-z]"),
    )  # fmt: skip
    path, body = asked("llama", request)
    assert path == "/infill"
    assert (body["input_prefix"], body["input_suffix"], body["prompt"]) == ("a\n", "b", "")
    assert body["input_extra"] == [{"filename": "g.py", "text": "c"}]
    assert (body["n_predict"], body["t_max_predict_ms"], body["seed"]) == (128, 250, 1)
    assert (body["top_k"], body["top_p"], body["min_p"], body["repeat_penalty"]) == (3, 1.0, 0.0, 1.1)
    assert (body["logit_bias"], body["grammar"]) == ([[7, -1.0]], "root ::= [a-z]")
    assert "model" not in body
    path, body = asked("llama", HOLE, family="qwen")
    assert (path, body["prompt"]) == ("/completion", "<|fim_prefix|>def f(<|fim_suffix|>)\n<|fim_middle|>")
    path, body = asked("llama", TextRequest((1, 2, 3)))
    assert (path, body["prompt"], body["n_predict"]) == ("/completion", [1, 2, 3], -1)


@pytest.mark.parametrize(
    ("kind", "grammar", "field"),
    [
        ("vllm", Grammar("regex", "a+"), {"structured_outputs": {"regex": "a+"}}),
        ("vllm", Grammar("gbnf", "root ::= a"), {"structured_outputs": {"grammar": "root ::= a"}}),
        ("vllm", JSON_OBJECT, {"structured_outputs": {"json": {"type": "object"}}}),
        ("llama", JSON_OBJECT, {"json_schema": {"type": "object"}}),
        ("fimble", Grammar("lark", "start: A"), {"grammar": {"type": "lark", "value": "start: A"}}),
    ],
)
def test_what_a_text_must_look_like(kind: str, grammar: Grammar, field: dict[str, Any]) -> None:
    _, body = asked(kind, TextRequest("x", grammar=grammar), model="m")
    assert body | field == body


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("openai", "/v1/chat/completions"), ("vllm", "/v1/chat/completions"),
        ("llama", "/v1/chat/completions"), ("ollama", "/v1/chat/completions"),
        ("mistral", "/v1/chat/completions"), ("deepseek", "/chat/completions"),
        ("fimble", "/v1/chat/completions"),
    ],
)  # fmt: skip
def test_a_conversation(kind: str, path: str) -> None:
    request = ChatRequest(TALK, (WEATHER,), sampling=Sampling(1.0, top_p=0.5), stop=("x",), max_tokens=9)
    sent, body = asked(kind, request, model="m", chat=True)
    assert sent == path
    assert (body["model"], body["max_tokens"], body["stop"], body["top_p"]) == ("m", 9, ["x"], 0.5)
    system, user, assistant, tool = body["messages"]
    assert system["role"] == ("developer" if kind in ("openai", "fimble") else "system")
    assert user == {"role": "user", "content": "Weather?"}
    [call] = assistant["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": '{"in": "Rome"}'}
    assert assistant["content"] is None
    assert tool["tool_call_id"] == call["id"]
    assert (len(call["id"]) == 9) == (kind == "mistral")
    [offered] = body["tools"]
    assert offered["function"]["name"] == "weather"
    assert offered["function"]["strict"] is True


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("openai", {"reasoning_effort": "low"}),
        ("ollama", {"reasoning_effort": "low"}),
        ("vllm", {"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": True,
                                                                     "reasoning_effort": "low"}}),
        ("llama", {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "low"}}),
        ("deepseek", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("fimble", {"reasoning": {"effort": "low", "max_tokens": None}}),
    ],
)  # fmt: skip
def test_how_much_it_may_think(kind: str, field: dict[str, Any]) -> None:
    request = ChatRequest(TALK[1:2], reasoning=Reasoning("low"))
    _, body = asked(kind, request, model="m", chat=True, reasoning=True)
    assert body | field == body
    plain = ChatRequest(TALK[1:2])
    _, body = asked(kind, plain, model="m", chat=True, reasoning=True)
    assert not {"reasoning", "reasoning_effort", "thinking", "chat_template_kwargs"} & set(body)


def test_a_budget_of_thoughts_and_no_thoughts() -> None:
    request = ChatRequest(TALK[1:2], reasoning=Reasoning(max_tokens=50))
    _, body = asked("vllm", request, model="m", chat=True, reasoning=True)
    assert body["thinking_token_budget"] == 50
    _, body = asked(
        "deepseek", ChatRequest(TALK[1:2], reasoning=Reasoning("none")), model="m", reasoning=True
    )
    assert body["thinking"] == {"type": "disabled"}
    _, body = asked("openai", ChatRequest(TALK[1:2], reasoning=Reasoning("none")), model="m", chat=True)
    assert "reasoning_effort" not in body


def test_choices_of_tools() -> None:
    def body_of(kind: str, **more: Any) -> dict[str, Any]:
        return asked(kind, ChatRequest(TALK[1:2], (WEATHER,), **more), model="m", chat=True)[1]

    assert body_of("vllm")["tool_choice"] == "auto"
    assert body_of("mistral", tool_choice="required")["tool_choice"] == "any"
    named = {"type": "function", "function": {"name": "weather"}}
    assert body_of("openai", tool_choice=NamedTool("weather"))["tool_choice"] == named
    assert body_of("openai", parallel_tool_calls=False)["parallel_tool_calls"] is False
    assert "tools" not in body_of("ollama", tool_choice="none")


def test_what_an_answer_must_look_like() -> None:
    def format_of(kind: str, grammar: Grammar) -> Any:
        request = ChatRequest(TALK[1:2], grammar=grammar)
        return asked(kind, request, model="m", chat=True)[1]["response_format"]

    assert format_of("deepseek", JSON_OBJECT) == {"type": "json_object"}
    made = format_of("openai", Grammar("json_schema", '{"type": "array"}'))
    assert made["json_schema"]["schema"] == {"type": "array"}


def test_a_conversation_is_made_to_fit() -> None:
    long = tuple(Message("user" if at % 2 == 0 else "assistant", f"{at} " * 2000) for at in range(9))
    request = ChatRequest(long, middle_out=True, max_tokens=100)
    _, body = asked("openai", request, model="m", chat=True, context_window=8000)
    kept = [message["content"] for message in body["messages"]]
    assert kept[0] == long[0].content
    assert kept[-1] == long[-1].content
    assert len(kept) < 9
    assert sum(len(text) for text in kept) < 3 * 8000
    _, whole = asked("openai", ChatRequest(long), model="m", chat=True, context_window=8000)
    assert len(whole["messages"]) == 9
    _, ours = asked("fimble", ChatRequest(long, prompt_tokens=50, middle_out=True, language="go"), model="m")
    assert (len(ours["messages"]), ours["transforms"], ours["language"]) == (9, ["middle-out"], "go")
    assert ours["plugins"] == [{"id": "context-compression", "max_tokens": 50}]


def test_a_model_that_does_not_chat_continues_code() -> None:
    path, body = asked("vllm", ChatRequest(TALK[1:2], language="go", max_tokens=5), **QWEN)
    assert (path, body["prompt"]) == ("/v1/completions", "// Weather?\n")


def test_addresses_may_end_in_their_version() -> None:
    assert asked("openai", HOLE, address="http://h/api/v1", **QWEN)[0] == "/completions"
    assert asked("mistral", HOLE, address="http://h/v1")[0] == "/fim/completions"
    assert asked("deepseek", HOLE, address="http://h/beta", model="m")[0] == "/completions"


def test_another_fimble_is_asked_for_text() -> None:
    request = TextRequest(
        "x", 3, Sampling(0.5, top_k=2), ("a",), 1, echo=True, truncate=True, tools=(WEATHER,),
        tool_choice="required",
    )  # fmt: skip
    path, body = asked("fimble", request)
    assert path == "/v1/completions"
    assert (body["echo"], body["truncate_sequence"], body["logprobs"], body["top_k"]) == (True, True, 1, 2)
    assert (body["tool_choice"], body["tools"][0]["type"]) == ("required", "function")
    assert "model" not in body


def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    for kind in ("vllm", "llama", "mistral", "fimble"):
        ask = ask_of(kind, FimRequest("a\ud83d", "b", mode="line", max_tokens=3), model="qwen")
        assert "a?" in ask.body.decode()
