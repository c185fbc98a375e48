"""A model that must make way for another one ends its answers first."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from fimble.engine.cluster.kept import KeptModel
from fimble.engine.opening import open_local
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest
from fimble.engine.workers.messages import Run

FAKE = {"answer": "abcdef", "token_ms": 5}


async def test_a_model_is_closed_when_its_answers_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", json.dumps(FAKE))
    settings = Settings(model="fake", isolation="thread")
    kept = KeptModel(open_local(settings, lambda state, detail: None))
    text = ""
    async with aclosing(kept.run(Run(0, FimRequest("x", "")))) as pieces:
        text += (await anext(pieces)).delta.text
        let_go = asyncio.create_task(asyncio.to_thread(kept.__del__))
        async for piece in pieces:
            text += piece.delta.text
            assert not let_go.done()
    await let_go
    assert text == "abcdef"
    assert (kept.closed, kept.running) == (True, 0)
    kept.__del__()  # as Python itself does at last
