"""Words that are typed key by key, with the real model that comes along, on both runtimes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio

from fimble.engine.decode.answer import answer
from fimble.engine.engine import Engine
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.settings import Settings
from fimble.engine.types import Completion, FimRequest, Grammar
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.planner import Planner

from .helpers import deltas_of, joined

HEAD = "import json\nimport os\n\n\ndef area(width, height):\n    "


def asked(typed: str, **changes: object) -> FimRequest:
    request = FimRequest(HEAD + typed, "\n", language="python", path="a.py", mode="line", trim=False)
    return replace(request, max_tokens=12, stop=("\n",), **changes)


@pytest.fixture(scope="module", params=["llamacpp", "ctransformers"])
def opened(request: pytest.FixtureRequest) -> Iterator[OpenedModel]:
    model = open_model(WorkerOptions(str(bundled_path()), runtime=request.param))
    yield model
    model.model.close()


def said(opened: OpenedModel, request: FimRequest) -> str:
    task = Planner(opened, 0).task(request)
    return joined(list(deltas_of(opened.model, answer(opened.model, task.prompt, task.plan))))


@pytest.mark.parametrize("word", ["return", "x = width", "if heigh", "json.loa"])
def test_however_much_of_a_word_is_typed_it_is_the_same_word(opened: OpenedModel, word: str) -> None:
    start = max(word.rfind(" "), word.rfind(".")) + 2
    texts = {word[:end] + said(opened, asked(word[:end])) for end in range(start, len(word))}
    likely = [text for text in texts if text.startswith(word)]
    assert likely, texts
    assert len(texts) <= 2  # the first letter alone may be of another one


@pytest.mark.parametrize(
    ("typed", "rest"),
    [("ret", "urn"), ("return w", "idth"), ("return width * hei", "ght"), ("json.d", "ump")],
)
def test_a_word_is_finished(opened: OpenedModel, typed: str, rest: str) -> None:
    assert said(opened, asked(typed)).startswith(rest)


@pytest.mark.parametrize("typed", ["x = 12", 'x = "héll', "# 👍", "\t", "x =", "f(", "", "日本", "\ud800a"])
def test_whatever_was_typed_the_answer_is_text_behind_it(opened: OpenedModel, typed: str) -> None:
    task = Planner(opened, 0).task(asked(typed))
    spelled = b"".join(map(opened.model.piece, task.prompt)) + task.plan.typed
    assert (HEAD + typed).encode("utf-8", "replace") in spelled
    text = joined(list(deltas_of(opened.model, answer(opened.model, task.prompt, task.plan))))
    assert "\ufffd" not in text


def test_a_grammar_begins_behind_the_cursor(opened: OpenedModel) -> None:
    text = said(opened, asked("ret", grammar=Grammar("regex", "urn (width|height)")))
    assert text in ("urn width", "urn height")


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Engine(Settings(engine="local"))
    yield made
    await made.close()


@pytest.mark.asyncio
async def test_while_a_word_is_typed_nothing_is_read_but_the_last_token(engine: Engine) -> None:
    await engine.warm(asked("return "))
    made: list[Completion] = [await engine.complete(asked("return width"[:end])) for end in range(8, 12)]
    read = [each.usage.prompt_tokens - each.usage.cached_tokens for each in made]
    assert read[0] <= 1
    assert max(read) <= 1
