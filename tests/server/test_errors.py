"""The contract's table of errors, row by row: shape, status, type and code, for every path."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fimble.engine import errors
from fimble.server.store.keys import Allowance, NewKey

from .conftest import Api, FailingBackend, Reply, Start, until

INVALID = "invalid_request_error"
HOLE = {"prefix": "", "suffix": "", "language": "python"}
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
POSTS = ("/complete", "/v1/complete", "/v1/completions", "/v1/chat/completions", "/v1/feedback")


def body_for(path: str) -> dict[str, Any]:
    bodies: dict[str, dict[str, Any]] = {
        "/complete": HOLE,
        "/v1/chat/completions": CHAT,
        "/v1/feedback": {"event": "shown"},
    }
    return bodies.get(path, {"prompt": "x"})


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nope",
        b"[1]",
        b'"text"',
        b"null",
        b'{"prefix":NaN}',
        b'{"temperature":Infinity}',
        b'{"prefix":"\xff\xfe"}',
        b'{"prefix":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b'{"n":1' + b"0" * 5_000 + b"x}",
    ],
    ids=lambda data: repr(data[:20]),
)
async def test_400_invalid_json(api: Api, path: str, data: bytes) -> None:
    reply = await api.send("POST", path, data=data, headers={"Content-Type": "application/json"})
    assert reply.error == (400, INVALID, "invalid_json", None)


@pytest.mark.parametrize(
    ("path", "change", "param"),
    [
        ("/complete", {"prefix": 1}, "prefix"),
        ("/complete", {"max_tokens": -1}, "max_tokens"),
        ("/complete", {"max_tokens": 8001}, "max_tokens"),
        ("/complete", {"max_tokens": True}, "max_tokens"),
        ("/complete", {"max_tokens": 1.5}, "max_tokens"),
        ("/complete", {"max_tokens": 10**400}, "max_tokens"),
        ("/complete", {"mode": "words"}, "mode"),
        ("/complete", {"context": [{"file_path": "a", "content": 1}]}, "context.0.content"),
        ("/v1/complete", {"temperature": 1.1}, "temperature"),
        ("/v1/complete", {"max_tokens": 0}, "max_tokens"),
        ("/v1/complete", {"stop": ["a"] * 5}, "stop"),
        ("/v1/completions", {"prompt": 1}, "prompt"),
        ("/v1/completions", {"prompt": []}, "prompt"),
        ("/v1/completions", {"prompt": [1, "a"]}, "prompt.0"),
        ("/v1/completions", {"temperature": 2.1}, "temperature"),
        ("/v1/completions", {"logit_bias": {"x": 1}}, "logit_bias.x"),
        ("/v1/completions", {"logit_bias": {"7": 101}}, "logit_bias.7"),
        ("/v1/completions", {"n": 2, "best_of": 1}, "best_of"),
        ("/v1/completions", {"best_of": 2, "stream": True}, "best_of"),
        ("/v1/completions", {"grammar": {"type": "bnf", "value": ""}}, "grammar.type"),
        ("/v1/completions", {"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ("/v1/chat/completions", {"messages": []}, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "robot", "content": ""}]}, "messages.0"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": 1}]}, "messages.0.content"),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
            "messages.0.content.0.text",
        ),
        ("/v1/chat/completions", {"frequency_penalty": -2.1}, "frequency_penalty"),
        ("/v1/chat/completions", {"repetition_penalty": 2.5}, "repetition_penalty"),
        ("/v1/chat/completions", {"top_logprobs": 3}, "top_logprobs"),
        ("/v1/chat/completions", {"tool_choice": "required"}, "tool_choice"),
        ("/v1/chat/completions", {"plugins": [{"id": "nothing"}]}, "plugins.0.id"),
    ],
)
async def test_400_invalid_value(api: Api, path: str, change: dict[str, Any], param: str) -> None:
    reply = await api.post(path, body_for(path) | change)
    assert reply.error == (400, INVALID, "invalid_value", param)


async def test_400_invalid_value_for_a_number_beyond_all_bounds(api: Api) -> None:
    data = b'{"prefix":"","suffix":"","language":"","temperature":1e999}'
    reply = await api.send("POST", "/complete", data=data, headers={"Content-Type": "application/json"})
    assert reply.error == (400, INVALID, "invalid_value", "temperature")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/complete", {"prefix": "", "suffix": ""}, "language"),
        ("/complete", {"suffix": "", "language": "go"}, "prefix"),
        ("/complete", {"prefix": "", "language": "go"}, "suffix"),
        ("/v1/complete", {}, "prompt"),
        ("/v1/completions", {}, "prompt"),
        ("/v1/chat/completions", {}, "messages"),
        ("/v1/chat/completions", {"messages": [{"role": "user"}]}, "messages.0.content"),
        ("/v1/chat/completions", {"messages": [{"role": "tool", "content": ""}]}, "messages.0.tool_call_id"),
        (
            "/v1/chat/completions",
            CHAT | {"response_format": {"type": "json_schema"}},
            "response_format.json_schema",
        ),
    ],
)
async def test_400_missing_field(api: Api, path: str, body: dict[str, Any], param: str) -> None:
    assert (await api.post(path, body)).error == (400, INVALID, "missing_field", param)


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/complete", "/v1/chat/completions"])
async def test_400_context_length_exceeded(start: Start, path: str) -> None:
    api = await start(fake={"context_length": 128})
    long = "x" * 200
    body = {"messages": [{"role": "user", "content": long}]} if "chat" in path else {"prompt": long}
    assert (await api.post(path, body)).error[:3] == (400, INVALID, "context_length_exceeded")


async def test_400_unsupported_image_input_names_the_part(api: Api) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    content = [{"type": "text", "text": "what is this?"}, image]
    reply = await api.post("/v1/chat/completions", {"messages": [{"role": "user", "content": content}]})
    assert reply.error == (400, INVALID, "unsupported_image_input", "messages.0.content.1")


@pytest.mark.parametrize(
    ("path", "change", "param"),
    [
        ("/complete", {"n": 2, "stream": True}, "n"),
        ("/v1/completions", {"suffix": "", "echo": True}, "echo"),
        ("/v1/completions", {"prompt": [1, 2], "suffix": ""}, "prompt"),
        ("/v1/chat/completions", {"route": "fallback"}, "route"),
        ("/v1/chat/completions", {"provider": {"sort": "price"}}, "provider"),
        ("/v1/chat/completions", {"reasoning": {"effort": "high"}}, "reasoning"),
        ("/v1/chat/completions", {"reasoning_effort": "low"}, "reasoning_effort"),
    ],
)
async def test_400_unsupported_parameter(api: Api, path: str, change: dict[str, Any], param: str) -> None:
    assert (await api.post(path, body_for(path) | change)).error == (
        400, INVALID, "unsupported_parameter", param,
    )  # fmt: skip


async def test_400_plugin_not_configured(api: Api) -> None:
    reply = await api.post("/v1/chat/completions", CHAT | {"plugins": [{"id": "web"}]})
    assert reply.error == (400, INVALID, "plugin_not_configured", "plugins.0.id")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/complete", "authentication_error"),
        ("/v1/complete", "authentication_error"),
        ("/v1/completions", INVALID),
        ("/v1/chat/completions", INVALID),
        ("/v1/models", INVALID),
        ("/v1/models/fake", INVALID),
        ("/v1/usage", "authentication_error"),
        ("/metrics", "authentication_error"),
        ("/openapi.json", "authentication_error"),
    ],
)
async def test_401_invalid_api_key_by_endpoint(api: Api, path: str, kind: str) -> None:
    await api.make_key(NewKey("somebody"))
    post = path in POSTS
    for key in (None, "", "nonsense", "fim_000000000000_wrong"):
        asked = api.with_key(key)
        reply = await (asked.post(path, body_for(path)) if post else asked.get(path))
        assert reply.error == (401, kind, "invalid_api_key", None)
        assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_403_model_not_allowed(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", models=("another",)))
    for path in ("/complete", "/v1/complete", "/v1/completions", "/v1/chat/completions"):
        reply = await keyed.post(path, body_for(path))
        assert reply.error == (403, "permission_error", "model_not_allowed", "model")


async def test_403_key_scope(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", scopes=("usage",)))
    for path in POSTS:
        assert (await keyed.post(path, body_for(path))).error[:3] == (403, "permission_error", "key_scope")
    assert (await keyed.get("/metrics")).error[:3] == (403, "permission_error", "key_scope")


@pytest.mark.parametrize("path", ["/complete", "/v1/complete", "/v1/completions", "/v1/chat/completions"])
async def test_404_model_not_found(api: Api, path: str) -> None:
    reply = await api.post(path, body_for(path) | {"model": "gpt-9"})
    assert reply.error == (404, INVALID, "model_not_found", "model")


async def test_404_model_not_found_by_path(api: Api) -> None:
    assert (await api.get("/v1/models/some/thing")).error == (404, INVALID, "model_not_found", "model")


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/", "/complete/", "//", "/%2e%2e/etc/passwd"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_404_not_found(api: Api, path: str, method: str) -> None:
    assert (await api.send(method, path)).error == (404, INVALID, "not_found", None)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_405_method_not_allowed(api: Api, path: str, method: str) -> None:
    reply = await api.send(method, path)
    assert reply.error == (405, INVALID, "method_not_allowed", None)
    assert reply.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", POSTS)
async def test_413_request_too_large(start: Start, path: str) -> None:
    api = await start(max_body_mb=0.01)
    body = body_for(path) | {"more": "x" * 20_000}
    assert (await api.post(path, body)).error == (413, INVALID, "request_too_large", None)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("path", POSTS)
async def test_415_unsupported_media_type(api: Api, path: str, kind: str) -> None:
    reply = await api.send("POST", path, data=b"{}", headers={"Content-Type": kind})
    assert reply.error == (415, INVALID, "unsupported_media_type", None)


async def test_429_rate_limit_exceeded(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", allowance=Allowance(requests_per_minute=1)))
    assert (await keyed.post("/complete", HOLE)).status == 200
    refused = await keyed.post("/complete", HOLE)
    assert refused.error == (429, "rate_limit_error", "rate_limit_exceeded", None)
    assert_limit_headers(refused)


async def test_429_quota_exceeded(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", allowance=Allowance(tokens_per_day=5)))
    assert (await keyed.post("/complete", HOLE)).status == 200
    refused = await keyed.post("/complete", HOLE)
    assert refused.error == (429, "rate_limit_error", "quota_exceeded", None)
    assert_limit_headers(refused)


def assert_limit_headers(reply: Reply) -> None:
    assert int(reply.headers["Retry-After"]) >= 1
    for kind in ("requests", "tokens"):
        assert int(reply.headers[f"x-ratelimit-limit-{kind}"]) > 0
        assert int(reply.headers[f"x-ratelimit-remaining-{kind}"]) >= 0
        assert reply.headers[f"x-ratelimit-reset-{kind}"].endswith("s")


async def test_503_overloaded_when_the_queue_is_full(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 5}, engine={"queue": 1, "sequences": 2})
    long = HOLE | {"max_tokens": 8000}
    slow = [asyncio.create_task(api.post("/complete", long)) for _ in range(2)]
    await until(lambda: api.services.metrics.under_way == 2)
    assert (await api.post("/complete", HOLE)).status == 200, "a suggestion does not wait for long answers"
    refused = await api.post("/complete", long)
    assert refused.error == (503, "overloaded_error", "overloaded", None)
    assert int(refused.headers["Retry-After"]) >= 1
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Overloaded("Busy."), "overloaded"),
        (errors.ModelLoading("Loading."), "model_loading"),
        (errors.ModelFileError("Damaged."), "upstream_unavailable"),
        (errors.UpstreamRefused("The key is wrong."), "upstream_unavailable"),
        (errors.UpstreamUnavailable("Away."), "upstream_unavailable"),
    ],
)
async def test_503_by_the_engines_error(start: Start, error: errors.FimbleError, code: str) -> None:
    api = await start(backend=FailingBackend(error))
    refused = await api.post("/complete", HOLE)
    assert refused.error == (503, "overloaded_error", code, None)
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json["error"]["message"] == error.message


async def test_503_for_an_older_request_names_what_tells_that_it_is_one(start: Start) -> None:
    api = await start(backend=FailingBackend(errors.Superseded("A newer one came.")))
    refused = await api.post("/complete", HOLE)
    assert refused.error == (503, "overloaded_error", "overloaded", "document")


async def test_503_upstream_unavailable_with_the_address(start: Start) -> None:
    api = await start(engine={"engine": "http://127.0.0.1:9", "fallback": False})
    refused = await api.post("/complete", HOLE)
    assert refused.error[:3] == (503, "overloaded_error", "upstream_unavailable")
    assert "Retry-After" in refused.headers
    assert (await api.get("/health")).error[:3] == (503, "overloaded_error", "upstream_unavailable")


async def test_504_deadline_exceeded_by_the_request(start: Start) -> None:
    api = await start(fake={"prompt_token_ms": 5})
    reply = await api.post("/complete", HOLE | {"prefix": "x" * 400, "deadline_ms": 1})
    assert reply.error == (504, "timeout_error", "deadline_exceeded", None)


async def test_504_deadline_exceeded_by_all_of_several_completions(start: Start) -> None:
    """Each alone would be in time."""
    api = await start(fake={"token_ms": 20})
    body = HOLE | {"n": 8, "temperature": 0.1, "deadline_ms": 1000}
    assert (await api.post("/complete", body)).error[2] == "deadline_exceeded"


@pytest.mark.parametrize("path", ["/complete", "/v1/complete", "/v1/completions", "/v1/chat/completions"])
async def test_504_deadline_exceeded_by_the_server(start: Start, path: str) -> None:
    api = await start(fake={"endless": True, "token_ms": 5}, request_seconds=0.2)
    reply = await api.post(path, body_for(path) | {"max_tokens": 4000})
    assert reply.error == (504, "timeout_error", "deadline_exceeded", None)


async def test_an_error_after_the_stream_has_begun_is_its_last_event(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 5}, request_seconds=2)
    body = {"prompt": "x", "stream": True, "max_tokens": 4000}
    reply = await api.post("/v1/completions", body)
    assert reply.status == 200
    *pieces, last = reply.events
    assert pieces
    assert last["error"]["code"] == "deadline_exceeded"
    assert "[DONE]" not in reply.text


async def test_every_response_has_a_request_id(api: Api) -> None:
    for path in ("/health", "/nothing", "/v1/models", "/v1/usage"):
        assert len((await api.get(path)).headers["x-request-id"]) == 32
    named = await api.get("/health", headers={"x-request-id": "mine-7"})
    assert named.headers["x-request-id"] == "mine-7"
    strange = await api.get("/health", headers={"x-request-id": "no spaces please"})
    assert strange.headers["x-request-id"] != "no spaces please"


async def test_500_internal_error_tells_an_id_and_nothing_else(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    api = await start(backend=FailingBackend(RuntimeError("a secret")))
    reply = await api.post("/complete", HOLE | {"prefix": "a secret"})
    assert reply.error == (500, "api_error", "internal_error", None)
    assert reply.headers["x-request-id"] in reply.json["error"]["message"]
    assert "Traceback" not in reply.text
    assert "a secret" not in caplog.text
