"""What is explained is what happens: the same text, from the same steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import PrivateFile
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

REQUEST = FimRequest("def area(width, height):\n    return ", "\n\nprint(1)\n", "python", "a.py", mode="line")


@pytest.fixture
async def engine() -> Engine:
    return Engine(Settings(model="fake", isolation="thread"))


async def test_it_is_what_is_suggested(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", '{"answer": "width * height\\nprint(1)"}')
    for request in (REQUEST, replace(REQUEST, eagerness="eager"), replace(REQUEST, trim=False)):
        found, made = await engine.explain(request), await engine.complete(request)
        assert (found.shown, found.confidence) == (made.text, made.confidence)
        assert found.written.startswith(found.trimmed)
        assert found.written
        assert "return " in "".join(part.text for part in found.prompt)
    await engine.close()


async def test_an_ordinary_request_carries_no_prompt(engine: Engine) -> None:
    assert [delta async for delta in engine.stream(REQUEST) if delta.prompt] == []
    await engine.close()


async def test_a_silent_place_asks_no_model(engine: Engine) -> None:
    found = await engine.explain(FimRequest("# all ", "\n", "python", in_comments=False))
    assert (found.asked, found.shown) == (None, "")
    await engine.close()


async def test_private_files_are_refused(engine: Engine) -> None:
    with pytest.raises(PrivateFile):
        await engine.explain(replace(REQUEST, path=".env"))
    await engine.close()
