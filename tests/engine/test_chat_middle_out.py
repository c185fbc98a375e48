"""Conversations that are too long lose their middle, and never more than they must."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.prompt.middle_out import middle_out
from fimble.engine.types import Message, Role, ToolCall


def count(messages: Sequence[Message]) -> int:
    """One token a character, and one for each message."""
    return sum(len(message.content) + 1 for message in messages)


ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
CONVERSATIONS = st.lists(
    st.builds(Message, ROLES, st.text(st.sampled_from("ab \n"), max_size=60)), min_size=1, max_size=14
).map(tuple)


@given(CONVERSATIONS, st.integers(0, 500))
def test_what_fits_is_left_alone_and_what_does_not_is_made_to_fit(
    messages: tuple[Message, ...], budget: int
) -> None:
    made = middle_out(messages, budget, count)
    if count(messages) <= budget:
        assert made == messages
    elif budget >= 2 * len(messages):
        assert count(made) <= budget


@given(CONVERSATIONS, st.integers(0, 500))
def test_order_roles_and_the_last_message_stay(messages: tuple[Message, ...], budget: int) -> None:
    made = middle_out(messages, budget, count)
    roles = iter(message.role for message in messages)
    assert all(message.role in roles for message in made)  # a subsequence
    assert made[-1].role == messages[-1].role


def talk(turns: int) -> tuple[Message, ...]:
    pairs = [(Message("user", f"question {n}"), Message("assistant", f"answer {n}")) for n in range(turns)]
    return (Message("system", "instructions"), *(m for pair in pairs for m in pair), Message("user", "last"))


def test_whole_turns_go_from_the_middle() -> None:
    made = middle_out(talk(6), count(talk(6)) - 1, count)
    assert [m.content for m in made] == [
        "instructions",
        *(text for n in (0, 1, 2, 4, 5) for text in (f"question {n}", f"answer {n}")),
        "last",
    ]


def test_instructions_and_the_last_question_are_the_last_to_go() -> None:
    assert [m.content for m in middle_out(talk(20), 30, count)] == ["instructions", "last"]


def test_a_call_and_its_result_go_together() -> None:
    call = ToolCall("1", "f", "{}")
    messages = (
        Message("user", "x" * 20),
        Message("assistant", tool_calls=(call,)),
        Message("tool", "y" * 20, tool_call_id="1"),
        Message("assistant", "z" * 20),
        Message("user", "now"),
    )
    assert middle_out(messages, 30, count) == (messages[-1],)


def test_a_single_text_that_is_too_long_loses_its_middle() -> None:
    text = "".join(chr(97 + n % 26) for n in range(1000))
    (made,) = middle_out((Message("user", text),), 101, count)
    assert count((made,)) <= 101
    start, mark, end = made.content.partition("\n[...]\n")
    assert mark
    assert text.startswith(start)
    assert text.endswith(end)
    assert abs(len(start) - len(end)) <= 1
    assert len(made.content) > 90


def test_the_longest_text_is_cut_first() -> None:
    made = middle_out((Message("system", "a" * 50), Message("user", "b" * 500)), 200, count)
    assert made[0].content == "a" * 50
    assert len(made[1].content) < 150


def test_other_roles_than_the_users_begin_no_turn() -> None:
    roles: list[Role] = ["assistant", "user", "assistant", "assistant", "user"]
    messages = tuple(Message(role, "t" * 10) for role in roles)
    assert [m.role for m in middle_out(messages, 25, count)] == ["assistant", "user"]
