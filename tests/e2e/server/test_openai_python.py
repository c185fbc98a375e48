"""The official ``openai`` client for Python, with nothing replaced but the base URL and the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from .conftest import Serve

pytestmark = pytest.mark.e2e
ANSWER = "return a + b"
CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"enum": [1]}},
    "required": ["a"],
    "additionalProperties": False,
}
TOOLS: Any = [{"type": "function", "function": {"name": "add", "parameters": PARAMETERS, "strict": True}}]
ASK: Any = [{"role": "user", "content": "add two numbers"}]


@pytest.fixture
def client(serve: Serve) -> Iterator[OpenAI]:
    served = serve(fake={"answer": ANSWER}, key=("ann", "--rpm", "100"))
    with OpenAI(base_url=served.url + "/v1", api_key=served.key, max_retries=0) as made:
        yield made


@pytest.fixture
def caller(serve: Serve) -> Iterator[OpenAI]:
    served = serve(fake={"answer": CALL})
    with OpenAI(base_url=served.url + "/v1", api_key="none", max_retries=0) as made:
        yield made


def test_completions(client: OpenAI) -> None:
    made = client.completions.create(model="default", prompt="x = ", logprobs=1, seed=1, user="ann")
    assert made.choices[0].text == ANSWER
    assert made.choices[0].finish_reason == "stop"
    assert made.choices[0].logprobs is not None
    assert made.choices[0].logprobs.tokens == list(ANSWER)
    assert made.usage is not None
    assert made.usage.total_tokens == 4 + len(ANSWER)
    infill = client.completions.create(model="fake", prompt="def f(a, b):\n    ", suffix="\n")
    assert infill.choices[0].text == ANSWER


def test_completions_streamed(client: OpenAI) -> None:
    stream = client.completions.create(
        model="default", prompt="x", stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == ANSWER
    assert chunks[-1].usage is not None


def test_chat(client: OpenAI) -> None:
    made = client.chat.completions.create(
        model="default", messages=ASK, temperature=0, logprobs=True, top_logprobs=1, max_completion_tokens=99
    )
    assert made.choices[0].message.content == ANSWER
    assert made.choices[0].logprobs is not None
    assert made.choices[0].logprobs.content is not None
    assert made.choices[0].logprobs.content[0].top_logprobs[0].token == ANSWER[0]


def test_chat_streamed(client: OpenAI) -> None:
    with client.chat.completions.stream(model="default", messages=ASK) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(pieces) == ANSWER == final.choices[0].message.content


def test_tools(caller: OpenAI) -> None:
    made = caller.chat.completions.create(model="default", messages=ASK, tools=TOOLS, tool_choice="required")
    [call] = made.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("add", {"a": 1})
    answered: Any = [
        *ASK,
        made.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "3"},
    ]
    again = caller.chat.completions.create(
        model="default", messages=answered, tools=TOOLS, tool_choice="none"
    )
    assert again.choices[0].finish_reason == "stop"


def test_tools_streamed(caller: OpenAI) -> None:
    with caller.chat.completions.stream(model="default", messages=ASK, tools=TOOLS) as stream:
        final = stream.get_final_completion()
    [call] = final.choices[0].message.tool_calls or []
    assert call.function.parsed_arguments == {"a": 1}


def test_json_schema(serve: Serve) -> None:
    served = serve(fake={"answer": '{"a": 1}'})
    schema: Any = {"type": "json_schema", "json_schema": {"name": "a", "schema": PARAMETERS, "strict": True}}
    with OpenAI(base_url=served.url + "/v1", api_key="none") as client:
        made = client.chat.completions.create(model="default", messages=ASK, response_format=schema)
    assert json.loads(made.choices[0].message.content or "") == {"a": 1}


def test_models(client: OpenAI) -> None:
    [model] = client.models.list().data
    assert client.models.retrieve(model.id).id == model.id == "fake"


def test_errors_become_the_clients_own_exceptions(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="default", messages=ASK, temperature=3)
    assert (bad.value.code, bad.value.param, bad.value.type) == (
        "invalid_value", "temperature", "invalid_request_error",
    )  # fmt: skip
    with pytest.raises(openai.NotFoundError) as unknown:
        client.completions.create(model="gpt-9", prompt="x")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as stranger:
        client.with_options(api_key="wrong").models.list()
    assert stranger.value.code == "invalid_api_key"
    assert stranger.value.response.headers["x-request-id"] == stranger.value.request_id


def test_a_key_without_the_scope_is_permission_denied(serve: Serve) -> None:
    served = serve(fake={}, key=("ann", "--scopes", "usage"))
    with (
        OpenAI(base_url=served.url + "/v1", api_key=served.key) as client,
        pytest.raises(openai.PermissionDeniedError),
    ):
        client.completions.create(model="default", prompt="x")


def test_limits_are_the_clients_rate_limit_error(serve: Serve) -> None:
    served = serve(fake={}, key=("ann", "--rpm", "1"))
    with OpenAI(base_url=served.url + "/v1", api_key=served.key, max_retries=0) as client:
        client.completions.create(model="default", prompt="x")
        with pytest.raises(openai.RateLimitError) as refused:
            client.completions.create(model="default", prompt="x")
    assert refused.value.code == "rate_limit_exceeded"
    assert int(refused.value.response.headers["retry-after"]) >= 1


def test_an_error_in_a_stream_is_an_exception(serve: Serve) -> None:
    served = serve("--request-seconds", "3", fake={"endless": True, "token_ms": 5, "answer": "x"})
    with OpenAI(base_url=served.url + "/v1", api_key="none", max_retries=0) as client:
        stream = client.completions.create(model="default", prompt="x", max_tokens=4000, stream=True)
        seen = []
        with pytest.raises(openai.APIError) as broken:
            seen += [chunk.choices[0].text for chunk in stream]
    assert broken.value.code == "deadline_exceeded"


def test_a_client_that_closes_its_stream_stops_the_model(serve: Serve) -> None:
    served = serve(fake={"endless": True, "token_ms": 20, "answer": "x"})  # 80 s, if nothing stopped it
    with OpenAI(base_url=served.url + "/v1", api_key="none", timeout=60, max_retries=0) as client:
        stream = client.completions.create(model="default", prompt="x", max_tokens=4000, stream=True)
        next(iter(stream))
        stream.close()
        soon = client.completions.create(model="default", prompt="x", max_tokens=1)
    assert soon.choices[0].text == "x"
