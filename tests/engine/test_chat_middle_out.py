"""Conversations that are too long lose their middle, and never more than they must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.prompt.middle_out import Measure, middle_out
from fimble.engine.prompt.shortening import LEFT_OUT
from fimble.engine.types import Message, Role, ToolCall


def count(messages: Sequence[Message]) -> int:
    """One token a character, and one for each message."""
    return sum(len(message.content) + 1 for message in messages)


MEASURE = Measure(count, lambda text: [1] * len(text), 1)
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
CONVERSATIONS = st.lists(
    st.builds(Message, ROLES, st.text(st.sampled_from("ab \n"), max_size=60)), min_size=1, max_size=14
).map(tuple)


@given(CONVERSATIONS, st.integers(0, 500))
def test_what_fits_is_left_alone_and_what_does_not_is_made_to_fit(
    messages: tuple[Message, ...], budget: int
) -> None:
    made = middle_out(messages, budget, MEASURE)
    if count(messages) <= budget:
        assert made == messages
    elif budget >= 2 * len(messages):
        assert count(made) <= budget


@given(CONVERSATIONS, st.integers(0, 500))
def test_order_roles_and_the_last_message_stay(messages: tuple[Message, ...], budget: int) -> None:
    made = middle_out(messages, budget, MEASURE)
    roles = iter(message.role for message in messages)
    assert all(message.role in roles for message in made)  # a subsequence
    assert made[-1].role == messages[-1].role


def talk(turns: int) -> tuple[Message, ...]:
    pairs = [(Message("user", f"question {n}"), Message("assistant", f"answer {n}")) for n in range(turns)]
    return (Message("system", "instructions"), *(m for pair in pairs for m in pair), Message("user", "last"))


def test_whole_turns_go_from_the_middle() -> None:
    made = middle_out(talk(6), count(talk(6)) - 1, MEASURE)
    assert [m.content for m in made] == [
        "instructions",
        *(text for n in (0, 1, 2, 4, 5) for text in (f"question {n}", f"answer {n}")),
        "last",
    ]


def test_instructions_and_the_last_question_are_the_last_to_go() -> None:
    assert [m.content for m in middle_out(talk(20), 30, MEASURE)] == ["instructions", "last"]


def test_a_call_and_its_result_go_together() -> None:
    call = ToolCall("1", "f", "{}")
    messages = (
        Message("user", "x" * 20),
        Message("assistant", tool_calls=(call,)),
        Message("tool", "y" * 20, tool_call_id="1"),
        Message("assistant", "z" * 20),
        Message("user", "now"),
    )
    assert middle_out(messages, 30, MEASURE) == (messages[-1],)


def test_a_single_text_that_is_too_long_loses_its_middle() -> None:
    text = "".join(chr(97 + n % 26) for n in range(1000))
    (made,) = middle_out((Message("user", text),), 101, MEASURE)
    assert count((made,)) <= 101
    start, mark, end = made.content.partition("\n[...]\n")
    assert mark
    assert text.startswith(start)
    assert text.endswith(end)
    assert abs(len(start) - len(end)) <= 1
    assert len(made.content) > 90


def test_the_longest_text_is_cut_first() -> None:
    made = middle_out((Message("system", "a" * 50), Message("user", "b" * 500)), 200, MEASURE)
    assert made[0].content == "a" * 50
    assert len(made[1].content) < 150


def test_other_roles_than_the_users_begin_no_turn() -> None:
    roles: list[Role] = ["assistant", "user", "assistant", "assistant", "user"]
    messages = tuple(Message(role, "t" * 10) for role in roles)
    assert [m.role for m in middle_out(messages, 25, MEASURE)] == ["assistant", "user"]


def reference(messages: tuple[Message, ...], budget: int) -> tuple[Message, ...]:
    """The same by trying: turns out of the middle one by one, then characters out of the longest texts."""
    start = 0
    while start < len(messages) - 1 and messages[start].role in ("system", "developer"):
        start += 1
    turns: list[tuple[Message, ...]] = [()]
    for message in messages[start:]:
        if message.role == "user" and turns[-1]:
            turns.append(())
        turns[-1] += (message,)
    while True:
        made = messages[:start] + tuple(message for turn in turns for message in turn)
        if count(made) <= budget or len(turns) == 1:
            break
        del turns[(len(turns) - 1) // 2]
    for _ in made:
        if count(made) <= budget:
            break
        at = max(range(len(made)), key=lambda at: len(made[at].content))
        made = next(filter(lambda cut: count(cut) <= budget, shorter(made, at)), (*shorter(made, at),)[-1])
    return made


def shorter(messages: tuple[Message, ...], at: int) -> Iterator[tuple[Message, ...]]:
    """With ever more out of the middle of one text, at last with all of it."""
    text = messages[at].content
    for kept in range(len(text) - 1, 0, -1):
        cut = text[: (kept + 1) // 2] + LEFT_OUT + text[len(text) - kept // 2 :]
        yield (*messages[:at], Message(messages[at].role, cut), *messages[at + 1 :])
    yield (*messages[:at], Message(messages[at].role, ""), *messages[at + 1 :])


@given(CONVERSATIONS, st.integers(0, 500))
def test_the_result_is_that_of_trying(messages: tuple[Message, ...], budget: int) -> None:
    assert middle_out(messages, budget, MEASURE) == reference(messages, budget)


@given(CONVERSATIONS, st.integers(0, 200), st.integers(1, 9), st.integers(0, 9), st.integers(1, 5))
def test_it_fits_whatever_the_format_puts_around(
    messages: tuple[Message, ...], budget: int, each: int, once: int, characters: int
) -> None:
    """``each`` and ``once``: tokens that a format has for each message and for the conversation."""

    def lengths(text: str) -> list[int]:
        return [len(text[at : at + characters]) for at in range(0, len(text), characters)]

    def whole(some: Sequence[Message]) -> int:
        return once + sum(each + len(lengths(message.content)) for message in some)

    made = middle_out(messages, budget, Measure(whole, lengths, characters))
    roles = iter(message.role for message in messages)
    assert all(message.role in roles for message in made)
    assert made[-1].role == messages[-1].role
    if budget >= once + each * len(messages):
        assert whole(made) <= budget
    if whole(messages) <= budget:
        assert made == messages


class Counted:
    """Measures like the others, and counts the characters that it tokenises."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.tokenised, self._stop_at = 0, stop_at
        self.measure = Measure(self._whole, self._lengths, 4)

    def _lengths(self, text: str) -> list[int]:
        self.tokenised += len(text)
        if self._stop_at is not None and self.tokenised >= self._stop_at:
            raise TimeoutError
        return [len(text[at : at + 4]) for at in range(0, len(text), 4)]

    def _whole(self, messages: Sequence[Message]) -> int:
        return sum(3 + len(self._lengths(message.content)) for message in messages)


LONG: dict[str, tuple[Message, ...]] = {
    "one text": (Message("user", "x" * 5_000_000),),
    "two texts": (Message("system", "x" * 5_000_000), Message("user", "y" * 5_000_000)),
    "turns": tuple(Message("user", f"{n} " * 1000) for n in range(2_000)),
    "short turns": tuple(Message("user", f"{n}") for n in range(100_000)),
    "one turn": (Message("user", "x"), *(Message("tool", f"{n} " * 300) for n in range(3_000))),
    "instructions": tuple(Message("system", f"{n} " * 300) for n in range(3_000)),
}


@pytest.mark.parametrize("kind", LONG)
def test_the_work_depends_on_the_budget_and_not_on_what_was_sent(kind: str) -> None:
    counted = Counted()
    made = middle_out(LONG[kind], 1_000, counted.measure)
    assert counted.tokenised < 10 * 1_000 * 4
    if kind not in ("one turn", "instructions"):  # more messages than tokens
        assert counted.measure.whole(made) <= 1_000


@given(st.integers(1, 3_000))
def test_it_ends_wherever_the_measure_does(stop_at: int) -> None:
    with pytest.raises(TimeoutError):
        middle_out(talk(30), 200, Counted(stop_at % 800 + 1).measure)
