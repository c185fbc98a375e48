"""Several people on one server, and one server behind another."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from fimble.server.store.keys import NewKey

from .conftest import ANSWER, Api, Start, until

HOLE = {"prefix": "def add(a, b):\n    ", "suffix": "", "language": "python"}
PATH = "/v1/completions"


@pytest.mark.parametrize("workers", [1, 2])
async def test_one_persons_burst_does_not_hold_up_the_others(start: Start, workers: int) -> None:
    api = await start(fake={"token_ms": 4}, engine={"workers": workers, "sequences": 2})
    ann, bob = await api.make_key(NewKey("ann")), await api.make_key(NewKey("bob"))
    ended: list[str] = []

    async def ask(name: str, keyed: Api) -> None:
        assert (await keyed.post(PATH, {"prompt": "x"})).status == 200
        ended.append(name)

    burst = [asyncio.create_task(ask("ann", ann)) for _ in range(12)]
    await until(lambda: api.services.metrics.under_way == 12)
    await asyncio.gather(*burst, ask("bob", bob))
    assert ended.index("bob") <= 3 * workers


async def test_concurrent_requests_of_one_key_are_all_counted(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    await asyncio.gather(*(keyed.post(PATH, {"prompt": "x"}) for _ in range(20)))
    assert (await keyed.get("/v1/usage")).json["total"]["requests"] == 20


async def test_a_server_behind_another(start: Start) -> None:
    upstream = await start()
    api = await start(engine={"engine": upstream.url, "fallback": False}, usage_days=0)
    assert (await api.post("/complete", HOLE)).json == {"completion": ANSWER, "finish_reason": "stop"}
    detailed = (await api.post("/complete", HOLE | {"details": True})).json
    assert detailed["usage"]["completion_tokens"] == len(ANSWER)
    [model] = (await api.get("/v1/models")).json["data"]
    assert model["backend"] == f"remote {upstream.url}"
    assert (await api.post(PATH, {"prompt": "x"})).json["choices"][0]["text"] == ANSWER


def test_the_language_server_does_not_load_the_http_server() -> None:
    program = (
        "import sys, fimble.cli.main, fimble.cli.lsp; "
        "print([name for name in sys.modules if name.startswith(('fimble.server', 'sqlalchemy'))])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
