"""The playground's files: what they are allowed to do, how large they are, how they are cached."""

from __future__ import annotations

import re

from fimble.server.playground.page import page_files
from fimble.server.store.keys import NewKey

from .conftest import Api

BROWSER = {"Accept": "text/html"}
"""Who sends something else is answered as a client of Ollama's (``dialects/test_ollama_models.py``)."""


async def test_the_page_needs_no_key(api: Api) -> None:
    await api.make_key(NewKey("somebody"))
    for name in page_files():
        assert (await api.get("/" + name.replace("index.html", ""), headers=BROWSER)).status == 200


async def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(api: Api) -> None:
    reply = await api.get("/", headers=BROWSER)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert policy["frame-ancestors"] == "'none'"


def test_addresses_are_relative_so_that_any_base_url_will_do() -> None:
    page = page_files()["index.html"].decode()
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address in page_files()
    assert not re.search(r"\son\w+=|style=|<style", page)


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name in ("index.html", "page.js", "page.css", "theme.js"):
        data = page_files()[name]
        found = set(re.findall(rb"https?://[\w.]+", data)) - {b"http://www.w3.org"}
        assert not found, name


def test_the_licences_of_what_is_inside_come_along() -> None:
    text = page_files()["licenses.txt"].decode()
    assert "@codemirror/view" in text
    assert "Permission is hereby granted" in text


def test_it_stays_small() -> None:
    assert sum(len(data) for data in page_files().values()) < 600_000


async def test_a_file_that_is_known_is_not_sent_again(api: Api) -> None:
    first = await api.get("/page.js")
    assert first.headers["Content-Encoding"] in ("gzip", "deflate")
    again = await api.get("/page.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


async def test_other_methods_are_refused(api: Api) -> None:
    assert (await api.post("/")).error[2] == "method_not_allowed"
