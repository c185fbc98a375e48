"""Tabby's ``/v1/completions``: every field of its body, memory, raw prompts, errors, hang-ups."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from fimble.engine.types import FimRequest, Snippet, TextRequest
from fimble.server.store.keys import NewKey

from ..conftest import Api, Start, until
from ..test_memory import OTHER, SAID, Counting
from ..test_variants import Held

PATH = "/v1/completions"
SEGMENTS: dict[str, Any] = {"prefix": "import os\n\nx = ", "suffix": "\n"}
DECLARED = {"filepath": "file:///usr/lib/my%20lib.py", "body": "def foo(a, b): ..."}
CHANGED = {"filepath": "lib/changed.py", "body": "foo(1, 2)", "score": 0.9}
OPENED = {"filepath": "lib/opened.py", "body": "foo(3, 4)", "score": 0.5}
OTHERS: dict[str, Any] = {
    "declarations": [DECLARED],
    "relevant_snippets_from_changed_files": [CHANGED],
    "relevant_snippets_from_recently_opened_files": [OPENED],
}
UNNAMED: dict[str, Any] = {"declarations": [{"body": ""}]}
RAW = {"raw_prompt": "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"}


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
async def api(start: Start, model: Counting) -> Api:
    return await start(backend=model)


async def told(api: Api, segments: dict[str, Any] | None = None, **fields: Any) -> Any:
    reply = await api.post(PATH, {"language": "python", "segments": SEGMENTS | (segments or {})} | fields)
    assert reply.status == 200, reply.text
    return reply.json


async def heard(
    api: Api, model: Counting, segments: dict[str, Any] | None = None, **fields: Any
) -> FimRequest:
    """What the engine was asked."""
    await told(api, segments, **fields)
    [request] = model.heard
    assert isinstance(request, FimRequest)
    return request


async def test_the_answer(api: Api) -> None:
    found = await told(api)
    assert re.fullmatch(r"cmpl-\w+", found.pop("id"))
    assert found == {"choices": [{"index": 0, "text": SAID}], "mode": "standard"}


async def test_a_hole_in_a_file(api: Api, model: Counting) -> None:
    request = await heard(
        api, model, {"filepath": "src/a.py", "git_url": "git@example.org:a.git", "clipboard": "c"},
        user="ann", mode="standard", segments_of_tomorrow=1,
    )  # fmt: skip
    assert (request.prefix, request.suffix) == (SEGMENTS["prefix"], "\n")
    assert (request.path, request.language) == ("src/a.py", "python")
    assert (request.invoked, request.eagerness, request.supersedes) == (False, "balanced", False)
    assert request.sampling.temperature == 0


@pytest.mark.parametrize("empty", [None, ""])
async def test_nothing_behind_the_cursor(api: Api, model: Counting, empty: str | None) -> None:
    assert (await heard(api, model, {"suffix": empty})).suffix == ""


@pytest.mark.parametrize("language", [None, "unknown"])
async def test_a_language_that_is_not_known_is_guessed(
    api: Api, model: Counting, language: str | None
) -> None:
    assert (await heard(api, model, {"filepath": "a.ts"}, language=language)).language == "typescript"


async def test_texts_of_other_files_are_looked_into(api: Api, model: Counting) -> None:
    request = await heard(api, model, OTHERS)
    assert request.beside == (
        Snippet("/usr/lib/my lib.py", DECLARED["body"]),
        Snippet("lib/changed.py", "foo(1, 2)"),
        Snippet("lib/opened.py", "foo(3, 4)"),
    )


async def test_they_can_be_left_out(api: Api, model: Counting) -> None:
    options = {"disable_retrieval_augmented_code_completion": True, "return_snippets": True}
    found = await told(api, OTHERS, debug_options=options)
    assert found["debug_data"] == {"snippets": []}
    assert isinstance(model.heard[0], FimRequest)
    assert model.heard[0].beside == ()


async def test_a_temperature_is_a_request_by_hand(api: Api, model: Counting) -> None:
    request = await heard(api, model, temperature=0.8, seed=2**63)
    assert request.invoked
    assert (request.sampling.temperature, request.sampling.seed) == (0.8, 2**63)
    assert (await told(api, temperature=0.8))["choices"][0]["text"] == OTHER


async def test_typing_along_asks_the_model_once(api: Api, model: Counting) -> None:
    await told(api)
    found = await told(api, {"prefix": SEGMENTS["prefix"] + "fo"})
    assert found["choices"][0]["text"] == SAID[2:]
    assert len(model.heard) == 1


async def test_debug_data_is_what_was_asked_for_and_is_known(api: Api) -> None:
    assert "debug_data" not in await told(api, debug_options=None)
    assert (await told(api, debug_options={}))["debug_data"] == {}
    assert (await told(api, debug_options={"return_prompt": True}))["debug_data"] == {}
    private = {"declarations": [DECLARED, {"filepath": ".env", "body": "KEY=1"}]}
    found = await told(api, OTHERS | private, debug_options={"return_snippets": True})
    assert found["debug_data"] == {"snippets": [DECLARED | {"score": 1.0}, CHANGED, OPENED]}


async def test_a_raw_prompt_needs_a_scope(api: Api, model: Counting) -> None:
    reply = await api.post(PATH, {"debug_options": RAW})
    assert reply.error == (403, "permission_error", "key_scope", "debug_options.raw_prompt")
    assert model.heard == []
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "raw")))
    body = {"segments": SEGMENTS, "debug_options": RAW | {"return_prompt": True, "return_snippets": True}}
    found = (await keyed.post(PATH, body)).json
    assert found["choices"] == [{"index": 0, "text": SAID}]
    assert found["debug_data"] == {"snippets": [], "prompt": RAW["raw_prompt"]}
    [request] = model.heard
    assert isinstance(request, FimRequest)
    assert (request.prefix, request.suffix) == ("x = ", "\n")


async def test_a_raw_prompt_without_a_hole_is_continued(start: Start, model: Counting) -> None:
    api = await start(backend=model, raw_prompts=True)
    found = (await api.post(PATH, {"debug_options": {"raw_prompt": "<x>"}, "temperature": 0.5})).json
    assert found["choices"][0]["text"] == OTHER
    [request] = model.heard
    assert isinstance(request, TextRequest)
    assert (request.prompt, request.controls, request.max_tokens) == ("<x>", True, 64)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"language": "python"}, "missing_field", "prompt"),
        ({"segments": None, "debug_options": {"return_prompt": True}}, "missing_field", "prompt"),
        ({"segments": {"suffix": ""}}, "missing_field", "segments.prefix"),
        ({"segments": {"prefix": 1}}, "invalid_value", "segments.prefix"),
        ({"segments": SEGMENTS | UNNAMED}, "missing_field", "segments.declarations.0.filepath"),
        ({"segments": SEGMENTS, "temperature": -1}, "invalid_value", "temperature"),
        ({"segments": SEGMENTS, "seed": -1}, "invalid_value", "seed"),
        ({"segments": SEGMENTS, "mode": "other"}, "invalid_value", "mode"),
        ({"segments": SEGMENTS, "mode": "next_edit_suggestion"}, "unsupported_parameter", "mode"),
    ],
)  # fmt: skip
async def test_what_is_refused(api: Api, body: dict[str, Any], code: str, param: str) -> None:
    assert (await api.post(PATH, body)).error == (400, "invalid_request_error", code, param)


async def test_an_edit_history_is_taken(api: Api) -> None:
    history = {"original_code": "a", "edits_diff": "-a\n+b", "current_version": "b"}
    await told(api, {"edit_history": history})


async def test_segments_go_before_a_prompt(api: Api) -> None:
    assert (await told(api, prompt="ignored"))["mode"] == "standard"


async def test_keys_scopes_and_usage(api: Api) -> None:
    chatty = await api.make_key(NewKey("bob", scopes=("chat",)))
    body = {"segments": SEGMENTS}
    assert (await chatty.post(PATH, body)).error[:3] == (403, "permission_error", "key_scope")
    assert (await api.with_key("fim_wrong").post(PATH, body)).status == 401
    keyed = await api.make_key(NewKey("ann"))
    assert (await keyed.post(PATH, body)).status == 200
    [row] = (await keyed.get("/v1/usage")).json["data"]
    assert (row["endpoint"], row["requests"], row["completion_tokens"]) == (PATH, 1, 5)


async def test_a_private_file_is_refused(api: Api, model: Counting) -> None:
    reply = await api.post(PATH, {"segments": SEGMENTS | {"filepath": "config/.env"}})
    assert reply.status == 400
    assert model.heard == []


async def test_a_client_that_hangs_up_stops_the_model(start: Start) -> None:
    held = Held()
    api = await start(backend=held)
    task = asyncio.create_task(told(api))
    await until(lambda: held.running)
    task.cancel()
    await until(lambda: not held.running and not api.services.metrics.under_way)
