"""``GET /metrics``: figures of this application alone, in Prometheus' format."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from fimble.server.store.keys import NewKey

from .conftest import ANSWER, Api, Start
from .upstreams_made import AWAY, SETTINGS, Cloud

HOLE = {"prefix": "x", "suffix": "", "language": "python"}


async def figures(api: Api) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = (await api.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def figure(api: Api, name: str, **labels: str) -> float:
    return (await figures(api))[name, frozenset(labels.items())]


async def test_requests_by_status_and_errors_by_code(api: Api) -> None:
    await api.post("/complete", HOLE)
    await api.post("/complete", {})
    await api.get("/made/up/path")
    assert await figure(api, "fimble_requests_total", endpoint="/complete", status="200") == 1
    assert await figure(api, "fimble_requests_total", endpoint="unknown", status="404") == 1
    assert await figure(api, "fimble_errors_total", endpoint="/complete", code="missing_field") == 1


async def test_paths_that_are_asked_for_do_not_become_labels(api: Api) -> None:
    await api.get("/made/up/path")
    await api.get("/v1/models/made-up")
    assert "made" not in (await api.get("/metrics")).text


async def test_stages_tokens_and_the_cache(api: Api) -> None:
    for _ in range(2):
        await api.post("/complete", HOLE)
    for stage in ("queue", "prompt", "generate", "total"):
        assert await figure(api, "fimble_stage_seconds_count", stage=stage, model="fake") == 2
    assert await figure(api, "fimble_tokens_total", kind="completion", model="fake") == 2 * len(ANSWER)
    prompt = await figure(api, "fimble_tokens_total", kind="prompt", model="fake")
    cached = await figure(api, "fimble_tokens_total", kind="cached", model="fake")
    assert 0 < await figure(api, "fimble_cache_hit_share") == cached / prompt < 1


async def test_how_full_the_models_cache_is(api: Api) -> None:
    await api.post("/complete", HOLE)
    assert await figure(api, "fimble_cache_sequences", model="fake") == 1
    assert await figure(api, "fimble_cache_tokens", kind="room", model="fake") == 4096
    prompt = await figure(api, "fimble_tokens_total", kind="prompt", model="fake")
    assert (
        prompt <= await figure(api, "fimble_cache_tokens", kind="held", model="fake") <= prompt + len(ANSWER)
    )


async def test_each_upstream_by_name_and_model(start: Start) -> None:
    cloud = Cloud()
    api = await start(backend=cloud.gateway, engine=SETTINGS)
    chat = {"messages": [{"role": "user", "content": "x"}], "provider": {"order": ["west"]}}
    await api.post("/v1/chat/completions", chat)
    cloud.west.error = AWAY
    await api.post("/v1/chat/completions", chat)
    found = await figures(api)

    def of(name: str, upstream: str, **labels: str) -> float | None:
        labels |= {"upstream": upstream, "model": "cloud"}
        return found.get((f"fimble_upstream_{name}", frozenset(labels.items())))

    names = ("up", "running", "requests_total", "failures_total", "hedged_total")
    assert [of(name, "west") for name in names] == [0, 0, 2, 1, 0]
    assert [of(name, "east") for name in names] == [1, 0, 1, 0, 0]
    assert [of("tokens_total", "west", kind=kind) for kind in ("prompt", "completion")] == [11, 7]
    assert (of("first_seconds", "west") or -1) >= 0


async def test_of_an_upstream_that_nobody_asked_no_time_is_known(start: Start) -> None:
    api = await start(backend=Cloud().gateway, engine=SETTINGS)
    await api.get("/v1/models")
    text = (await api.get("/metrics")).text
    assert 'fimble_upstream_up{model="cloud",upstream="east"} 1.0' in text
    assert "# TYPE fimble_upstream_requests_total counter" in text
    assert "fimble_upstream_first_seconds{" not in text


async def test_queue_and_workers(start: Start) -> None:
    api = await start(engine={"workers": 3})
    assert await figure(api, "fimble_workers") == 3
    assert await figure(api, "fimble_queue_length") == 0
    assert await figure(api, "fimble_engine_requests") == 0


async def test_two_applications_count_apart(start: Start) -> None:
    first, second = await start(), await start()
    await first.post("/complete", HOLE)
    assert ("fimble_requests_total", frozenset({("endpoint", "/complete"), ("status", "200")})) not in (
        await figures(second)
    )


async def test_a_key_needs_the_scope_admin(api: Api) -> None:
    keyed = await api.make_key(NewKey("prometheus", scopes=("admin",)))
    reply = await keyed.get("/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
