"""From token bytes to text: whole characters, no stop string, and every token's place."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.stops import StopScanner, overlap
from fimble.engine.decode.text import TextWriter
from fimble.engine.tokens import TokenLogprob

TEXTS = st.text(st.sampled_from("ab\nßé漢🙂"), max_size=40)
STOPS = st.lists(st.text(st.sampled_from("ab\nß"), min_size=1, max_size=4), max_size=3)


@st.composite
def cut_bytes(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    """A text, and its bytes cut anywhere."""
    text = draw(TEXTS)
    data = text.encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    bounds = [0, *cuts, len(data)]
    return text, [data[a:b] for a, b in pairwise(bounds)]


def until_stop(text: str, stops: list[str]) -> str:
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else text


def write(pieces: list[bytes], stops: list[str]) -> tuple[str, list[TokenLogprob]]:
    writer, shown, entries = TextWriter(stops), "", list[TokenLogprob]()
    for token, data in enumerate(pieces):
        shown += writer.feed(data, TokenLogprob(token, data, -1.0, (), writer.offset))
        entries += writer.logprobs()
        if writer.stopped:
            break
    shown += writer.flush()
    return shown, entries + list(writer.logprobs())


@given(cut_bytes())
def test_joined_pieces_are_the_text_wherever_tokens_cut_it(made: tuple[str, list[bytes]]) -> None:
    text, pieces = made
    shown, entries = write(pieces, [])
    assert shown == text
    assert [entry.token for entry in entries] == list(range(len(pieces)))


@given(cut_bytes(), STOPS)
def test_a_stop_string_never_shows(made: tuple[str, list[bytes]], stops: list[str]) -> None:
    text, pieces = made
    shown, _ = write(pieces, stops)
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    # whichever stop string is whole first ends it, even if a longer one began earlier
    assert shown.startswith(until_stop(text, stops))
    assert shown == text or any(text.startswith(stop, len(shown)) for stop in stops)


@given(cut_bytes())
def test_offsets_are_where_tokens_begin(made: tuple[str, list[bytes]]) -> None:
    _, entries = write(made[1], [])
    before = b""
    for entry in entries:
        assert entry.offset == len(before.decode(errors="ignore"))
        before += entry.text


@given(cut_bytes(), STOPS)
def test_only_tokens_of_the_shown_text_have_entries(made: tuple[str, list[bytes]], stops: list[str]) -> None:
    text, pieces = made
    shown, entries = write(pieces, stops)
    if len(shown) < len(text):
        assert all(entry.offset < len(shown) for entry in entries)


def test_half_a_character_waits_and_a_broken_one_is_replaced() -> None:
    writer = TextWriter(())
    assert writer.feed("é".encode()[:1]) == ""
    assert writer.feed("é".encode()[1:]) == "é"
    assert writer.feed(b"\xff\xf0\x9f") == "\ufffd"
    assert writer.flush() == "\ufffd"


def test_offsets_go_on_after_an_echo() -> None:
    writer = TextWriter((), before=10)
    writer.feed(b"ab")
    assert writer.offset == 12


@given(TEXTS, st.text(st.sampled_from("ab\n"), min_size=1, max_size=5))
def test_overlap_is_the_longest_end_that_could_begin_a_stop(text: str, stop: str) -> None:
    length = overlap(text, stop)
    assert length < len(stop)
    assert text.endswith(stop[:length])
    assert not any(text.endswith(stop[:n]) for n in range(length + 1, len(stop)))


def test_the_first_stop_string_ends_it() -> None:
    scanner = StopScanner(["\n\n", "end"])
    assert scanner.feed("a\n") == "a"
    assert scanner.feed("b en") == "\nb "
    assert scanner.feed("d\n\n") == ""
    assert scanner.stopped
    assert scanner.feed("more") == ""


@given(st.text(alphabet="a \n", max_size=12), st.integers(1, 4))
def test_one_line_ends_with_its_end_whatever_the_pieces(text: str, pieces: int) -> None:
    scanner = StopScanner((), one_line=True)
    shown = ""
    for at in range(0, len(text), pieces):
        shown += scanner.feed(text[at : at + pieces])
    said = text.lstrip()
    blank = text[: len(text) - len(said)]
    assert shown + scanner.flush() == blank + said.partition("\n")[0]
    assert scanner.stopped == ("\n" in said)
