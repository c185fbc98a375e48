"""A suggestion comes between two tokens of an answer that takes a while, which loses nothing by it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.limits import ANSWER_PATIENCE_SECONDS
from fimble.engine.runtimes.fake import FakeModel
from fimble.engine.types import ChatRequest, FimRequest, Message, Request, TextRequest
from fimble.engine.workers.inbox import Inbox
from fimble.engine.workers.messages import Cancel, Ended, Piece, Reply, Run, WorkerOptions, Working
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.runner import Runner

WORDS = "the quick brown fox jumps over the lazy dog. " * 3
TEXT = TextRequest("the quick", max_tokens=40)
CHAT = ChatRequest((Message("user", "say: the"),), max_tokens=40)
SUGGESTION = FimRequest("x = " + "y" * 90, "", max_tokens=8)
STEP_SECONDS = 0.01


@dataclass
class Machine:
    """A runner, a step at a time, by a clock that each step moves on."""

    batch: int = 16
    step_seconds: float = STEP_SECONDS
    now: float = 0.0
    said: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = Inbox(lambda: self.now)
        self.opened: OpenedModel = open_model(WorkerOptions("fake", runtime="fake", fake={"answer": WORDS}))
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

    def until_ended(self, id: int) -> None:
        while Ended(id) not in self.said:
            assert not self.runner.idle
            self.step()

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
@given(steps=STEPS, answer=st.sampled_from([TEXT, CHAT]), batch=st.integers(1, 40), slow=st.booleans())
def test_whoever_interrupts_whenever_each_answer_is_as_if_alone(
    steps: list[str], answer: Request, batch: int, slow: bool
) -> None:
    """``slow``: each step takes as long as an answer is patient."""
    machine = Machine(batch, ANSWER_PATIENCE_SECONDS + 1 if slow else STEP_SECONDS)
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
    (back_to,) = [said for said in machine.step() if isinstance(said, Working)]
    assert back_to.id != 1


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
