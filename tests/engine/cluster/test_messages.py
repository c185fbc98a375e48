"""What a front and its agent say to each other survives the pipe, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.cluster.messages import (
    Ask,
    Failed,
    FromAgent,
    Join,
    Joined,
    Leave,
    Lost,
    NotJoined,
    Said,
    ToAgent,
    from_agent,
    pack,
    to_agent,
)
from fimble.engine.errors import FrameError
from fimble.engine.workers.frames import LENGTH

IDS = st.integers(0, 2**40)
TO_AGENT = st.one_of(
    st.builds(Join, st.text()),
    st.builds(Leave, IDS),
    st.builds(Ask, IDS, st.sampled_from(["generate", "about", "status"]), st.text(), st.text(), st.binary()),
)
FROM_AGENT = st.one_of(
    st.just(Joined()),
    st.builds(NotJoined, st.text(), st.booleans()),
    st.builds(Said, IDS, st.binary()),
    st.builds(Lost, IDS, st.text()),
    st.builds(Failed, IDS, st.text(), st.booleans()),
)


@given(TO_AGENT)
def test_what_a_front_says(message: ToAgent) -> None:
    assert to_agent(pack(message)[LENGTH.size :]) == message


@given(FROM_AGENT)
def test_what_an_agent_says(message: FromAgent) -> None:
    assert from_agent(pack(message)[LENGTH.size :]) == message


@given(FROM_AGENT, TO_AGENT)
def test_neither_takes_the_other_s(from_one: FromAgent, to_one: ToAgent) -> None:
    with pytest.raises(FrameError):
        to_agent(pack(from_one)[LENGTH.size :])
    with pytest.raises(FrameError):
        from_agent(pack(to_one)[LENGTH.size :])


@given(st.binary(max_size=50))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        from_agent(data)
