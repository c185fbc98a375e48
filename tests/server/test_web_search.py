"""The plugin ``web`` against a search that answers what it is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fimble.engine.errors import SettingsError
from fimble.engine.types import ChatRequest
from fimble.server import web_search
from fimble.server.limits import (
    SEARCH_BYTES,
    SEARCH_QUERY,
    SEARCH_SNIPPET,
    SEARCH_TITLE,
    SEARCH_URL,
    SEARCHES,
)
from fimble.server.settings import server_settings

from .conftest import Api, Reply, Start, until
from .test_gateway import ASK, INVALID, PATH
from .upstreams_made import SETTINGS, Cloud

WEB: dict[str, Any] = {"plugins": [{"id": "web"}]}
PAGES = [
    {"url": "https://a.example/1", "title": "One", "content": "The first.", "engine": "x", "score": 1.0},
    {"url": "http://b.example/2", "title": "Two", "content": "The second."},
]


class Searches:
    """A search engine. ``body`` is what it says; ``closed`` holds answers back."""

    def __init__(self) -> None:
        self.body: bytes = json.dumps({"query": "x", "results": PAGES}).encode()
        self.status, self.kind = 200, "application/json"
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.running = self.most = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self.running += 1
        self.most = max(self.most, self.running)
        await self.open.wait()
        self.running -= 1
        return web.Response(body=self.body, status=self.status, content_type=self.kind, headers=self.headers)

    def find(self, *results: Any) -> None:
        self.body = json.dumps({"results": results}).encode()


@pytest.fixture
def searches() -> Searches:
    return Searches()


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
async def address(searches: Searches) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/search", searches.answer)
    app.router.add_get("/elsewhere", searches.answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/search"))


@pytest.fixture
async def api(start: Start, cloud: Cloud, address: str) -> Api:
    return await start(backend=cloud.gateway, engine=SETTINGS, search=address)


async def asked(api: Api, **body: Any) -> Reply:
    return await api.post(PATH, ASK | WEB | body)


def conversation(cloud: Cloud) -> list[tuple[str, str]]:
    [request] = [*cloud.east.heard, *cloud.west.heard]
    assert isinstance(request, ChatRequest)
    return [(message.role, message.content) for message in request.messages]


def citation(page: dict[str, Any]) -> dict[str, Any]:
    cited = {"url": page["url"], "title": page["title"], "content": page["content"]}
    return {"type": "url_citation", "url_citation": {**cited, "start_index": 0, "end_index": 0}}


async def test_what_is_found_stands_ahead_of_the_last_question(
    api: Api, cloud: Cloud, searches: Searches
) -> None:
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hi"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "who\nwon"}, {"type": "text", "text": "today?"}],
        },
    ]
    assert (await asked(api, messages=messages)).status == 200
    assert searches.asked == [{"q": "who won today?", "format": "json"}]
    hello, hi, found, question = conversation(cloud)
    assert (hello, hi, question) == (("user", "hello"), ("assistant", "hi"), ("user", "who\nwontoday?"))
    role, text = found
    assert role == "system"
    assert text.endswith(
        "\n\n1. One\nhttps://a.example/1\nThe first.\n\n2. Two\nhttp://b.example/2\nThe second."
    )


async def test_the_answer_cites_what_was_found(api: Api) -> None:
    expected = [citation(page) for page in PAGES]
    assert (await asked(api)).json["choices"][0]["message"]["annotations"] == expected
    *chunks, last, _ = (await asked(api, stream=True)).events
    assert last["choices"][0]["delta"] == {"annotations": expected}
    assert all("annotations" not in chunk["choices"][0]["delta"] for chunk in chunks)


async def test_openai_s_client_reads_what_is_cited(api: Api) -> None:
    from openai import AsyncOpenAI

    async with (
        AsyncOpenAI(base_url=api.url + "/v1", api_key="none") as client,
        client.chat.completions.stream(
            model="cloud", messages=[{"role": "user", "content": "x"}], extra_body=WEB
        ) as stream,
    ):
        made = await stream.get_final_completion()
    message = made.choices[0].message
    assert message.content in ("from the east", "from the west")
    assert len(message.annotations or ()) == len(PAGES)


async def test_max_results_and_search_prompt(api: Api, cloud: Cloud) -> None:
    plugin = {"id": "web", "max_results": 1, "search_prompt": "Look here:"}
    found = (await asked(api, plugins=[plugin])).json
    assert found["choices"][0]["message"]["annotations"] == [citation(PAGES[0])]
    assert conversation(cloud)[0] == ("system", "Look here:\n\n1. One\nhttps://a.example/1\nThe first.")


async def test_five_pages_are_told_by_default(api: Api, searches: Searches) -> None:
    searches.find(*({"url": f"http://a.example/{i}", "title": "A"} for i in range(9)))
    assert len((await asked(api)).json["choices"][0]["message"]["annotations"]) == 5


async def test_where_nothing_is_found_nothing_is_added(api: Api, cloud: Cloud, searches: Searches) -> None:
    searches.find()
    assert (await asked(api)).json["choices"][0]["message"]["annotations"] == []
    assert conversation(cloud) == [("user", ASK["messages"][0]["content"])]


async def test_without_the_plugin_nothing_is_searched(api: Api, searches: Searches) -> None:
    bodies: list[dict[str, Any]] = [{"plugins": []}, {"plugins": [{"id": "web", "enabled": False}]}]
    for body in bodies:
        assert "annotations" not in (await asked(api, **body)).text
    assert searches.asked == []


@pytest.mark.parametrize(
    ("plugin", "param"),
    [
        ({"max_results": 0}, "plugins.0.max_results"),
        ({"max_results": 11}, "plugins.0.max_results"),
        ({"search_prompt": "x" * 20_000}, "plugins.0.search_prompt"),
    ],
)
async def test_bounds_of_the_plugin(api: Api, plugin: dict[str, Any], param: str) -> None:
    reply = await asked(api, plugins=[{"id": "web"} | plugin])
    assert reply.error == (400, INVALID, "invalid_value", param)


@pytest.mark.parametrize(
    "messages", [[{"role": "system", "content": "x"}], [{"role": "user", "content": " \n"}]]
)
async def test_without_a_question_there_is_nothing_to_search_for(api: Api, messages: list[Any]) -> None:
    assert (await asked(api, messages=messages)).error == (400, INVALID, "invalid_value", "messages")


async def test_a_long_question_is_cut(api: Api, searches: Searches) -> None:
    await asked(api, messages=[{"role": "user", "content": "word " * 10_000}])
    assert 0 < len(searches.asked[0]["q"]) <= SEARCH_QUERY


async def test_what_pages_say_is_bounded_and_plain(api: Api, searches: Searches) -> None:
    long = "x" * 50_000
    searches.find(
        {"url": "http://a.example/1", "title": long, "content": long},
        {"url": "http://a.example/2", "title": "a\n\u202eb\x00", "content": None},
        {"url": "http://a.example/2", "title": "again"},
        {"url": "http://a.example/" + "x" * SEARCH_URL, "title": "too long"},
        {"url": "http://a.example/3\n4. x", "title": "more than an address"},
        {"url": "javascript:alert(1)", "title": "a script"},
        {"url": 3}, {}, "text", None,
    )  # fmt: skip
    first, second = (
        each["url_citation"] for each in (await asked(api)).json["choices"][0]["message"]["annotations"]
    )
    assert (len(first["title"]), len(first["content"])) == (SEARCH_TITLE, SEARCH_SNIPPET)
    assert (second["url"], second["title"], second["content"]) == ("http://a.example/2", "a b", "")


def _says(searches: Searches, **values: Any) -> None:
    for name, value in values.items():
        setattr(searches, name, value)


@pytest.mark.parametrize(
    "values",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"kind": "text/html"},
        {"body": b"no JSON"},
        {"body": b"\xff"},
        {"body": b"[" * 100_000},
        {"body": b"[" + b"1," * 300_000 + b"1]"},
        {"body": b"[]"},
        {"body": b'{"results": 1}'},
        {"body": b'{"results": ["' + b"x" * SEARCH_BYTES + b'"]}'},
        {"headers": {"Content-Encoding": "gzip"}},
    ],
    ids=lambda values: str(values)[:30],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_search_that_fails_is_told(
    api: Api, cloud: Cloud, searches: Searches, values: dict[str, Any], stream: bool
) -> None:
    _says(searches, **values)
    if "headers" in values and "Content-Encoding" in values["headers"]:
        searches.body = b"\x1f\x8b\x08"
    reply = await asked(api, stream=stream)
    assert reply.error == (503, "overloaded_error", "upstream_unavailable", None)
    assert reply.headers["Retry-After"] == "1"
    assert len(searches.asked) == 1
    assert not cloud.east.heard
    assert not cloud.west.heard


async def test_a_search_that_cannot_be_reached_is_told(start: Start) -> None:
    api = await start(search="http://127.0.0.1:1/search")
    assert (await asked(api)).error[2] == "upstream_unavailable"


async def test_a_search_that_hangs_is_told(
    api: Api, searches: Searches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_search, "SEARCH_SECONDS", 0.05)
    searches.open.clear()
    reply = await asked(api)
    assert reply.error[2] == "upstream_unavailable"
    assert "in time" in reply.json["error"]["message"]
    searches.open.set()


async def test_few_searches_are_under_way_at_once(api: Api, searches: Searches) -> None:
    searches.open.clear()
    tasks = [asyncio.create_task(asked(api)) for _ in range(SEARCHES + 4)]
    await until(lambda: len(searches.asked) == SEARCHES)
    searches.open.set()
    assert [(await task).status for task in tasks] == [200] * len(tasks)
    assert searches.most == SEARCHES


async def test_what_is_searched_for_is_in_no_log(
    api: Api, searches: Searches, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"messages": [{"role": "user", "content": "correct horse"}]}
    await asked(api, **secret)
    searches.status = 500
    reply = await asked(api, **secret)
    assert len(searches.asked) == 2
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert not [line for line in ours if "horse" in line]
    assert "horse" not in reply.text


def test_the_setting_is_a_bare_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        server_settings({"search": "http://a.example:8888/search"}, {}).search
        == "http://a.example:8888/search"
    )
    assert server_settings({}, {}).search == ""
    for wrong in ("a.example", "ftp://a.example", "http://u:s3cret@a.example", "http://a.example?q=1"):
        with pytest.raises(SettingsError, match="`search`") as caught:
            server_settings({"search": wrong}, {})
        assert "s3cret" not in caught.value.message
