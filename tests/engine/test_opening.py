"""The model ``fake``, with which tests of programs and editors run the real server without a real model."""

from __future__ import annotations

import json

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import SettingsError
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest


async def test_the_fake_says_what_the_environment_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"answer": "a + b  # 🙂"}))
    engine = Engine(Settings(model="fake", isolation="thread"))
    try:
        made = await engine.complete(FimRequest("def add(a, b):\n    return ", "\n", language="python"))
    finally:
        await engine.close()
    assert made.text == "a + b  # 🙂"


@pytest.mark.parametrize("sent", ["{", "3", '["answer"]'])
def test_fake_options_that_are_no_object_are_refused(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", sent)
    with pytest.raises(SettingsError, match="FIMBLE_FAKE"):
        Engine(Settings(model="fake"))
