"""What holds for all of them: rules and keys, another machine's engine, memory, and who may ask."""

from __future__ import annotations

from typing import Any

import pytest

from fimble.server.store.keys import NewKey
from tests.engine.upstreams.asking import backend_of

from ..conftest import ANSWER, Api, Reply, Start

RUST = "use std::io;\nfn main() {\n    let mut a = "
ENGINE = {
    "model": "small",
    "models": {"small": {"model": "fake"}, "large": {"model": "fake"}},
    "rules": ({"model": "large", "languages": ["rust"]},),
}
FAKE = {"models": {"large": {"answer": "said_by_large"}}, "answer": "said_by_small"}


def holes(before: str, after: str) -> dict[str, dict[str, Any]]:
    """The same hole as each dialect asks for it, by address."""
    laid_out = f"<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>"
    prompt = {"model": "theirs", "prompt": before, "suffix": after}
    return {
        "/infill": {"input_prefix": before, "input_suffix": after},
        "/completion": {"prompt": laid_out},
        "/v1/completions": {"language": "unknown", "segments": {"prefix": before, "suffix": after}},
        "/api/generate": prompt | {"stream": False},
        "/v1/fim/completions": prompt,
        "/beta/completions": prompt,
    }


def said(reply: Reply) -> str:
    """The text of an answer, in whichever dialect."""
    assert reply.status == 200, reply.text
    found = reply.json
    if "choices" in found:
        [choice] = found["choices"]
        return str(choice.get("text", choice.get("message", {}).get("content")))
    return str(found.get("content", found.get("response")))


@pytest.mark.parametrize("path", holes("", ""))
async def test_a_keys_models_bind_rules_too(start: Start, path: str) -> None:
    """Without a model's name the rules choose, and the key must allow what they choose; where a name is told
    or no rule is asked, it is the default model. None answers as another one."""
    api = await start(engine=ENGINE, fake=FAKE, eagerness="off")
    keyed = await api.make_key(NewKey("ann", models=("small",), scopes=("complete", "raw")))
    reply = await keyed.post(path, holes(RUST, "\n}\n")[path])
    if reply.status == 403:
        assert "large" in reply.text
    else:
        assert said(reply) == "said_by_small"


@pytest.mark.parametrize("path", holes("", ""))
async def test_another_machines_engine_fills_holes(start: Start, path: str) -> None:
    far = await start()
    near = await start(backend=backend_of(far.url), raw_prompts=True)
    assert said(await near.post(path, holes("def add(a, b):\n    ", "\n")[path])) == ANSWER


@pytest.mark.parametrize("path", holes("", ""))
async def test_what_is_remembered_costs_nothing(api: Api, path: str) -> None:
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "raw")))
    bodies = [holes("def add(a, b):\n    " + typed, "\n")[path] for typed in ("", "retu")]
    if path == "/completion":
        bodies = [body | {"temperature": 0} for body in bodies]
    first, second = [said(await keyed.post(path, body)) for body in bodies]
    assert (first, second) == (ANSWER, ANSWER.removeprefix("retu"))
    page = api.services.metrics.page().decode()
    assert 'fimble_remembered_answers_total{model="fake"} 1.0' in page


async def test_pages_of_other_sites_reach_none(api: Api) -> None:
    body = '{"input_prefix":"","input_suffix":"","model":"x","prompt":""}'
    for path in holes("", ""):
        for headers in ({"Origin": "https://example.org"}, {"Sec-Fetch-Site": "cross-site"}):
            sent = {"Content-Type": "text/plain", **headers}
            assert (await api.send("POST", path, data=body, headers=sent)).status == 403
