"""What cannot fit is refused or cut by its length, before it is tokenised; caches keep within bytes."""

from __future__ import annotations

import sys
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.errors import ContextLengthExceeded, DeadlineExceeded, InvalidRequest
from fimble.engine.limits import MESSAGES, PIECE_CACHE_BYTES, PIECE_CHARACTERS
from fimble.engine.prompt.chat import ChatTemplate
from fimble.engine.runtimes.chunks import ChunkedTokenizer, PieceCache, sentencepiece_cut
from fimble.engine.runtimes.fake import FakeModel, FakeOptions, fake_format, fake_vocabulary
from fimble.engine.stopping import Check, unchecked
from fimble.engine.types import ChatRequest, FimRequest, Message, Request, TextRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.planner import Planner, Task

CONTEXT = 1_000
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"


class CountingModel(FakeModel):
    """Counts the characters that it tokenises."""

    tokenised = 0

    def tokenize(self, text: str) -> list[int]:
        self.tokenised += len(text)
        return super().tokenize(text)


class Fixture:
    def __init__(self, template: str = "") -> None:
        self.model = CountingModel(FakeOptions(context_length=CONTEXT))
        vocabulary = fake_vocabulary()
        opened = OpenedModel(
            self.model,
            vocabulary,
            fake_format(),
            ChatTemplate(template, template, vocabulary) if template else None,
            open_model(WorkerOptions("fake", runtime="fake")).info,
        )
        self.planner = Planner(opened, 500)
        self.model.tokenised = 0

    def task(self, request: Request, check: Check = unchecked) -> Task:
        return self.planner.task(request, check)


HUGE = "x = 1\n" * 500_000


@pytest.mark.parametrize(
    "request_",
    [
        TextRequest(HUGE),
        TextRequest(tuple(range(200)) * 10_000),
        ChatRequest((Message("user", HUGE),)),
        ChatRequest(tuple(Message("user", "hi") for _ in range(5_000))),
    ],
    ids=["text", "ids", "a long message", "many messages"],
)
@pytest.mark.parametrize("template", ["", TEMPLATE])
def test_what_cannot_fit_is_refused_without_tokenising_it(request_: Request, template: str) -> None:
    fixture = Fixture(template)
    with pytest.raises(ContextLengthExceeded) as caught:
        fixture.task(request_)
    assert caught.value.param in ("prompt", "messages")
    assert fixture.model.tokenised == 0


def test_a_text_that_may_be_cut_is_cut_before_it_is_tokenised() -> None:
    fixture = Fixture()
    task = fixture.task(TextRequest(HUGE, truncate=True, max_tokens=100))
    assert bytes(task.prompt).decode() == HUGE[-len(task.prompt) :]
    assert len(task.prompt) == CONTEXT - 100
    assert fixture.model.tokenised <= 2 * CONTEXT
    ids = tuple(range(200)) * 10_000
    assert fixture.task(TextRequest(ids, truncate=True, max_tokens=100)).prompt == list(ids[-900:])


@pytest.mark.parametrize("template", ["", TEMPLATE])
@pytest.mark.parametrize("count", [1, 3_000])
def test_a_conversation_that_may_lose_its_middle_costs_what_fits(template: str, count: int) -> None:
    fixture = Fixture(template)
    messages = tuple(Message("user", f"{n} {HUGE[: len(HUGE) // count]}") for n in range(count))
    task = fixture.task(ChatRequest(messages, middle_out=True, max_tokens=100))
    assert CONTEXT // 2 < len(task.prompt) <= CONTEXT - 100
    assert fixture.model.tokenised < 100 * CONTEXT < len(HUGE) // 10


@given(st.text(max_size=400), st.integers(1, 300))
@settings(max_examples=200)
def test_cutting_first_changes_nothing(text: str, most: int) -> None:
    model = FakeModel(FakeOptions(context_length=2 * most))
    opened = OpenedModel(
        model, fake_vocabulary(), fake_format(), None, open_model(WorkerOptions("fake", runtime="fake")).info
    )
    if most > 64:
        task = Planner(opened, 100).task(TextRequest(text * 3, truncate=True, max_tokens=most))
        assert task.prompt == (list((text * 3).encode("utf-8", "replace"))[-most:] or task.prompt)


def test_long_work_ends_at_the_next_check() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise DeadlineExceeded("late")

    messages = tuple(Message("user", f"{n}") for n in range(3_000))
    with pytest.raises(DeadlineExceeded):
        Fixture().task(ChatRequest(messages, middle_out=True), check)


def test_messages_are_counted() -> None:
    with pytest.raises(InvalidRequest, match=f"{MESSAGES} messages"):
        Fixture().task(ChatRequest((Message("user"),) * (MESSAGES + 1), middle_out=True))


def test_a_suggestion_is_served_beside_it() -> None:
    assert Fixture().task(FimRequest("x = ", "\n")).prompt


def tokenizer(tokenised: list[str]) -> ChunkedTokenizer:
    def tokenize(text: str) -> list[int]:
        tokenised.append(text)
        return list(text.encode("utf-8", "replace"))

    return ChunkedTokenizer(tokenize, sentencepiece_cut(["a", "b", "\n"]))


def test_the_memory_of_pieces_has_a_size_in_bytes() -> None:
    chunks = tokenizer([])
    for n in range(20_000):
        chunks.tokenize(f"{n} {'x' * 500}\n")
        assert chunks.bytes_kept <= PIECE_CACHE_BYTES
    assert chunks.bytes_kept > PIECE_CACHE_BYTES // 2


def test_long_pieces_are_not_kept() -> None:
    tokenised: list[str] = []
    chunks = tokenizer(tokenised)
    for _ in range(2):
        chunks.tokenize("y" * (PIECE_CHARACTERS + 1))
        chunks.tokenize("short")
    assert [len(text) for text in tokenised] == [PIECE_CHARACTERS + 1, 5, PIECE_CHARACTERS + 1]
    assert chunks.bytes_kept < 1_000


@given(st.lists(st.sampled_from(["a", "bb", "c" * 50, "d" * 200, "\n"]), max_size=60), st.integers(0, 1_500))
def test_what_is_kept_is_right_and_small(pieces: list[str], most: int) -> None:
    cache = PieceCache(most)
    for piece in pieces:
        found = cache.get(piece)
        assert found is None or found.tobytes() == array("i", list(piece.encode())).tobytes()
        if found is None:
            cache.put(piece, array("i", list(piece.encode())))
        assert cache.bytes <= most
        assert sum(sys.getsizeof(text) for text in cache._entries) <= cache.bytes
