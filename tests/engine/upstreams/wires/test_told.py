"""What upstreams tell of their models, and the sentence about a model that they do not have."""

from __future__ import annotations

from typing import Any

import pytest

from fimble.engine.errors import UpstreamError, UpstreamUnavailable
from fimble.engine.types import FimRequest, ModelInfo

from ..asking import answer_of, backend_of
from ..upstream import Upstream, chunked, reply

# Put together after vLLM's ModelCard (vllm/entrypoints/openai/models/protocol.py)
VLLM = b"""{"object":"list","data":[{"id":"Qwen/Qwen2.5-Coder-7B","object":"model","created":1703577600,
"owned_by":"vllm","root":"Qwen/Qwen2.5-Coder-7B","parent":null,"max_model_len":32768,"permission":
[{"id":"modelperm-1","object":"model_permission"}]},{"id":"my-lora","object":"model","parent":"Qwen"}]}"""
# Put together after mistralai/client-python, "modelcapabilities"
MISTRAL = b"""{"object":"list","data":[{"id":"codestral-latest","object":"model","created":1,"owned_by":
"mistralai","capabilities":{"completion_chat":true,"completion_fim":true,"function_calling":true,
"vision":false},"max_context_length":256000,"aliases":["codestral-2508"],"type":"base"}]}"""
# Put together after api-docs.deepseek.com/api/list-models
DEEPSEEK = b'{"object":"list","data":[{"id":"deepseek-chat","object":"model","owned_by":"deepseek"}]}'
# In the form of a real llama-server's, b11669, with fewer fields
LLAMA = b"""{"models":[{"name":"fimble","capabilities":["completion"]}],"object":"list","data":[
{"id":"fimble","aliases":["small"],"object":"model","owned_by":"llamacpp","meta":{"n_ctx":2048,"n_ctx_train":4096}}]}"""
# Put together after ollama docs/api.md, "Show Model Information"
OLLAMA = b"""{"modelfile":"FROM x","parameters":"num_ctx                        16384\\nstop \\"<|x|>\\"",
"template":"{{ .Prompt }}","details":{"family":"qwen2"},"model_info":{"qwen2.context_length":32768},
"capabilities":["completion","insert","tools"]}"""


async def told(server: Upstream, kind: Any, body: bytes, **table: Any) -> ModelInfo:
    server.answer = reply(200, body)
    backend = backend_of(server.url, kind, **table)
    try:
        return await backend.info()
    finally:
        await backend.close()


async def test_vllm(server: Upstream) -> None:
    found = await told(server, "vllm", VLLM)
    assert (found.id, found.context_window, found.supports_fim, found.supports_chat) == (
        "Qwen/Qwen2.5-Coder-7B", 32768, True, False
    )  # fmt: skip
    other = await told(server, "vllm", VLLM, model="my-lora", context_window=4096, chat=True, vision=True)
    assert (other.context_window, other.supports_fim) == (4096, False)
    assert other.supports_chat
    assert other.supports_vision


async def test_mistral_and_deepseek(server: Upstream) -> None:
    found = await told(server, "mistral", MISTRAL, model="codestral-2508")
    assert (found.context_window, found.supports_fim, found.supports_tools) == (256000, True, True)
    found = await told(server, "deepseek", DEEPSEEK, reasoning=True)
    assert (found.id, found.supports_fim, found.supports_chat, found.supports_reasoning) == (
        "deepseek-chat", True, True, True
    )  # fmt: skip
    assert server.paths[-1] == "/models"


async def test_llama_server(server: Upstream) -> None:
    assert (await told(server, "llama", LLAMA, model="small")).context_window == 2048


async def test_ollama_says_whether_its_model_can_insert(server: Upstream) -> None:
    found = await told(server, "ollama", OLLAMA, model="qwen2.5-coder")
    assert (found.context_window, found.supports_fim, found.supports_tools) == (16384, True, True)
    assert (server.paths[-1], server.asked[-1]) == ("/api/show", {"model": "qwen2.5-coder"})
    old = b'{"template":"{{ if .Suffix }}<PRE>{{ end }}","model_info":{"llama.context_length":2048}}'
    found = await told(server, "ollama", old, model="mystery")
    assert (found.context_window, found.supports_fim) == (2048, True)
    found = await told(server, "ollama", b'{"capabilities":["completion"]}', model="mystery")
    assert not found.supports_fim


async def test_ollamas_model_that_cannot_insert_gets_our_own_prompt(server: Upstream) -> None:
    """Its answer to a suffix would be 400, "does not support insert" (ollama server/routes.go)."""
    server.answer = reply(200, b'{"capabilities":["completion"]}')
    backend = backend_of(server.url, "ollama", model="qwen2.5-coder")
    with pytest.raises(UpstreamUnavailable):
        await answer_of(backend, FimRequest("a", "b", mode="line"))
    await backend.close()
    assert server.paths == ["/api/show", "/api/generate"]
    assert server.asked[-1]["raw"] is True
    assert server.asked[-1]["prompt"] == "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"


@pytest.mark.parametrize(
    ("kind", "body"), [("vllm", VLLM), ("deepseek", DEEPSEEK), ("mistral", MISTRAL), ("llama", LLAMA)]
)
async def test_the_wrong_model(server: Upstream, kind: Any, body: bytes) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"has no model 'gpt-9'; it has .*Set `model`") as caught:
        await told(server, kind, body, model="gpt-9")
    assert caught.value.message.count(". ") == 1


async def test_a_server_without_a_list_of_models(server: Upstream) -> None:
    server.answer = reply(404, b'{"detail":"Not Found"}')
    for kind, table in (("openai", {"model": "m", "family": "qwen"}), ("mistral", {})):
        backend = backend_of(server.url, kind, **table)
        assert (await backend.info()).supports_fim
        await backend.close()
    nameless = backend_of(server.url, "vllm")
    with pytest.raises(UpstreamUnavailable):
        await nameless.info()
    await nameless.close()


async def test_a_name_that_settings_do_not_tell_is_asked_for_once(server: Upstream) -> None:
    """The first request needs it, and its answer is the error of a server that lists no models."""
    server.answer = chunked({"choices": []})
    backend = backend_of(server.url, "vllm")
    with pytest.raises(UpstreamError):
        await answer_of(backend, FimRequest("a", "b", mode="line"))
    assert server.paths == ["/v1/models"]
    server.answer = reply(200, VLLM)
    await backend.info()
    with pytest.raises(UpstreamError):
        await answer_of(backend, FimRequest("a", "b", mode="line"))
    assert server.paths == ["/v1/models", "/v1/models", "/v1/completions"]
    assert server.asked[-1]["model"] == "Qwen/Qwen2.5-Coder-7B"
    await backend.close()


async def test_ollama_without_the_model(server: Upstream) -> None:
    tags = b'{"models":[{"name":"qwen2.5-coder:7b"},{"name":"llama3.2:latest"}]}'
    server.answers = [reply(404, b'{"error":"model \'gpt-9\' not found"}'), reply(200, tags)]
    backend = backend_of(server.url, "ollama", model="gpt-9")
    with pytest.raises(UpstreamUnavailable, match=r"no model 'gpt-9'; it has 'qwen2"):
        await backend.info()
    server.answers = [reply(200, tags), reply(200, OLLAMA)]
    await backend.close()
    nameless = backend_of(server.url, "ollama")
    assert (await nameless.info()).id == "qwen2.5-coder:7b"
    await nameless.close()
    assert server.paths == ["/api/show", "/api/tags", "/api/tags", "/api/show"]
