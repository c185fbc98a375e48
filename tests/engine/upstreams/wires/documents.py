"""Answers in the form that their makers' documents, sources and reports show, and what they are answers to.

Beside each stands what was copied and what was put together here after a schema. None of the hosted services
was asked; llama-server and fimble are asked themselves in ``tests/e2e/upstreams``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fimble.engine.routing import Reasoning
from fimble.engine.types import ChatRequest, FimRequest, Message, Request, TextRequest, Tool

HOLE = FimRequest("def compute_gcd(a, b):", "    return result", "python", mode="block")
TEXT = TextRequest("San Francisco is a")
CHAT = ChatRequest((Message("user", "What is 1+1?"),))
WEATHER = Tool("get_weather", "", '{"type": "object"}')


@dataclass(frozen=True)
class Document:
    """``says`` is an answer of an upstream of this kind to a request. What should come of it is in the rest;
    ``model`` is the name that the answer tells."""

    kind: str
    request: Request
    says: bytes
    text: str
    usage: tuple[int, int]
    finish: str = "stop"
    reasoning: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    tokens: tuple[str, ...] = ()
    model: str = ""
    lines: bool = False
    table: dict[str, Any] = field(default_factory=dict)


def events(*values: str) -> bytes:
    return "".join(f"data: {value}\n\n" for value in values).encode()


# The first two events are copied from litellm issue 10686, vLLM's answer to a conversation with `logprobs`;
# the
# others are put together: an end, and the usage that `stream_options.include_usage` adds
_VLLM_HEAD = (
    '"id":"chat-89ef9a2c58e64c43b4a0d2133a730b52","object":"chat.completion.chunk","created":1746779871,'
    '"model":"Mistral-7B-Instruct-v0.3"'
)
VLLM_CHAT = events(
    "{"
    + _VLLM_HEAD
    + ',"choices":[{"index":0,"delta":{"role":"assistant"},"logprobs":null,"finish_reason":null}]}',
    "{" + _VLLM_HEAD + ',"choices":[{"index":0,"delta":{"content":" "},"logprobs":{"content":[{"token":" ",'
    '"logprob":-0.00035041390219703317,"bytes":[32],"top_logprobs":[{"token":" ",'
    '"logprob":-0.00035041390219703317,"bytes":[32]}]}]},"finish_reason":null}]}',
    "{" + _VLLM_HEAD + ',"choices":[{"index":0,"delta":{"content":"2"},"logprobs":{"content":[{"token":"2",'
    '"logprob":-0.0001,"bytes":[50],"top_logprobs":[{"token":"2","logprob":-0.0001,"bytes":[50]}]}]},'
    '"finish_reason":"stop","stop_reason":null}]}',
    "{" + _VLLM_HEAD + ',"choices":[],"usage":{"prompt_tokens":22,"total_tokens":24,"completion_tokens":2}}',
    "[DONE]",
)

# The piece of reasoning is copied from vllm-project/vllm pull request 25514, with a shorter id; the others
# are put
# together after vllm/entrypoints/openai/chat_completion/protocol.py, where `reasoning` is the newer name
_OSS = (
    '"id":"chatcmpl-beb39e77","object":"chat.completion.chunk","created":1758892077,'
    '"model":"openai/gpt-oss-20b"'
)
VLLM_CALL = events(
    "{" + _OSS + ',"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,'
    '"finish_reason":null}],"prompt_token_ids":null}',
    "{" + _OSS + ',"choices":[{"index":0,"delta":{"reasoning_content":" need"},"logprobs":null,'
    '"finish_reason":null,"token_ids":null}]}',
    "{" + _OSS + ',"choices":[{"index":0,"delta":{"reasoning":" to"},"logprobs":null,"finish_reason":null,'
    '"token_ids":null}]}',
    "{"
    + _OSS
    + ',"choices":[{"index":0,"delta":{"tool_calls":[{"id":"chatcmpl-tool-1","type":"function","index":0,'
    '"function":{"name":"get_weather","arguments":""}}]},"logprobs":null,"finish_reason":null}]}',
    "{"
    + _OSS
    + ',"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"in\\":"}}]},'
    '"logprobs":null,"finish_reason":null}]}',
    "{"
    + _OSS
    + ',"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":" \\"Rome\\"}"}}]},'
    '"logprobs":null,"finish_reason":null}]}',
    "{" + _OSS + ',"choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"tool_calls",'
    '"stop_reason":200012,"token_ids":null}]}',
    "{" + _OSS + ',"choices":[],"usage":{"prompt_tokens":81,"total_tokens":106,"completion_tokens":25}}',
    "[DONE]",
)

# Put together after vllm/entrypoints/openai/completion/protocol.py, with `continuous_usage_stats`; its end
# token
# is told too
_CMPL = '"id":"cmpl-3a688b39","object":"text_completion","created":1703577600,"model":"Qwen/Qwen2.5-Coder-7B"'
VLLM_TEXT = events(
    "{" + _CMPL + ',"choices":[{"index":0,"text":"\\n  if","logprobs":{"text_offset":[0,3],'
    '"token_logprobs":[-0.25,-0.5],"tokens":["\\n ", " if"],"top_logprobs":[{"\\n ":-0.25},{" if":-0.5}]},'
    '"finish_reason":null,"stop_reason":null}],"usage":{"prompt_tokens":30,"total_tokens":32,'
    '"completion_tokens":2}}',
    "{" + _CMPL + ',"choices":[{"index":0,"text":" b","logprobs":{"text_offset":[5],"token_logprobs":[-1.0],'
    '"tokens":[" b"],"top_logprobs":[{" b":-1.0}]},"finish_reason":null,"stop_reason":null}],'
    '"usage":{"prompt_tokens":30,"total_tokens":33,"completion_tokens":3}}',
    "{" + _CMPL + ',"choices":[{"index":0,"text":"","logprobs":{"text_offset":[7],"token_logprobs":[-0.1],'
    '"tokens":["<|endoftext|>"],"top_logprobs":[{"<|endoftext|>":-0.1}]},"finish_reason":"stop",'
    '"stop_reason":null}],"usage":{"prompt_tokens":30,"total_tokens":34,"completion_tokens":4}}',
    "{" + _CMPL + ',"choices":[],"usage":{"prompt_tokens":30,"total_tokens":34,"completion_tokens":4}}',
    "[DONE]",
)

# vllm-project/vllm issue 2266, one event a line: older ones tell twice why they ended
_OLD = '"id":"cmpl-3a688b392f324adcb369c11d97d304c7","created":2421200,"model":"qwen-14b-chat-int4"'
VLLM_OLD = events(
    "{" + _OLD + ',"choices":[{"index":0,"text":"0","logprobs":null,"finish_reason":null}]}',
    "{" + _OLD + ',"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}]}',
    "{" + _OLD + ',"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}],'
    '"usage":{"prompt_tokens":27,"total_tokens":319,"completion_tokens":292}}',
    "[DONE]",
)

# The end is that of ollama docs/api.md, "Request (with suffix)", where it is not streamed; the lines have
# the form of
# docs.ollama.com/api/streaming
OLLAMA_HOLE = (
    b'{"model":"codellama:code","created_at":"2024-07-22T20:47:51.147561Z","response":"\\n  if",'
    b'"done":false}\n'
    b'{"model":"codellama:code","created_at":"2024-07-22T20:47:51.157561Z","response":" a == 0:",'
    b'"done":false}\n'
    b'{"model":"codellama:code","created_at":"2024-07-22T20:47:51.247561Z","response":"","done":true,'
    b'"done_reason":"stop","context":[1,2,3],"total_duration":1162761250,"load_duration":6683708,'
    b'"prompt_eval_count":17,"prompt_eval_duration":201222000,"eval_count":63,"eval_duration":953997000}\n'
)
# Put together after docs.ollama.com/api/generate: `logprobs` since 0.12.11
OLLAMA_SURE = (
    b'{"model":"qwen2.5-coder","created_at":"2025-10-26T17:15:24.097767Z","response":" b","done":false,'
    b'"logprobs":[{"token":" b","logprob":-0.5,"bytes":[32,98]}]}\n'
    b'{"model":"qwen2.5-coder","created_at":"2025-10-26T17:15:24.166576Z","response":"","done":true,'
    b'"done_reason":"length","prompt_eval_count":9,"eval_count":1}\n'
)

# Put together after mistralai/client-python: a stream has the shape of a conversation's, the usage in its
# last
# event
_FIM = (
    '"id":"447e3e0d457e42e98248b5d2ef52a2a3","object":"chat.completion.chunk",'
    '"created":1759496862,"model":"codestral-2508"'
)
MISTRAL_HOLE = events(
    "{" + _FIM + ',"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
    "{" + _FIM + ',"choices":[{"index":0,"delta":{"content":"\\n    result ="},"finish_reason":null}]}',
    "{" + _FIM + ',"choices":[{"index":0,"delta":{"content":" 1"},"finish_reason":"stop"}],'
    '"usage":{"prompt_tokens":8,"total_tokens":99,"completion_tokens":91}}',
    "[DONE]",
)
# Put together after the same: thoughts are parts of the content; calls come whole, without index
_MAGISTRAL = (
    '"id":"cmpl-1","object":"chat.completion.chunk","created":1759496862,"model":"magistral-medium-2507"'
)
MISTRAL_CHAT = events(
    "{"
    + _MAGISTRAL
    + ',"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
    "{"
    + _MAGISTRAL
    + ',"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text",'
    '"text":"Hm."}]}]},"finish_reason":null}]}',
    "{" + _MAGISTRAL + ',"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"I ask."}]},'
    '"finish_reason":null}]}',
    "{"
    + _MAGISTRAL
    + ',"choices":[{"index":0,"delta":{"content":"","tool_calls":[{"id":"D681PevKs","function":'
    '{"name":"get_weather","arguments":"{\\"in\\": \\"Rome\\"}"}},{"id":"D681PevKt","function":'
    '{"name":"get_weather","arguments":"{}"}}]},"finish_reason":"tool_calls"}],'
    '"usage":{"prompt_tokens":20,"total_tokens":50,"completion_tokens":30}}',
    "[DONE]",
)

# Put together after api-docs.deepseek.com/api/create-chat-completion, with the `reasoning_content` of its
# thinking
# mode
_DEEP = '"id": "1f633d8bfc032625086f14113c411638", "created": 1718345013, "model": "deepseek-chat"'
_DEEP_END = '"system_fingerprint": "fp_a49d71b8a1", "object": "chat.completion.chunk"'
DEEPSEEK_CHAT = events(
    "{" + _DEEP + ', "choices": [{"index": 0, "delta": {"content": null, "reasoning_content": "Easy.", '
    '"role": "assistant"}, "finish_reason": null, "logprobs": null}], ' + _DEEP_END + ', "usage": null}',
    "{" + _DEEP + ', "choices": [{"index": 0, "delta": {"content": "Hello", "role": "assistant"}, '
    '"finish_reason": null, "logprobs": null}], ' + _DEEP_END + "}",
    "{" + _DEEP + ', "choices": [{"index": 0, "delta": {"content": "!", "role": "assistant"}, '
    '"finish_reason": null, "logprobs": null}], ' + _DEEP_END + "}",
    "{"
    + _DEEP
    + ', "choices": [{"index": 0, "delta": {"content": "", "role": null}, "finish_reason": "stop", '
    '"logprobs": null}], ' + _DEEP_END + ', "usage": {"completion_tokens": 9, "prompt_tokens": 17, '
    '"total_tokens": 26}}',
    "[DONE]",
)
# Put together after api-docs.deepseek.com/api/create-completion (FIM, beta)
DEEPSEEK_HOLE = b": keep-alive\n\n" + events(
    '{"id": "a1", "choices": [{"finish_reason": null, "index": 0, "logprobs": {"text_offset": [0], '
    '"token_logprobs": [-0.25], "tokens": [" 7"], "top_logprobs": [{" 7": -0.25}]}, "text": " 7"}], '
    '"created": 1718345013, "model": "deepseek-chat", "object": "text_completion"}',
    '{"id": "a1", "choices": [{"finish_reason": "length", "index": 0, "logprobs": null, "text": ""}], '
    '"created": 1718345013, "model": "deepseek-chat", "object": "text_completion", "usage": '
    '{"completion_tokens": 1, "prompt_tokens": 8, "prompt_cache_hit_tokens": 0, "total_tokens": 9}}',
    "[DONE]",
)

# Put together after platform.openai.com/docs/api-reference/completions, and how bytes are shown in `logprobs`
OPENAI_TEXT = events(
    '{"id":"cmpl-7iA7","object":"text_completion","created":1690759702,"choices":[{"text":"é","index":0,'
    '"logprobs":{"tokens":["bytes:\\\\xc3","bytes:\\\\xa9"],"token_logprobs":[-0.5,-0.25],'
    '"top_logprobs":null,"text_offset":[0,0]},"finish_reason":null}],"model":"gpt-3.5-turbo-instruct"}',
    '{"id":"cmpl-7iA7","object":"text_completion","created":1690759702,"choices":[{"text":"","index":0,'
    '"logprobs":null,"finish_reason":"length"}],"model":"gpt-3.5-turbo-instruct"}',
    '{"id":"cmpl-7iA7","object":"text_completion","created":1690759702,"choices":[],'
    '"usage":{"prompt_tokens":5,'
    '"completion_tokens":2,"total_tokens":7},"model":"gpt-3.5-turbo-instruct"}',
    "[DONE]",
)

_QWEN: dict[str, Any] = {"model": "Qwen/Qwen2.5-Coder-7B"}
_CALLING = ChatRequest((Message("user", "?"),), (WEATHER,), reasoning=Reasoning("low"))
_THINKING: dict[str, Any] = {"chat": True, "reasoning": True, "model": "a"}
DOCUMENTS = {
    "vLLM, a hole": Document(
        "vllm", HOLE, VLLM_TEXT, "\n  if b", (30, 4), tokens=("\n ", " if", " b", ""),
        model="Qwen/Qwen2.5-Coder-7B", table=_QWEN,
    ),
    "vLLM, a hole, an old one": Document(
        "vllm", HOLE, VLLM_OLD, "0", (27, 292), model="qwen-14b-chat-int4", table=_QWEN
    ),
    "vLLM, a text": Document(
        "vllm", TextRequest("San", logprobs=0), VLLM_TEXT, "\n  if b", (30, 4), tokens=("\n ", " if", " b"),
        model="Qwen/Qwen2.5-Coder-7B", table=_QWEN,
    ),
    "vLLM, a conversation": Document(
        "vllm", ChatRequest(CHAT.messages, logprobs=1), VLLM_CHAT, " 2", (22, 2), tokens=(" ", "2"),
        model="Mistral-7B-Instruct-v0.3", table={"chat": True, "model": "a"},
    ),
    "vLLM, a call": Document(
        "vllm", _CALLING, VLLM_CALL, "", (81, 25), "tool_calls", " need to",
        (("chatcmpl-tool-1", "get_weather", '{"in": "Rome"}'),), model="openai/gpt-oss-20b", table=_THINKING,
    ),
    "Ollama, a hole": Document(
        "ollama", HOLE, OLLAMA_HOLE, "\n  if a == 0:", (17, 63), model="codellama:code", lines=True,
        table={"model": "codellama:code", "suffix": True},
    ),
    "Ollama, a hole with probabilities": Document(
        "ollama", HOLE, OLLAMA_SURE, " b", (9, 1), "length", tokens=(" b",), model="qwen2.5-coder",
        lines=True, table={"model": "qwen2.5-coder", "suffix": True},
    ),
    "Mistral, a hole": Document(
        "mistral", HOLE, MISTRAL_HOLE, "\n    result = 1", (8, 91), model="codestral-2508"
    ),
    "Mistral, a conversation": Document(
        "mistral", ChatRequest(CHAT.messages, (WEATHER,)), MISTRAL_CHAT, "I ask.", (20, 30), "tool_calls",
        "Hm.",
        (("D681PevKs", "get_weather", '{"in": "Rome"}'), ("D681PevKt", "get_weather", "{}")),
        model="magistral-medium-2507",
    ),
    "DeepSeek, a hole": Document(
        "deepseek", HOLE, DEEPSEEK_HOLE, " 7", (8, 1), "length", tokens=(" 7",), model="deepseek-chat",
        table={"model": "deepseek-chat"},
    ),
    "DeepSeek, a conversation": Document(
        "deepseek", CHAT, DEEPSEEK_CHAT, "Hello!", (17, 9), reasoning="Easy.", model="deepseek-chat",
        table={"model": "deepseek-chat"},
    ),
    "OpenAI, a text": Document(
        "openai", TextRequest("San", logprobs=1), OPENAI_TEXT, "é", (5, 2), "length",
        model="gpt-3.5-turbo-instruct", table={"model": "gpt-3.5-turbo-instruct"},
    ),
}  # fmt: skip
