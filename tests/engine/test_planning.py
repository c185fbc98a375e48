"""Prompts that take long to make hold nobody up: grammars that are tried, templates that are rendered."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from fimble.engine.decode import trial
from fimble.engine.errors import DeadlineExceeded, InvalidRequest
from fimble.engine.limits import PLANNING_SECONDS, TRIALS_AT_ONCE
from fimble.engine.prompt.chat import ChatTemplate
from fimble.engine.runtimes.fake import fake_vocabulary
from fimble.engine.stopping import Check, Stopped
from fimble.engine.types import ChatRequest, Grammar, Message, Request, TextRequest
from fimble.engine.workers.body import Body
from fimble.engine.workers.messages import Cancel, Ended, Open, Ping, Pong, Reply, Run, WorkerOptions
from fimble.engine.workers.planning import Planning

from .test_runner import SUGGESTION, TEXT, Machine, alone
from .workers import Make, text_of

MULTIPLES = {"type": "integer", "allOf": [{"multipleOf": 2 * n + 1} for n in range(11)]}
SLOW = replace(TEXT, grammar=Grammar("json_schema", json.dumps(MULTIPLES)))
"""It takes all of the processor time that a trial may take."""
QUICK = replace(TEXT, max_tokens=3, grammar=Grammar("regex", "[0-9]{3}"))
Children = list[subprocess.Popen[bytes]]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """The processes of all trials."""
    begun: Children = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            begun.append(self)

    monkeypatch.setattr(f"{trial.__name__}.subprocess.Popen", Noted)
    return begun


def running(children: Children) -> int:
    """How many of them nobody has seen the end of."""
    return sum(child.returncode is None for child in children)


def test_work_and_loop_take_turns_until_the_work_is_done() -> None:
    turns: list[str] = []

    def work(check: Check) -> str:
        for name in "abc":
            turns.append(name)
            check()
        return "done"

    planning = Planning(work)
    assert turns == []
    while (result := planning.go_on()) is None:
        turns.append("loop")
    assert result == "done"
    assert turns == ["a", "loop", "b", "loop", "c", "loop"]


def test_what_fails_fails_in_the_loop() -> None:
    def work(check: Check) -> str:
        check()
        raise InvalidRequest("no")

    planning = Planning(work)
    assert planning.go_on() is None
    with pytest.raises(InvalidRequest):
        planning.go_on()
    planning.end()


@pytest.mark.parametrize("begun", [False, True])
def test_work_that_is_given_up_cleans_up_and_leaves_no_thread(begun: bool) -> None:
    seen: list[object] = []

    def work(check: Check) -> str:
        try:
            check()
        except Stopped as stopped:
            seen.append(stopped)
            check()  # it does not get away with it
            raise AssertionError from stopped
        return ""

    before = threading.active_count()
    planning = Planning(work)
    if begun:
        planning.go_on()
    planning.end()
    planning.end()
    assert len(seen) == begun
    assert threading.active_count() == before


def test_others_go_on_while_a_grammar_is_tried(children: Children) -> None:
    machine = Machine(sequences=2)
    machine.add(1, SLOW)
    machine.step()
    for id, request in ((2, TEXT), (3, SUGGESTION)):
        machine.add(id, request)
        machine.until_ended(id)
        assert machine.text(id) == alone(request)
    assert running(children) == 1
    assert not machine.ended(1)


def test_a_grammar_that_was_tried_binds_its_answer(children: Children) -> None:
    machine = Machine(sequences=2)
    for id in (1, 2):
        machine.add(id, QUICK)
    while not machine.runner.idle:
        machine.step()
    assert machine.text(1) == machine.text(2) == "000"
    assert len(children) == 1, "both wait for one trial"
    machine.add(3, QUICK)
    machine.until_ended(3)
    assert len(children) == 1, "its result is remembered"


def test_a_grammar_that_cannot_be_compiled_is_refused(children: Children) -> None:
    machine = Machine()
    machine.add(1, replace(TEXT, grammar=Grammar("lark", "start: missing")))
    while not machine.runner.idle:
        machine.step()
    assert isinstance(machine.ended(1)[0].error, InvalidRequest)


def test_only_so_many_grammars_are_tried_at_a_time(children: Children) -> None:
    machine = Machine(sequences=4)
    for id in range(1, 5):
        machine.add(id, replace(QUICK, grammar=Grammar("regex", f"[0-{id}]{{3}}")))
    while not machine.runner.idle:
        machine.step()
        assert running(children) <= TRIALS_AT_ONCE
    assert len(children) == 4


@contextmanager
def trying(machine: Machine, children: Children, request: Request = SLOW) -> Iterator[None]:
    """A request whose grammar is being tried, and then not any more."""
    machine.add(1, request)
    machine.step()
    assert running(children) == 1
    yield
    machine.step()
    assert running(children) == 0
    assert machine.runner.idle
    machine.add(2, TEXT)
    machine.until_ended(2)
    assert machine.text(2) == alone(TEXT)


def test_a_cancelled_request_ends_its_trial_at_once(children: Children) -> None:
    machine = Machine()
    with trying(machine, children):
        machine.inbox.put(Cancel(1))
    assert [ended.error for ended in machine.ended(1)] == [None]


def test_a_deadline_ends_a_trial_at_once(children: Children) -> None:
    machine = Machine()
    with trying(machine, children, replace(SLOW, deadline_ms=60_000)):
        machine.now += 61
    assert isinstance(machine.ended(1)[0].error, DeadlineExceeded)


def test_closing_ends_a_trial(children: Children) -> None:
    machine = Machine()
    machine.add(1, SLOW)
    machine.step()
    machine.runner.close()
    assert running(children) == 0
    assert len(machine.ended(1)) == 1


def test_the_loop_rests_only_while_there_is_nothing_to_do(children: Children) -> None:
    machine = Machine(sequences=2)
    pauses = [machine.runner.pause]
    machine.add(1, SLOW)
    pauses.append(machine.runner.pause)
    machine.step()
    pauses.append(machine.runner.pause)
    machine.add(2, TEXT)
    pauses.append(machine.runner.pause)
    machine.until_ended(2)
    pauses.append(machine.runner.pause)
    machine.inbox.put(Cancel(1))
    machine.step()
    pauses.append(machine.runner.pause)
    assert pauses == [None, 0, PLANNING_SECONDS, 0, PLANNING_SECONDS, None]


def test_others_go_on_while_a_template_is_rendered() -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    machine = Machine(sequences=2)
    planner = machine.runner._jobs._planner
    planner._conversations._template = ChatTemplate(loop, loop, fake_vocabulary())
    machine.add(1, ChatRequest((Message("user", "hello"),), max_tokens=3))
    machine.step()
    machine.add(2, SUGGESTION)
    machine.until_ended(2)
    assert machine.text(2) == alone(SUGGESTION)
    assert not machine.ended(1)
    machine.inbox.put(Cancel(1))
    machine.step()
    assert machine.runner.idle


def test_a_worker_that_waits_for_a_trial_is_seen_to_get_on(children: Children) -> None:
    said: list[Reply] = []
    body = Body(said.append)
    for command in (Open(WorkerOptions("fake", runtime="fake")), Run(1, SLOW)):
        body.take(command)
    for _ in range(5):
        assert body.step(wait=True)
    assert running(children) == 1
    body.take(Ping())
    pong = said[-1]
    assert isinstance(pong, Pong)
    assert pong.steps == 5
    body.take(Cancel(1))
    assert body.step(wait=True)
    assert running(children) == 0
    assert any(isinstance(each, Ended) for each in said)
    body.close()
    assert not body.step(wait=True)


async def test_a_worker_answers_others_while_it_waits_for_a_trial(make: Make) -> None:
    worker = make()
    slow = asyncio.ensure_future(text_of(worker, replace(SLOW, max_tokens=5)))
    quick = TextRequest("he", max_tokens=2)
    await text_of(worker, quick)  # the model is open now
    assert await text_of(worker, quick) == "ll"
    assert not slow.done()
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    assert await text_of(worker, quick) == "ll"
