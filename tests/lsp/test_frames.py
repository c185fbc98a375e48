"""Messages in a stream of bytes: found in pieces of any size, bounded, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.lsp.frames import BadFrame, FrameParser, TooLong
from fimble.lsp.limits import HEADER_BYTES, MESSAGE_BYTES

HEADERS = [b"Content-Length: %d\r\n\r\n", b"content-length:%d\r\nContent-Type: x; charset=utf-8\r\n\r\n"]
MESSAGES = st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=50)), max_size=8)


@given(MESSAGES, st.lists(st.integers(1, 30), max_size=100))
def test_messages_come_whole_however_they_are_cut(
    messages: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(header % len(body) + body for header, body in messages)
    parser, found = FrameParser(), list[bytes | TooLong]()
    for size in [*cuts, len(stream)]:
        found += parser.feed(stream[:size])
        stream = stream[size:]
    assert found == [body for _, body in messages]


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_refused(first: bytes, second: bytes) -> None:
    parser = FrameParser()
    try:
        for piece in (first, b"Content-Length: 3\r\n\r\n", second):
            list(parser.feed(piece))
    except BadFrame:
        return


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n",
        b"Content-Length: 2\r\nOrigin: http://evil\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n",
        b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Type: x\r\n\r\n",
        b"\r\n\r\n",
        b"Content-Type: " + b"x" * HEADER_BYTES,
    ],
)
def test_what_is_no_language_client_is_refused(sent: bytes) -> None:
    with pytest.raises(BadFrame):
        list(FrameParser().feed(sent))


def test_a_message_that_is_too_long_is_skipped_unread() -> None:
    parser, size = FrameParser(), MESSAGE_BYTES + 1
    assert list(parser.feed(b"Content-Length: %d\r\n\r\n" % size)) == [TooLong(size)]
    piece = bytes(1 << 20)
    for _ in range(size // len(piece)):
        assert list(parser.feed(piece)) == []
        assert len(parser._buffer) == 0
    assert list(parser.feed(b"\0Content-Length: 2\r\n\r\n{}")) == [b"{}"]
