"""One engine with several models: each is opened when it is asked, and none needs another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from fimble.engine.backends.local import LocalBackend, LocalModel
from fimble.engine.engine import Engine
from fimble.engine.errors import ModelFileError, ModelNotFound, Superseded
from fimble.engine.model_settings import ModelSettings, Rule
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.serving import Serving
from fimble.engine.settings import Settings
from fimble.engine.types import ChatRequest, FimRequest, Message, ModelInfo, TextRequest

from .tiny_llama import tiny
from .workers import Make

Start = Callable[..., Engine]
BY_HAND = Rule(model="large", trigger="by hand")
PYTHON = Rule(model="real", languages=("python",))
TEXT = FimRequest("x = ", "\n", mode="line", trim=False)


def asked(**fields: Any) -> FimRequest:
    return FimRequest("x = ", "\n", mode="line", trim=False, **fields)


@pytest.fixture
async def start(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts engines with two fake models and the bundled one; ``states`` are what becomes of them."""
    engines: list[Engine] = []

    def make(*rules: Rule, fakes: dict[str, Any] | None = None, **tables: str) -> Engine:
        said = {name: {"answer": f"said by {name}"} for name in ("small", "large")}
        options = {name: said[name] | (fakes or {}).get(name, {}) for name in said}
        monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"models": options}))
        files = {"small": "fake", "large": "fake", "real": "bundled", **tables}
        models = {name: ModelSettings(model=file) for name, file in files.items()}
        settings = Settings(model="small", models=models, rules=rules, isolation="thread")
        engines.append(Engine(settings, lambda state, detail: states.append((state, Path(detail).name))))
        return engines[-1]

    states: list[tuple[str, str]] = []
    make.states = states  # type: ignore[attr-defined]
    yield make
    for engine in engines:
        await engine.close()


async def test_each_request_is_answered_by_the_model_that_it_names(start: Start) -> None:
    engine = start()
    for name in ("small", "large"):
        made = await engine.complete(asked(model=name))
        assert (made.text, made.model) == (f"said by {name}", name)
        text = await engine.complete_text(TextRequest("said", max_tokens=20, model=name))
        assert (text.text, text.model) == (f" by {name}", name)
        chat = await engine.complete_chat(ChatRequest((Message("user", "who"),), max_tokens=40, model=name))
        assert (chat.text, chat.model) == (f"said by {name}", name)
    real = await engine.complete(FimRequest("def add(a, b):\n    return a +", "\n", "python", model="real"))
    assert real.model == "real"
    assert real.text.strip() in ("a", "b")


@pytest.mark.parametrize("name", [None, "", "default", "small"])
async def test_the_default_model_answers_what_names_none(start: Start, name: str | None) -> None:
    made = await start().complete(asked(model=name))
    assert (made.text, made.model) == ("said by small", "small")


async def test_rules_choose_unless_the_request_does(start: Start) -> None:
    engine = start(BY_HAND)
    assert (await engine.complete(asked(invoked=True))).model == "large"
    assert (await engine.complete(asked())).model == "small"
    assert (await engine.complete(asked(invoked=True, model="small"))).model == "small"
    assert (await engine.complete(asked(invoked=True, model="default"))).model == "small"
    assert engine.model_for(asked(invoked=True)) == "large"
    assert engine.model_for(asked()) == ""


async def test_a_rule_may_name_a_model_without_a_table(start: Start) -> None:
    engine = start(Rule(model="bundled", languages=("python",)))
    made = await engine.complete(FimRequest("def add(a, b):\n    return a +", "\n", "python"))
    assert made.model == bundled_path().stem
    assert bundled_path().stem in [info.id for info in await engine.models()]
    assert (await engine.complete(asked(model=bundled_path().stem))).model == bundled_path().stem


async def test_unknown_names_are_refused(start: Start) -> None:
    engine = start()
    with pytest.raises(ModelNotFound, match="'huge'"):
        await engine.complete(asked(model="huge"))
    with pytest.raises(ModelNotFound, match="'huge'"):
        await engine.complete_text(TextRequest("", model="huge"))
    await engine.warm(asked(model="huge"))  # whoever asks will hear of it


async def test_models_are_opened_when_they_are_asked_and_not_to_be_listed(start: Start) -> None:
    engine = start()
    assert [(info.id, info.loaded) for info in await engine.models()] == [
        ("small", False), ("large", False), ("real", False),
    ]  # fmt: skip
    assert start.states == []  # type: ignore[attr-defined]
    await engine.complete(asked(model="large"))
    assert [(info.id, info.loaded) for info in await engine.models()] == [
        ("small", False), ("large", True), ("real", False),
    ]  # fmt: skip
    assert (await engine.load()).id == "small"
    assert [info.loaded for info in await engine.models()] == [True, True, False]


async def test_what_is_listed_is_what_will_be_opened(start: Start) -> None:
    engine = start()
    listed = {info.id: info for info in await engine.models()}["real"]
    assert listed.backend == "auto"
    await engine.complete(asked(model="real"))
    opened = {info.id: info for info in await engine.models()}["real"]
    names = ("id", "context_window", "supports_fim", "supports_chat", "supports_tools")
    assert [getattr(listed, name) for name in names] == [getattr(opened, name) for name in names]


async def test_a_model_that_cannot_be_opened_leaves_the_others(start: Start, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(tiny()[:-100])
    engine = start(broken=str(damaged), absent=str(tmp_path / "absent.gguf"), unknown="gpt-9")
    with pytest.raises(ModelFileError, match="cut off"):
        await engine.complete(asked(model="broken"))
    with pytest.raises(ModelFileError, match=r"absent\.gguf"):
        await engine.complete(asked(model="absent"))
    with pytest.raises(ModelNotFound, match="gpt-9"):
        await engine.complete(asked(model="unknown"))
    assert (await engine.complete(asked())).text == "said by small"
    listed = {info.id: info.detail for info in await engine.models()}
    assert list(listed) == ["small", "large", "real", "broken", "absent", "unknown"]
    assert "cut off" in listed["broken"]
    assert "There is no model file" in listed["absent"]
    assert "gpt-9" in listed["unknown"]


async def test_a_default_model_that_is_not_there_leaves_the_others(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path))
    engine = start(BY_HAND, small="mellum-4b")
    for asks in (engine.load, engine.check, lambda: engine.complete(asked())):
        with pytest.raises(ModelNotFound, match="fimble models pull mellum-4b"):
            await asks()
    assert engine.serving == Serving("local")
    made = await engine.complete(asked(invoked=True))
    assert (made.text, made.model) == ("said by large", "large")
    with pytest.raises(ModelNotFound):  # with nothing else to do, it is told at once
        Engine(Settings(model="mellum-4b"))


async def test_a_file_that_is_removed_while_its_model_is_used(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(tiny())
    engine = start(tiny=str(file))
    await engine.complete(asked(model="tiny", max_tokens=2))
    file.unlink()
    await engine.complete(asked(model="tiny", max_tokens=2))  # the system keeps what is open
    [served] = [each for each in engine._models if each.name == "tiny"]
    await served.unload()
    with pytest.raises(ModelFileError, match="There is no model file"):
        await engine.complete(asked(model="tiny", max_tokens=2))
    assert (await engine.complete(asked())).text == "said by small"
    assert "There is no model file" in [info.detail for info in await engine.models()][-1]


async def test_a_newer_request_ends_the_older_one_of_another_model(start: Start) -> None:
    engine = start(BY_HAND, fakes={"large": {"endless": True, "token_ms": 5}})
    by_hand = engine.stream(asked(invoked=True, document="a", max_tokens=8000))
    await anext(by_hand)
    assert (await engine.complete(asked(document="a"))).text == "said by small"
    with pytest.raises(Superseded):
        async for _ in by_hand:
            pass


async def test_a_suggestion_does_not_wait_for_a_long_answer_of_another_model(start: Start) -> None:
    engine = start(fakes={"large": {"endless": True, "token_ms": 5}})
    answer = engine.stream_text(TextRequest("", max_tokens=8000, model="large"))
    await anext(answer)
    assert (await engine.complete(asked())).text == "said by small"
    await anext(answer)
    await answer.aclose()


async def test_closing_ends_every_model(start: Start) -> None:
    engine = start(fakes={"large": {"endless": True, "token_ms": 5}})
    answers = [engine.stream_text(TextRequest("", max_tokens=8000, model="large")) for _ in range(2)]
    await anext(answers[0])
    rest = [asyncio.ensure_future(anext(answer, None)) for answer in answers[1:]]
    await engine.complete(asked())
    await engine.close()
    assert all(isinstance(end, Exception) for end in await asyncio.gather(*rest, return_exceptions=True))
    assert [served for served in engine._models if served.loaded] == []


async def test_a_file_is_looked_at_once_for_all_who_ask(make: Make, tmp_path: Path) -> None:
    looks: list[int] = []

    def glance() -> ModelInfo:
        looks.append(1)
        return ModelInfo("any", "llama", 64, supports_fim=True)

    file = tmp_path / "a.gguf"
    file.write_bytes(b"1")
    backend = LocalBackend(LocalModel("mine", str(file)), make, glance=glance)
    found = await asyncio.gather(*(backend.glance() for _ in range(5)))
    assert ({info.id for info in found}, len(looks)) == ({"mine"}, 1)
    file.write_bytes(b"12")
    await backend.glance()
    assert len(looks) == 2
