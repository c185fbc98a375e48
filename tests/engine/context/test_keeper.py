"""Choices are made beside the keys, stay while the place does, and never hold anything up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.engine.context import keeper
from fimble.engine.context.choose import Chosen
from fimble.engine.context.keeper import Contexts
from fimble.engine.context.limits import DOCUMENTS_KEPT, MOVED_CHARACTERS
from fimble.engine.context.plan import LARGE, NOTHING, Plan
from fimble.engine.privacy.rules import PrivacyRules
from fimble.engine.types import FimRequest, Snippet

TEXT = "from .m import one, two\n\none("


@pytest.fixture
def request_(tmp_path: Path) -> FimRequest:
    (tmp_path / "m.py").write_text("def one(first): ...\ndef two(second): ...\n")
    return FimRequest(
        TEXT, "\n", "python", "a.py", document="file:///a.py", workspace=str(tmp_path), context=True
    )


class Warmed:
    """Hears of what was chosen."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[FimRequest] = asyncio.Queue()

    async def __call__(self, request: FimRequest) -> None:
        self.requests.put_nowait(request)


@pytest.fixture
def warmed() -> Warmed:
    return Warmed()


@pytest.fixture
async def contexts(warmed: Warmed) -> AsyncIterator[Contexts]:
    made = Contexts(warmed, pause=0.0)
    yield made
    made.close()


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[FimRequest]:
    """The requests for which a choice was begun."""
    begun: list[FimRequest] = []
    real = keeper.chosen_for

    def count(request: FimRequest, plan: Plan, privacy: PrivacyRules) -> tuple[Chosen, ...]:
        begun.append(request)
        return real(request, plan, privacy)

    monkeypatch.setattr(keeper, "chosen_for", count)
    return begun


async def settled() -> None:
    """What was to begin at once has begun."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_key_gets_what_is_there_and_the_next_one_what_was_chosen(
    contexts: Contexts, warmed: Warmed, request_: FimRequest
) -> None:
    assert contexts.enriched(request_, LARGE) is request_
    assert await warmed.requests.get() is request_
    found = contexts.enriched(request_, LARGE)
    assert found.snippets == (Snippet("m.py", "def one(first):\n"),)


async def test_typing_on_changes_nothing(
    contexts: Contexts, warmed: Warmed, request_: FimRequest, choices: list[FimRequest]
) -> None:
    contexts.enriched(request_, LARGE)
    await warmed.requests.get()
    first = contexts.enriched(request_, LARGE).snippets
    for text in ("1", ", 2)\n", "x = one"):
        request_ = replace(request_, prefix=request_.prefix + text)
        assert contexts.enriched(request_, LARGE).snippets == first
        await settled()
    assert len(choices) == 1


async def test_another_definition_that_is_used_now_is_added(
    contexts: Contexts, warmed: Warmed, request_: FimRequest
) -> None:
    contexts.enriched(request_, LARGE)
    await warmed.requests.get()
    request_ = replace(request_, prefix=TEXT + "1)\ntwo(")
    contexts.enriched(request_, LARGE)
    await warmed.requests.get()
    text = "def one(first):\ndef two(second):\n"
    assert contexts.enriched(request_, LARGE).snippets == (Snippet("m.py", text),)


async def test_somewhere_else_it_is_chosen_anew(
    contexts: Contexts, warmed: Warmed, request_: FimRequest
) -> None:
    contexts.enriched(request_, LARGE)
    await warmed.requests.get()
    elsewhere = replace(request_, prefix=TEXT + "1)\n" + "\n" * (MOVED_CHARACTERS + 1))
    contexts.enriched(elsewhere, LARGE)
    await warmed.requests.get()
    assert contexts.enriched(elsewhere, LARGE) is elsewhere


async def test_what_the_caller_gave_stays_ahead_of_it(
    contexts: Contexts, warmed: Warmed, request_: FimRequest
) -> None:
    given = Snippet("edit.py", "x = 1\n")
    request_ = replace(request_, snippets=(given,))
    contexts.enriched(request_, LARGE)
    await warmed.requests.get()
    assert contexts.enriched(request_, LARGE).snippets == (given, Snippet("m.py", "def one(first):\n"))


@pytest.mark.parametrize(
    ("changes", "plan"),
    [({"context": False}, LARGE), ({"document": None}, LARGE), ({"ahead": True}, LARGE), ({}, NOTHING)],
)
async def test_nothing_is_read_where_nothing_is_wanted(
    contexts: Contexts,
    request_: FimRequest,
    choices: list[FimRequest],
    changes: dict[str, object],
    plan: Plan,
) -> None:
    request_ = replace(request_, **changes)
    assert contexts.enriched(request_, plan) is request_
    await settled()
    assert choices == []


async def test_a_disk_that_does_not_answer_holds_nothing_up(
    contexts: Contexts, request_: FimRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: asyncio.Queue[None] = asyncio.Queue()
    release, loop, count = threading.Event(), asyncio.get_running_loop(), 0

    def hang(*_: object) -> tuple[Chosen, ...]:
        nonlocal count
        count += 1
        loop.call_soon_threadsafe(begun.put_nowait, None)
        release.wait()
        return ()

    monkeypatch.setattr(keeper, "chosen_for", hang)
    contexts.enriched(request_, LARGE)
    await begun.get()
    for number in range(5):
        other = replace(request_, document=f"file:///{number}.py")
        assert contexts.enriched(other, LARGE) is other
        await settled()
    assert count == 1
    release.set()


async def test_who_asks_while_another_choice_is_made_is_next(
    contexts: Contexts, warmed: Warmed, request_: FimRequest, choices: list[FimRequest]
) -> None:
    other = replace(request_, document="file:///b.py", prefix=TEXT + "1)\ntwo(")
    for asked in (request_, other):
        contexts.enriched(asked, LARGE)
        await settled()
    assert {(await warmed.requests.get()).document for _ in range(2)} == {request_.document, other.document}
    assert choices == [request_, other]


async def test_an_error_while_choosing_is_logged_and_leaves_the_prompt_as_it_was(
    contexts: Contexts,
    request_: FimRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> tuple[Chosen, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr(keeper, "chosen_for", fail)
    logged = asyncio.Event()
    monkeypatch.setattr(keeper.log, "exception", lambda *_: logged.set())
    contexts.enriched(request_, LARGE)
    await logged.wait()
    await settled()
    assert contexts.enriched(request_, LARGE) is request_


async def test_only_so_many_documents_are_remembered(
    contexts: Contexts, warmed: Warmed, request_: FimRequest
) -> None:
    for number in range(DOCUMENTS_KEPT + 1):
        contexts.enriched(replace(request_, document=f"file:///{number}.py"), LARGE)
        await warmed.requests.get()
        await settled()
    first = replace(request_, document="file:///0.py")
    last = replace(request_, document=f"file:///{DOCUMENTS_KEPT}.py")
    assert contexts.enriched(first, LARGE) is first
    assert contexts.enriched(last, LARGE).snippets


async def test_who_can_wait_gets_a_choice_at_once(contexts: Contexts, request_: FimRequest) -> None:
    (one,) = await contexts.now(request_, LARGE)
    assert (one.snippet.text, one.reason, one.about) == ("def one(first):\n", "definitions", "one")
    assert await contexts.now(replace(request_, context=False), LARGE) == ()
    assert await contexts.now(request_, NOTHING) == ()


@pytest.mark.parametrize("closed", [True, False])
async def test_the_beginning_of_a_long_file_is_read_from_disk(
    request_: FimRequest, tmp_path: Path, closed: bool
) -> None:
    (tmp_path / "a.py").write_text(TEXT)
    cut = replace(request_, prefix="one(", left_out=len(TEXT) - 4 if closed else 0)
    chosen = keeper.chosen_for(cut, LARGE, PrivacyRules())
    assert bool([each for each in chosen if each.reason == "definitions"]) is closed
