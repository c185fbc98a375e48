"""Many answers at once: each is as if alone, suggestions come first, and what is known is not read again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fimble.engine.errors import DeadlineExceeded, WorkerCrashed
from fimble.engine.limits import ANSWER_PATIENCE_SECONDS, IN_USE_SECONDS
from fimble.engine.runtimes.base import Aborted, Span
from fimble.engine.runtimes.fake import FakeModel
from fimble.engine.types import ChatRequest, FimRequest, Message, Request, Sampling, TextRequest, Tool
from fimble.engine.workers.inbox import Inbox
from fimble.engine.workers.messages import Cancel, Ended, Piece, Reply, Run, WorkerOptions
from fimble.engine.workers.opened import open_model
from fimble.engine.workers.runner import Runner

WORDS = "the quick brown fox jumps over the lazy dog. " * 3
TEXT = TextRequest("the quick", max_tokens=40)
CHAT = ChatRequest((Message("user", "say: the"),), max_tokens=40)
SUGGESTION = FimRequest("x = " + "y" * 90, "", max_tokens=8)
STEP_SECONDS, CALL_SECONDS = 0.01, 0.1


@dataclass
class Machine:
    """A runner, a step at a time, by a clock that each step moves on."""

    batch: int = 16
    step_seconds: float = STEP_SECONDS
    sequences: int = 1
    now: float = 0.0
    said: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = Inbox(lambda: self.now)
        options: dict[str, object] = {"answer": WORDS, "sequences": self.sequences}
        self.opened = open_model(WorkerOptions("fake", runtime="fake", fake=options))
        self.runner = Runner(self.opened, 768, self.batch, self.inbox, self.said.append, lambda: self.now)

    @property
    def evaluated(self) -> int:
        assert isinstance(self.opened.model, FakeModel)
        return self.opened.model.evaluated

    def add(self, id: int, request: Request, *, warm: bool = False) -> None:
        run = Run(id, request, warm)
        self.inbox.put(run)
        self.runner.add(run, self.now)

    def step(self) -> list[Reply]:
        """One step; what was said meanwhile."""
        before = len(self.said)
        self.runner.step()
        self.now += self.step_seconds
        return self.said[before:]

    def measure_calls(self) -> None:
        """From now on native calls take time, as long with a token as with many: drafts pay."""
        decode = self.opened.model.decode

        def timed(spans: Sequence[Span]) -> None:
            decode(spans)
            self.now += CALL_SECONDS

        self.opened.model.decode = timed  # type: ignore[method-assign]

    def until_ended(self, id: int) -> None:
        while not self.ended(id):
            assert not self.runner.idle, self.said[-3:]
            self.step()

    def ended(self, id: int) -> list[Ended]:
        return [said for said in self.said if isinstance(said, Ended) and said.id == id]

    def until_shown(self, id: int) -> None:
        while not self.text(id):
            self.step()

    def text(self, id: int) -> str:
        return "".join(said.delta.text for said in self.said if isinstance(said, Piece) and said.id == id)


def alone(request: Request) -> str:
    """The answer that nobody interrupts."""
    machine = Machine()
    machine.add(1, request)
    machine.until_ended(1)
    assert machine.text(1)
    return machine.text(1)


@pytest.mark.parametrize("answer", [TEXT, CHAT])
def test_a_suggestion_passes_between_two_tokens(answer: Request) -> None:
    machine = Machine()
    machine.add(1, answer)
    machine.until_shown(1)
    shown = machine.text(1)
    machine.add(2, SUGGESTION)
    machine.until_ended(2)
    assert machine.text(1) == shown != alone(answer)
    machine.until_ended(1)
    assert (machine.text(1), machine.text(2)) == (alone(answer), alone(SUGGESTION))


STEPS = st.lists(
    st.sampled_from(["step", "step", "step", "suggest", "suggest", "warm", "leave"]), max_size=60
)


@settings(max_examples=80, deadline=None)
@given(
    steps=STEPS, answer=st.sampled_from([TEXT, CHAT]), batch=st.integers(4, 40), slow=st.booleans(),
    sequences=st.integers(1, 4), drafts=st.booleans(),
)  # fmt: skip
@example(["step", "suggest"], TEXT, 4, False, 1, True)
def test_whoever_interrupts_whenever_each_answer_is_as_if_alone(
    steps: list[str], answer: Request, batch: int, slow: bool, sequences: int, drafts: bool
) -> None:
    """``slow``: each step takes as long as an answer is patient."""
    machine = Machine(batch, ANSWER_PATIENCE_SECONDS + 1 if slow else STEP_SECONDS, sequences)
    if drafts:
        machine.measure_calls()
    machine.add(1, answer)
    asked, left = list[int](), set[int]()
    for id, step in enumerate(steps, 2):
        match step:
            case "suggest" | "warm":
                machine.add(id, SUGGESTION, warm=step == "warm")
                asked += [id] if step == "suggest" else []
            case "leave" if asked:
                machine.inbox.put(Cancel(asked[-1]))
                left.add(asked[-1])
            case _ if not machine.runner.idle:
                machine.step()
    while not machine.runner.idle:
        machine.step()
    assert machine.text(1) == alone(answer)
    for id in asked:
        whole = alone(SUGGESTION)
        assert machine.text(id) == whole or (id in left and whole.startswith(machine.text(id)))
    ends = [said.id for said in machine.said if isinstance(said, Ended)]
    assert len(ends) == len(set(ends)) == 1 + sum(step in ("suggest", "warm") for step in steps)


def test_an_answer_waits_for_suggestions_for_so_long_and_then_gets_a_token() -> None:
    machine = Machine()
    machine.add(1, TEXT)
    machine.until_shown(1)
    shown, since, next_id = machine.text(1), machine.now, 2
    while machine.text(1) == shown:
        machine.add(next_id, SUGGESTION)  # there is always one
        next_id += 1
        machine.step()
        assert machine.now - since < 2 * ANSWER_PATIENCE_SECONDS
    assert machine.now - since > ANSWER_PATIENCE_SECONDS
    assert len(machine.text(1)) == len(shown) + 1
    machine.step()
    assert len(machine.text(1)) == len(shown) + 1


def test_two_long_answers_do_not_take_the_cache_from_each_other() -> None:
    """Though the second one waits for longer than it would for suggestions."""
    machine = Machine(step_seconds=ANSWER_PATIENCE_SECONDS)
    machine.add(1, TEXT)
    machine.add(2, CHAT)
    machine.until_ended(1)
    assert machine.text(2) == ""
    machine.until_ended(2)
    together = machine.evaluated
    for request in (TEXT, CHAT):
        one = Machine()
        one.add(1, request)
        one.until_ended(1)
        together -= one.evaluated
    assert together <= 0


def test_answers_that_repeat_themselves_are_made_in_fewer_calls() -> None:
    machine, plain = Machine(64, sequences=2), Machine(64, sequences=2)
    machine.measure_calls()
    for each in (machine, plain):
        each.add(1, replace(TEXT, max_tokens=100))
        each.add(2, replace(CHAT, max_tokens=100))
        each.until_ended(1)
        each.until_ended(2)
    assert [machine.text(id) for id in (1, 2)] == [plain.text(id) for id in (1, 2)]
    assert sum(isinstance(said, Piece) for said in machine.said) < 150
    assert sum(isinstance(said, Piece) for said in plain.said) >= 200


@pytest.mark.parametrize("more", [{}, {"logprobs": 2}, {"sampling": Sampling(temperature=1.0, seed=4)}])
def test_drafts_change_no_tool_calls(more: dict[str, Any]) -> None:
    tool = Tool("add", "Adds", json.dumps({"properties": {"first": {"enum": ["first first first"]}}}))
    request = ChatRequest((Message("user", "add"),), (tool,), "required", max_tokens=90, **more)
    machine, plain = Machine(64), Machine(64)
    machine.measure_calls()
    said = []
    for each in (machine, plain):
        each.add(1, request)
        while not each.ended(1):
            each.step()
        deltas = [said.delta for said in each.said if isinstance(said, Piece)]
        calls = [(call.name, call.arguments) for delta in deltas for call in delta.tool_calls]
        entries = [entry for delta in deltas for entry in delta.logprobs]
        said.append((each.text(1), calls, entries, deltas[-1].finish_reason, deltas[-1].usage))
    assert said[0] == said[1]
    assert said[0][1] or said[0][3] == "length"


def test_drafts_leave_everybody_room_in_a_call() -> None:
    machine = Machine(batch=16, sequences=4)
    machine.measure_calls()
    for id in range(1, 5):
        machine.add(id, replace(TEXT, max_tokens=120))
    last = [0.0] * 5
    while not machine.runner.idle:
        for said in machine.step():
            if isinstance(said, Piece):
                assert machine.now - max(last[said.id], 1) < 5 * CALL_SECONDS
                last[said.id] = machine.now


def test_who_gave_up_reading_leaves_the_turns_of_others_alone() -> None:
    """What was read in part only does not count for whoever comes next."""
    machine = Machine(batch=4)
    machine.add(1, TEXT)
    machine.until_shown(1)
    machine.add(2, SUGGESTION)
    machine.step()
    machine.inbox.put(Cancel(2))
    machine.until_ended(1)
    assert machine.text(1) == alone(TEXT)


def fim(document: str, prefix: str, **more: Any) -> FimRequest:
    return FimRequest(f"# {document}\n{prefix}", "", mode="line", max_tokens=8, document=document, **more)


def typed(machine: Machine, ids: Iterator[int], document: str, text: str) -> None:
    """Somebody types a text and waits for the answer to each key."""
    for at in range(1, len(text) + 1):
        machine.add(id := next(ids), fim(document, "a" * 200 + text[:at]))
        machine.until_ended(id)


def test_two_documents_in_turn_cost_no_more_than_one_after_the_other() -> None:
    ids = itertools.count(1)
    turns, alone = Machine(sequences=2), Machine(sequences=2)
    for part in ("first", "second"):
        for document in ("one", "two"):
            typed(turns, ids, document, part)
    for document in ("one", "two"):
        for part in ("first", "second"):
            typed(alone, ids, document, part)
    assert turns.evaluated == alone.evaluated
    crowded = Machine(sequences=1)
    for part in ("first", "second"):
        for document in ("one", "two"):
            typed(crowded, ids, document, part)
    assert crowded.evaluated > turns.evaluated + 200


def test_candidates_share_one_reading_of_the_prompt() -> None:
    machine, one = Machine(sequences=4), Machine(sequences=4)
    request = replace(fim("one", "a" * 200), document=None)
    one.add(1, request)
    one.until_ended(1)
    for id in (1, 2, 3):
        machine.add(id, request)
    for id in (1, 2, 3):
        machine.until_ended(id)
    assert machine.text(1) == machine.text(2) == machine.text(3) == one.text(1)
    assert machine.evaluated < one.evaluated + 2 * 12


def test_all_who_want_a_token_share_a_call() -> None:
    machine = Machine(batch=512, sequences=4)
    for id in range(1, 5):
        machine.add(id, fim(str(id), "b" * 50))
    while not all(machine.text(id) for id in range(1, 5)):
        machine.step()
    before = [len(machine.text(id)) for id in range(1, 5)]
    machine.step()
    assert [len(machine.text(id)) - was for id, was in enumerate(before, 1)] == [1, 1, 1, 1]


def test_nobody_who_decodes_waits_for_a_long_prompt() -> None:
    machine = Machine(sequences=2)
    machine.add(1, replace(fim("one", ""), max_tokens=50))
    machine.until_shown(1)
    machine.add(2, fim("two", "c" * 500))
    while not machine.text(2):
        before = len(machine.text(1))
        machine.step()
        assert len(machine.text(1)) == before + 1 or machine.ended(1)


def test_a_short_prompt_does_not_wait_for_a_long_one() -> None:
    machine = Machine(sequences=2)
    machine.add(1, fim("one", "c" * 600))
    machine.step()
    machine.add(2, fim("two", "c"))
    machine.until_ended(2)
    assert not machine.text(1)


def test_a_prompt_is_read_on_after_its_request_was_dropped() -> None:
    """Each key drops the request of the key before; what was read stays, so there is an answer at last."""
    machine = Machine(sequences=2)
    for id in range(1, 8):
        machine.add(id, fim("one", "a" * 300 + "b" * id))
        machine.step()
        machine.step()
        machine.inbox.put(Cancel(id))
    machine.step()
    assert [said.id for said in machine.said if isinstance(said, Ended)] == list(range(1, 8))
    while not machine.runner.idle:
        machine.step()
    read = machine.evaluated
    machine.add(8, fim("one", "a" * 300 + "b" * 8))
    machine.until_ended(8)
    assert machine.text(8)
    assert machine.evaluated - read < 20


def test_who_drops_each_request_is_read_for_at_last_however_many_short_ones_there_are() -> None:
    """Somebody's short prompts would always come first; but what was waited for before counts."""
    machine = Machine(batch=24, sequences=16)
    for id in range(1, 200):
        machine.add(id, fim("one", "a" * 300 + "b" * id))
        for other in range(4):
            machine.add(1000 * (other + 1) + id, fim(str(other), "c" * id))
        for _ in range(6):
            machine.step()
        if machine.text(id):
            return
        machine.inbox.put(Cancel(id))
    raise AssertionError("one never got an answer")


def test_what_is_read_on_for_a_document_ends_with_its_next_request() -> None:
    """However many keys were dropped, its prompt is read once."""
    machine, once = Machine(batch=64, sequences=8), Machine(batch=64, sequences=8)
    for id in range(1, 7):
        machine.add(id, fim("one", "a" * 400 + "b" * id))
        machine.add(id + 100, fim(str(id), "c" * 400))
        machine.step()
        machine.inbox.put(Cancel(id))
    while not machine.runner.idle:
        machine.step()
    for id in range(1, 7):
        once.add(id + 100, fim(str(id), "c" * 400))
    once.add(6, fim("one", "a" * 400 + "b" * 6))
    while not once.runner.idle:
        once.step()
    assert machine.evaluated <= once.evaluated + 6 * 3


def test_work_ahead_of_time_leaves_documents_in_use_alone() -> None:
    machine, ids = Machine(sequences=2), itertools.count(1)
    for document in ("one", "two"):
        typed(machine, ids, document, "x")
    machine.add(id := next(ids), fim("three", "d" * 300), warm=True)
    machine.until_ended(id)
    read = machine.evaluated
    for document in ("one", "two"):
        typed(machine, ids, document, "xy")
    assert machine.evaluated - read < 100
    machine.now += IN_USE_SECONDS
    machine.add(id := next(ids), fim("three", "d" * 300), warm=True)
    machine.until_ended(id)
    read = machine.evaluated
    machine.add(id := next(ids), fim("three", "d" * 300))
    machine.until_ended(id)
    assert machine.evaluated - read < 20


def test_a_request_does_not_wait_for_work_ahead_of_time() -> None:
    machine = Machine(sequences=2)
    machine.add(1, fim("one", "d" * 600), warm=True)
    machine.step()
    machine.add(2, fim("two", "e" * 100))
    read = machine.evaluated
    machine.until_ended(2)
    assert machine.evaluated - read < 150
    assert not machine.ended(1)


@pytest.mark.parametrize(
    ("running", "heard", "ended"),
    [
        (Run(1, fim("one", "d" * 600), warm=True), Run(2, fim("two", "")), True),
        (Run(1, fim("one", "d" * 600), warm=True), Run(2, fim("two", ""), warm=True), False),
        (Run(1, fim("one", "d" * 600)), Run(2, fim("two", "")), False),
        (Run(1, fim("one", "d" * 600)), Cancel(1), False),
        (Run(1, TextRequest("d" * 600)), Cancel(1), True),
        (Run(1, TextRequest("d" * 600)), Run(2, fim("two", "")), False),
    ],
)
def test_a_native_call_is_ended_for_what_is_urgent(running: Run, heard: Run | Cancel, ended: bool) -> None:
    """The command comes while the model computes; it is slow."""
    machine, aborted = Machine(batch=200, sequences=2), list[bool]()
    machine.runner._pace.note(0, 100, 100.0)
    machine.add(running.id, running.request, warm=running.warm)
    decode = machine.opened.model.decode

    def busy(spans: Sequence[Span]) -> None:
        machine.inbox.put(heard)
        machine.runner.heard(heard)
        decode(spans)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine.opened.model, "decode", busy)
        patch.setattr(machine.opened.model, "abort", lambda: aborted.append(True))
        machine.step()
    assert bool(aborted) == ended


def test_drafts_are_priced_at_the_speed_at_which_prompts_are_read() -> None:
    machine = Machine(batch=200)
    machine.runner._pace.note(0, 100, 1.0)
    machine.add(1, fim("one", "d" * 300))
    machine.step()
    assert machine.runner._gain.token_seconds == machine.runner._pace.token_seconds > 0


def test_what_an_ended_call_would_have_read_is_read_later() -> None:
    machine = Machine(batch=200, sequences=2)
    machine.add(1, fim("one", "h" * 300))
    machine.step()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine.opened.model, "decode", aborted)
        machine.step()
    machine.until_ended(1)
    assert machine.text(1) == alone(fim("one", "h" * 300))


def aborted(spans: object) -> None:
    raise Aborted


def test_a_deadline_ends_what_reads_its_prompt() -> None:
    machine = Machine()
    machine.add(1, fim("one", "f" * 900, deadline_ms=50))
    while not machine.ended(1):
        machine.step()
    assert machine.now < 0.1
    assert isinstance(machine.ended(1)[0].error, DeadlineExceeded)


def test_a_call_that_fails_costs_its_own_answers_only() -> None:
    machine = Machine(batch=512, sequences=3)
    machine.add(1, fim("one", "g"))
    machine.until_ended(1)
    machine.add(2, fim("two", "g" * 20))
    machine.add(3, fim("three", "g" * 30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine.opened.model, "decode", broken)
        machine.step()
    assert all(isinstance(machine.ended(id)[0].error, WorkerCrashed) for id in (2, 3))
    machine.add(4, fim("two", "g" * 20))
    machine.until_ended(4)
    fresh = Machine()
    fresh.add(4, fim("two", "g" * 20))
    fresh.until_ended(4)
    assert machine.text(4) == fresh.text(4)


def broken(spans: object) -> None:
    raise RuntimeError("no")
