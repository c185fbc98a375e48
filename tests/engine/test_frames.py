"""Messages between processes: each arrives as it was sent, and no bytes do anything but fail to be one."""

from __future__ import annotations

import asyncio
import io
import random
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine import errors
from fimble.engine.errors import FimbleError, FrameError, InvalidRequest, RequestError
from fimble.engine.limits import FRAME_BYTES
from fimble.engine.types import Delta, FimRequest, ModelInfo
from fimble.engine.workers import streams
from fimble.engine.workers.codec import COMMANDS, REPLIES, Decoder, encode
from fimble.engine.workers.frames import pack, read
from fimble.engine.workers.messages import (
    Cancel,
    Command,
    Ended,
    Open,
    Opened,
    Piece,
    Reply,
    Run,
    Unload,
    WorkerOptions,
)
from fimble.engine.workers.streams import receive

ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FimbleError)]
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
"""Any text that Python can hold, lone surrogates among it."""


def failures() -> st.SearchStrategy[FimbleError]:
    def failure(kind: type[FimbleError], message: str, param: str | None) -> FimbleError:
        return kind(message, param) if issubclass(kind, RequestError) else kind(message)

    return st.builds(failure, st.sampled_from(ERRORS), TEXTS, st.none() | TEXTS)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a declared type, to the depth of its fields."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is str:
        return TEXTS
    if kind in (FimbleError, Exception):
        return failures()
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values(hints[field.name]) for field in fields(kind)})
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([values(each) for each in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(each) for each in arguments))
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(),
        float: st.floats(allow_nan=False),
        bool: st.booleans(),
        bytes: st.binary(max_size=9),
        NoneType: st.none(),
        object: st.none() | st.integers() | TEXTS | st.lists(st.booleans(), max_size=2),
    }
    return simple[kind]


def comparable(message: Any) -> Any:
    """Errors are equal when class and fields are."""
    error = getattr(message, "error", None)
    if error is None:
        return message
    told = (type(error), error.message, getattr(error, "param", None))
    return (type(message), getattr(message, "id", None), told)


class TestRoundTrip:
    @settings(max_examples=400, deadline=None)
    @given(values(Command))
    def test_every_command_arrives_as_it_was_sent(self, command: Command) -> None:
        assert COMMANDS.decode(encode(command)) == command

    @settings(max_examples=400, deadline=None)
    @given(values(Reply))
    def test_every_reply_arrives_as_it_was_sent(self, reply: Reply) -> None:
        assert comparable(REPLIES.decode(encode(reply))) == comparable(reply)

    @pytest.mark.parametrize("kind", ERRORS)
    def test_every_error_comes_back_as_itself(self, kind: type[FimbleError]) -> None:
        back = REPLIES.decode(encode(Ended(1, kind("why"))))
        assert isinstance(back, Ended)
        assert (type(back.error), back.error.message) == (kind, "why")

    def test_an_error_of_an_unknown_class_comes_back_as_the_nearest_known_one(self) -> None:
        class Special(InvalidRequest):
            pass

        back = REPLIES.decode(encode(Ended(1, Special("why", "stop"))))
        assert comparable(back) == comparable(Ended(1, InvalidRequest("why", "stop")))

    @pytest.mark.parametrize("text", ["\ud800", "a\udcff.gguf", "\udc00\ud800", '"[\ud83d'])
    def test_lone_surrogates_travel(self, text: str) -> None:
        sent = FimRequest(text, text + "é😀", path=text, stop=(text,))
        assert COMMANDS.decode(encode(Run(1, sent))) == Run(1, sent)
        assert COMMANDS.decode(encode(Open(WorkerOptions(text)))) == Open(WorkerOptions(text))


class TestBounds:
    def test_a_message_that_is_too_long_is_refused_by_its_sender(self) -> None:
        with pytest.raises(InvalidRequest, match=r"16\.8 MB"):
            pack(Run(1, FimRequest("x" * FRAME_BYTES, "")))

    async def test_a_length_above_the_limit_is_not_read(self) -> None:
        header = struct.pack("<I", FRAME_BYTES + 1)
        with pytest.raises(FrameError, match="at most"):
            read(io.BytesIO(header + b"x" * 100), COMMANDS)
        with pytest.raises(FrameError, match="at most"):
            await receive(reader_of(header), COMMANDS)

    async def test_a_message_that_does_not_go_on_ends_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "FRAME_SECONDS", 0.0)
        stream = asyncio.StreamReader()
        stream.feed_data(struct.pack("<I", 10) + b"half")
        with pytest.raises(FrameError, match="in time"):
            await receive(stream, COMMANDS)


def reader_of(data: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return stream


def mutated(chance: random.Random, data: bytes) -> bytes:
    """The bytes with a few of them changed, left out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0 if at < len(changed):
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randint(1, 8)]
            case 2:
                changed[at:at] = chance.randbytes(chance.randint(1, 8))
            case _:
                changed[at:at] = changed[at : at + chance.randint(1, 60)]
    return bytes(changed)


SAMPLES: list[tuple[Any, Decoder[Any]]] = [
    (Open(WorkerOptions("m.gguf", fake={"answer": "x", "n": 1})), COMMANDS),
    (Run(7, FimRequest("def f(", ")\n", "python", "a.py", stop=("\n",))), COMMANDS),
    (Run(8, FimRequest("\ud800", "")), COMMANDS),
    (Cancel(3), COMMANDS),
    (Unload(), COMMANDS),
    (Opened(ModelInfo("m", "fake", 2048, True)), REPLIES),
    (Piece(1, Delta("x", "stop")), REPLIES),
    (Ended(1, InvalidRequest("no", "stop")), REPLIES),
]


class TestHostileBytes:
    @pytest.mark.parametrize(("message", "decoder"), SAMPLES)
    def test_changed_messages_are_messages_or_one_error(self, message: Any, decoder: Decoder[Any]) -> None:
        chance, data = random.Random(1), encode(message)
        for _ in range(1500):
            with suppress(FrameError):
                decoder.decode(mutated(chance, data))

    @settings(max_examples=2000, deadline=None)
    @given(st.binary(max_size=80))
    def test_random_bytes_are_one_error(self, data: bytes) -> None:
        for decoder in (COMMANDS, REPLIES):
            with pytest.raises(FrameError):
                decoder.decode(data)

    @pytest.mark.parametrize(
        "body",
        [
            b"\x92\xa3fim" + b"\x91" * 1_000_000,  # deep
            b"[" * 1_000_000,
            b'["fim",' + b'{"a":' * 100_000,
            b"\x92\xa3fim\xdd\xff\xff\xff\xff",  # an array that claims four thousand million elements
            b"\x92\xa4Open\xdf\xff\xff\xff\xff",
            b"\x92\xdb\xff\xff\xff\xff",
            b"\x92\xa5Ended\x82\xa2id\x01\xa5error\x82\xa4name\xaaSystemExit\xa7message\xa1x",
            b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",  # a pickle
            b'["fim",1' + b"0" * 10_000 + b"]",
            b"",
        ],
        ids=lambda body: repr(body[:16]),
    )
    def test_what_would_be_expensive_or_foreign_is_refused(self, body: bytes) -> None:
        for decoder in (COMMANDS, REPLIES):
            with pytest.raises(FrameError):
                decoder.decode(body)


class TestRealChild:
    """A worker process whose standard input says what no engine would say."""

    @pytest.mark.parametrize(
        "sent",
        [
            b"\xff\xff\xff\xff" + b"x" * 100_000,
            struct.pack("<I", 5) + b"hello",
            pack(Opened(ModelInfo("m", "fake", 1, True))),
            pack(Open(WorkerOptions("fake", runtime="fake")))
            + pack(Run(1, FimRequest("x", "")))
            + b"\xff" * 64,
        ],
        ids=["length", "no message", "a reply", "after good ones"],
    )
    def test_it_ends_with_a_sentence(self, sent: bytes) -> None:
        done = worker_process(sent)
        assert done.returncode == 1
        assert b"A message between fimble's processes" in done.stderr

    @pytest.mark.parametrize("sent", [b"", b"\x01", struct.pack("<I", 50) + b"half a message"])
    def test_it_ends_in_silence_when_its_parent_is_gone(self, sent: bytes) -> None:
        assert worker_process(sent).returncode == 0

    def test_nothing_that_is_sent_makes_it_hang(self) -> None:
        chance, good = (
            random.Random(2),
            pack(Open(WorkerOptions("fake", runtime="fake"))) + pack(Run(1, FimRequest("x", ""))),
        )
        for _ in range(8):
            assert worker_process(mutated(chance, good)).returncode in (0, 1)


def worker_process(sent: bytes) -> subprocess.CompletedProcess[bytes]:
    """What becomes of a worker that is sent these bytes, and then the end."""
    command = [sys.executable, "-P", "-m", "fimble.engine.workers.child"]
    return subprocess.run(command, input=sent, capture_output=True, timeout=60)
