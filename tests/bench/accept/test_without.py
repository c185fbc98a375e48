"""What is left out of the language server to see what it is worth."""

from __future__ import annotations

import pytest

from bench.accept import without
from fimble.engine import suggesting
from fimble.engine.trim import Trimmer
from fimble.engine.types import FimRequest
from fimble.lsp.context import request as requests


def test_without_the_gate_everything_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = FimRequest("a", "b", eagerness="subtle", min_confidence=0.5)
    monkeypatch.setattr(requests, "engine_request", lambda *args, **named: asked)
    without.without_gate()
    changed = vars(requests)["engine_request"]()
    assert (changed.eagerness, changed.min_confidence) == (None, None)
    assert (changed.prefix, changed.suffix) == ("a", "b")


def test_without_trim_the_model_s_words_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggesting, "Trimmer", Trimmer)
    without.without_trim()
    trimmer = vars(suggesting)["Trimmer"](FimRequest("f(", ")\n"))
    assert trimmer.feed("x)\n") + trimmer.finish("stop") == "x)\n"
    assert not trimmer.done
