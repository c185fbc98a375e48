"""Anything at all as the parameters of the requests of Copilot's server and of llm-ls: each is answered once,
with a result or with an error that tells the client of its mistake, and nothing fails inside."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.lsp.names import EXTENSION_REQUESTS

from .editor import Editor, Scripted, place

U = "file:///w/a.py"
ALLOWED = {-32602, -32800}
METHODS = st.sampled_from(sorted(EXTENSION_REQUESTS))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.just("s1")
)
POSITIONS = st.builds(lambda line, column: place((line, column)), *[st.integers(-1, 6)] * 2)
NAMES = st.sampled_from(
    ["textDocument", "doc", "position", "uri", "uuid", "uuids", "acceptedLength", "requestId", "panelId",
     "partialResultToken", "version", "line", "character"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS | POSITIONS | st.just({"uri": U}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {
        "textDocument": st.just({"uri": U}) | JSON,
        "position": POSITIONS | JSON,
        "doc": st.fixed_dictionaries({"uri": st.just(U) | SCALARS, "position": POSITIONS | JSON}) | JSON,
    },
    optional=dict.fromkeys(
        ["uuid", "uuids", "acceptedLength", "requestId", "panelId", "partialResultToken"], JSON
    ),
)
CALLS = st.lists(st.tuples(METHODS, JSON | NEARLY, st.booleans()), min_size=1, max_size=12)


async def exchange(calls: list[tuple[str, Any, bool]]) -> None:
    editor = Editor(Scripted("compute(1, 2)", "", "a\n    b", "😀"))
    await editor.start()
    editor.open(U, "x = \ny = '😀' + \n    f()\n")
    ids = []
    for method, params, asked in calls:
        if asked:
            ids.append(editor.request(method, params))
        else:
            editor.notify(method, params)
    answers = [await editor.answer(id) for id in ids]
    assert all("result" in each or each["error"]["code"] in ALLOWED for each in answers), answers
    assert await editor.stop() == 0
    assert all(len(editor.answers[id]) == 1 for id in ids)
    assert editor.shown() == []


@given(calls=CALLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_parameters(calls: list[tuple[str, Any, bool]], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    asyncio.run(exchange(calls))
    assert [each.getMessage() for each in caplog.records if not each.name.startswith("pygls")] == []
