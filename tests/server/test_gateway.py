"""A gateway's parameters of ``POST /v1/chat/completions``: what they choose, and what the answers tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fimble.engine.routing import Price, Reasoning, Routing
from fimble.engine.types import ChatRequest, Image
from fimble.server.store.keys import Allowance, NewKey

from .conftest import ANSWER, Api, Reply, Start
from .upstreams_made import AWAY, CLOUD, SETTINGS, Cloud

PATH = "/v1/chat/completions"
ASK = {"messages": [{"role": "user", "content": "add two numbers"}]}
INVALID = "invalid_request_error"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
async def api(start: Start, cloud: Cloud) -> Api:
    return await start(backend=cloud.gateway, engine=SETTINGS)


async def asked(api: Api, **body: Any) -> Reply:
    return await api.post(PATH, ASK | body)


async def told(api: Api, **body: Any) -> tuple[str, str | None, str]:
    """Model, provider and text of an answer, which are the same streamed."""
    whole = (await asked(api, **body)).json
    chunks = (await asked(api, **body, stream=True)).events[:-1]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    who = whole["model"], whole.get("provider")
    assert {(chunk["model"], chunk.get("provider")) for chunk in chunks} == {who}
    return *who, text


def routing(cloud: Cloud) -> Routing | None:
    request = [*cloud.east.heard, *cloud.west.heard][-1]
    assert isinstance(request, ChatRequest)
    return request.routing


async def test_the_answer_names_its_upstream(api: Api) -> None:
    order = {"order": ["west", "east"]}
    assert await told(api, model="cloud", provider=order) == ("cloud", "west", "from the west")
    assert await told(api, model="small") == ("small", None, ANSWER)


async def test_the_next_upstream_answers_for_one_that_is_away(api: Api, cloud: Cloud) -> None:
    cloud.west.error = AWAY
    order = {"order": ["west"]}
    assert await told(api, model="cloud", provider=order) == ("cloud", "east", "from the east")


@pytest.mark.parametrize("route", [{}, {"route": "fallback"}])
@pytest.mark.parametrize(
    "names",
    [
        {"models": ["cloud", "small"]},
        {"model": "default", "models": ["cloud", "small"]},
        {"model": "cloud", "models": ["small"]},
        {"model": "cloud", "models": ["cloud", "small", "cloud"]},
        {"models": ["default", "small"]},
    ],
)
async def test_models_are_asked_in_turn(
    api: Api, cloud: Cloud, names: dict[str, Any], route: dict[str, Any]
) -> None:
    model, provider, _ = await told(api, **names, **route)
    assert (model, provider in ("east", "west")) == ("cloud", True)
    cloud.east.error = cloud.west.error = AWAY
    assert await told(api, **names, **route) == ("small", None, ANSWER)


async def test_one_model_in_the_list_is_that_model(api: Api) -> None:
    assert await told(api, models=["small"]) == ("small", None, ANSWER)


async def test_when_no_model_can_answer_the_first_one_s_error_is_told(api: Api, cloud: Cloud) -> None:
    cloud.east.error = cloud.west.error = AWAY
    assert (await asked(api, models=["cloud"])).error[2] == "upstream_unavailable"


async def test_every_choice_is_asked_for_in_turn(api: Api, cloud: Cloud) -> None:
    cloud.east.error = cloud.west.error = AWAY
    found = (await asked(api, models=["cloud", "small"], n=2)).json
    assert (found["model"], len(found["choices"])) == ("small", 2)


@pytest.mark.parametrize(
    ("names", "param"),
    [
        ({"models": ["cloud", "unknown"]}, "models.1"),
        ({"model": "unknown", "models": ["cloud"]}, "model"),
    ],
)
async def test_unknown_models_are_told_with_their_place(api: Api, names: Any, param: str) -> None:
    assert (await asked(api, **names)).error == (404, INVALID, "model_not_found", param)


async def test_a_key_may_fall_back_only_to_its_own_models(api: Api, cloud: Cloud) -> None:
    keyed = await api.make_key(NewKey("ann", models=("cloud",)))
    reply = await asked(keyed, models=["cloud", "small"])
    assert reply.error == (403, "permission_error", "model_not_allowed", "models.1")
    assert not cloud.east.heard
    assert not cloud.west.heard


async def test_a_model_that_cannot_be_opened_is_passed_over(start: Start) -> None:
    models = {"broken": {"model": "/there/is/no/file.gguf"}, "small": {"model": "fake"}}
    api = await start(engine={"model": "small", "models": models})
    assert await told(api, models=["broken", "small"]) == ("small", None, ANSWER)
    assert (await asked(api, models=["broken"])).error[2] == "upstream_unavailable"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"sort": "latency"}, Routing("latency")),
        ({"sort": "throughput"}, Routing("throughput")),
        ({"sort": "price"}, Routing("price")),
        ({"order": ["west"], "only": ["east", "west"]}, Routing(None, ("west",), ("east", "west"))),
        ({"ignore": ["east"]}, Routing(ignore=("east",))),
        ({"max_price": {"prompt": 1, "completion": 2.5}}, Routing(max_price=Price(1.0, 2.5))),
        ({"max_price": {"prompt": "0.2", "request": "3"}}, Routing(max_price=Price(0.2, None, 3.0))),
        ({"sort": None, "only": []}, Routing()),
        ({"allow_fallbacks": True}, None),
        ({}, None),
    ],
)
async def test_provider_reaches_the_engine(
    api: Api, cloud: Cloud, sent: dict[str, Any], expected: Routing | None
) -> None:
    assert (await asked(api, provider=sent)).status == 200
    assert routing(cloud) == expected


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"only": ["east", "north"]}, "provider.only.1"),
        ({"ignore": ["north"]}, "provider.ignore.0"),
        ({"order": ["north"]}, "provider.order.0"),
        ({"only": ["local"]}, "provider.only.0"),
        ({"ignore": ["east", "west"]}, "provider"),
        ({"only": ["east"], "ignore": ["east"]}, "provider"),
        ({"max_price": {"prompt": -1}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": "cheap"}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": "1e9"}}, "provider.max_price.prompt"),
        ({"sort": "colour"}, "provider.sort"),
    ],
)
async def test_what_the_upstreams_cannot_do_is_told(api: Api, sent: dict[str, Any], param: str) -> None:
    reply = await asked(api, provider=sent)
    assert reply.error == (400, INVALID, "invalid_value", param)
    if "north" in str(sent):
        assert "There are: east, west." in reply.json["error"]["message"]


async def test_the_local_stand_in_may_be_chosen_as_one_of_the_upstreams(start: Start, cloud: Cloud) -> None:
    models = {"cloud": {"upstreams": ("east", "west"), "model": "fake"}}
    api = await start(backend=cloud.gateway, engine={"model": "cloud", "models": models})
    assert (await asked(api, provider={"ignore": ["local"]})).status == 200
    assert "east, west, local" in (await asked(api, provider={"only": ["north"]})).json["error"]["message"]


@pytest.mark.parametrize("body", [{"model": "small"}, {"models": ["small"]}])
async def test_provider_without_upstreams_is_refused(api: Api, body: dict[str, Any]) -> None:
    reply = await asked(api, **body, provider={"sort": "price"})
    assert reply.error == (400, INVALID, "unsupported_parameter", "provider")
    assert (await asked(api, **body, provider={})).status == 200


async def test_route_needs_something_to_fall_back_to(api: Api) -> None:
    reply = await asked(api, model="small", route="fallback")
    assert reply.error == (400, INVALID, "unsupported_parameter", "route")
    assert (await asked(api, model="cloud", route="fallback")).status == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"reasoning": {"effort": "high"}}, Reasoning("high")),
        ({"reasoning": {"max_tokens": 2000}}, Reasoning(None, 2000)),
        ({"reasoning_effort": "low"}, Reasoning("low")),
        ({"reasoning_effort": "low", "reasoning": {"effort": "low"}}, Reasoning("low")),
        ({"reasoning_effort": "none"}, Reasoning("none")),
        ({"reasoning": {"exclude": True}}, None),
        ({}, None),
    ],
)
async def test_reasoning_reaches_the_engine(
    api: Api, cloud: Cloud, sent: dict[str, Any], expected: Reasoning | None
) -> None:
    assert (await asked(api, **sent)).status == 200
    [request] = [*cloud.east.heard, *cloud.west.heard]
    assert isinstance(request, ChatRequest)
    assert request.reasoning == expected


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        (
            {"reasoning_effort": "low", "models": ["cloud", "small"]},
            "unsupported_parameter",
            "reasoning_effort",
        ),
        ({"reasoning": {"effort": "low"}, "model": "small"}, "unsupported_parameter", "reasoning"),
        ({"reasoning": {"effort": "low", "max_tokens": 9}}, "invalid_value", "reasoning.max_tokens"),
        ({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}, "invalid_value", "reasoning_effort"),
    ],
)
async def test_reasoning_that_cannot_be_had_is_refused(
    api: Api, sent: dict[str, Any], code: str, param: str
) -> None:
    assert (await asked(api, **sent)).error == (400, INVALID, code, param)


@pytest.mark.parametrize("sent", [{}, {"exclude": True}, {"effort": "none"}])
async def test_a_model_that_does_not_think_can_leave_it(api: Api, sent: dict[str, Any]) -> None:
    assert (await asked(api, model="small", reasoning=sent)).status == 200


async def test_what_a_model_thinks_is_told(api: Api, cloud: Cloud) -> None:
    cloud.east.thoughts = cloud.west.thoughts = "Two numbers."
    message = (await asked(api)).json["choices"][0]["message"]
    assert message["reasoning"] == "Two numbers."
    first, thought, said, last = (c["choices"][0] for c in (await asked(api, stream=True)).events[:-1])
    assert thought["delta"] == {"reasoning": "Two numbers."}
    assert set(first["delta"]) == {"role", "content"}
    assert set(said["delta"]) == {"content"}
    assert last == {"index": 0, "delta": {}, "finish_reason": "stop"}


async def test_what_a_model_thinks_may_be_left_out(api: Api, cloud: Cloud) -> None:
    cloud.east.thoughts = cloud.west.thoughts = "Two numbers."
    body = {"reasoning": {"exclude": True}}
    assert "reasoning" not in (await asked(api, **body)).text
    assert "reasoning" not in (await asked(api, **body, stream=True)).text


@pytest.mark.parametrize("stream", [False, True])
async def test_what_upstreams_report_is_counted_and_charged(api: Api, stream: bool) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(tokens_per_minute=1000)))
    body: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    reply = await asked(keyed, **body)
    usage = (reply.events[-2] if stream else reply.json)["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (11, 7)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 3}
    again = await keyed.get("/v1/usage")
    [row] = again.json["data"]
    assert (row["model"], row["prompt_tokens"], row["completion_tokens"]) == ("cloud", 11, 7)
    left = (await asked(keyed)).headers["x-ratelimit-remaining-tokens"]
    assert left == str(1000 - 2 * 18)


async def test_usage_counts_for_the_model_that_answered(api: Api, cloud: Cloud) -> None:
    cloud.east.error = cloud.west.error = AWAY
    keyed = await api.make_key(NewKey("ann", scopes=("chat", "usage", "admin")))
    await asked(keyed, models=["cloud", "small"])
    [row] = (await keyed.get("/v1/usage")).json["data"]
    assert (row["model"], row["completion_tokens"]) == ("small", len(ANSWER))
    page = (await keyed.get("/metrics")).text
    assert f'fimble_tokens_total{{kind="completion",model="small"}} {float(len(ANSWER))}' in page
    assert 'fimble_tokens_total{kind="completion",model="cloud"' not in page


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


async def test_images_that_a_model_cannot_see_are_refused(api: Api) -> None:
    reply = await asked(api, messages=[{"role": "user", "content": [PICTURE]}])
    assert reply.error == (400, INVALID, "unsupported_image_input", "messages.0.content.0")


async def test_images_reach_the_upstream_at_their_places(api: Api, cloud: Cloud) -> None:
    cloud.east.about = cloud.west.about = replace(CLOUD, supports_vision=True)
    content = [{"type": "text", "text": "What is "}, PICTURE, {"type": "text", "text": " this?"}]
    reply = await asked(api, messages=[{"role": "user", "content": content}])
    assert reply.status == 200
    [request] = cloud.east.heard + cloud.west.heard
    assert isinstance(request, ChatRequest)
    [message] = request.messages
    assert message.content == "What is  this?"
    assert message.images == (Image(PICTURE["image_url"]["url"], at=8),)


async def test_models_tell_what_upstreams_can_do(api: Api) -> None:
    listed = {model["id"]: model for model in (await api.get("/v1/models")).json["data"]}
    cloud, small = listed["cloud"], listed["small"]
    assert (cloud["supports_reasoning"], cloud["supports_chat"], cloud["supports_vision"]) == (
        True,
        True,
        False,
    )
    assert (cloud["backend"], cloud["context_window"]) == ("remote http://upstream", 4096)
    assert small["supports_reasoning"] is False


async def test_extra_body_of_openai_s_client(api: Api, cloud: Cloud) -> None:
    from openai import AsyncOpenAI

    cloud.east.error, cloud.west.thoughts = AWAY, "Hm."
    async with AsyncOpenAI(base_url=api.url + "/v1", api_key="none") as client:
        made = await client.chat.completions.create(
            model="default",
            messages=[{"role": "user", "content": "x"}],
            reasoning_effort="low",
            extra_body={"models": ["cloud"], "route": "fallback", "provider": {"order": ["west"]}},
        )
    assert (made.model, made.model_extra) == ("cloud", {"provider": "west"})
    assert made.choices[0].message.model_extra == {"reasoning": "Hm."}
