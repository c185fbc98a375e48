"""The server's text must equal the editor's after any edits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.lsp import limits
from fimble.lsp.document import Document, split_lines
from fimble.lsp.documents import LOST, TOO_LARGE, TOO_MANY, Documents
from fimble.lsp.limits import CONTEXT_CHARACTERS, CONTEXT_STEP
from fimble.lsp.positions import Encoding, Place

from .reference import Reference

ENCODINGS: list[Encoding] = ["utf-8", "utf-16", "utf-32"]
ALPHABET = 'ab (:)\n\r\t"é€😀𝒳#=\u2028\x00'
TEXT = st.text(st.sampled_from(ALPHABET), max_size=24)
EDITS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 12), st.integers(0, 8), st.integers(0, 12), TEXT), max_size=6
)


def document(text: str, encoding: Encoding = "utf-16") -> Document:
    made = Document("file:///a.py", "python", encoding)
    made.replace(text)
    return made


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=1000, deadline=None)
@given(text=TEXT, edits=EDITS)
def test_text_and_lines_follow_every_edit(
    encoding: Encoding, text: str, edits: list[tuple[int, int, int, int, str]]
) -> None:
    one = document(text, encoding)
    editor = Reference(text, encoding)
    for line, column, end_line, end_column, new in edits:
        start, end = sorted([Place(line, column), Place(end_line, end_column)])
        behind = len(editor.text) - max(editor.index(start), editor.index(end))
        editor.change(start, end, new)
        cursor = one.change(start, end, new)
        assert one.text == editor.text
        assert one.lines == split_lines(one.text)
        assert one.length == len(one.text)
        assert one.offset(cursor) in (len(one.text) - behind, len(one.text) - behind - 1)  # before "\r\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=300, deadline=None)
@given(text=TEXT, data=st.data())
def test_places_and_offsets_are_inverse_on_character_starts(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    one = document(text, encoding)
    index = data.draw(st.integers(0, len(text)))
    inside_pair = text[index - 1 : index + 1] == "\r\n"
    assert one.offset(one.place(index)) == index - inside_pair


@settings(max_examples=300, deadline=None)
@given(text=TEXT, data=st.data())
def test_a_snapshot_is_the_text_around_a_place(text: str, data: st.DataObject) -> None:
    one = document(text)
    index = one.offset(one.place(data.draw(st.integers(0, len(text)))))
    snapshot = one.snapshot(one.place(index))
    assert (snapshot.prefix, snapshot.suffix) == (text[:index], text[index:])
    assert (snapshot.before, snapshot.behind) == (index, len(text) - index)


def test_snapshots_of_large_files_are_bounded_and_keys_do_not_move_their_ends() -> None:
    one = document("a line of 20 letters\n" * 20_000)
    at = Place(10_000, 3)
    first = one.snapshot(at)
    assert CONTEXT_CHARACTERS <= len(first.prefix) < CONTEXT_CHARACTERS + CONTEXT_STEP
    assert CONTEXT_CHARACTERS <= len(first.suffix) < CONTEXT_CHARACTERS + CONTEXT_STEP
    second = one.snapshot(one.change(at, at, "x"))
    assert second.prefix == first.prefix + "x"
    assert second.suffix == first.suffix
    assert second.left_out == first.left_out
    assert first.typed("x") == replace(second, revision=first.revision, start=first.start, end=first.end)


def test_what_is_inserted_stands_in_place_of_what_it_replaces() -> None:
    snapshot = document("a.pri(x)").snapshot(Place(0, 2), Place(0, 5), "print")
    assert (snapshot.prefix, snapshot.suffix, snapshot.behind) == ("a.print", "(x)", 3)


def test_columns_past_the_end_and_inside_characters() -> None:
    one = document("a😀b\r\nc")
    assert one.offset(Place(0, 2)) == 1  # inside the pair: the character's start
    assert one.offset(Place(0, 3)) == 2
    assert one.offset(Place(0, 99)) == 3  # before the line end
    assert one.offset(Place(9, 0)) == one.length


def test_lone_surrogates_survive() -> None:
    one = document("x\ud83dy")
    assert one.text == "x\ud83dy"
    one.change(Place(0, 1), Place(0, 2), "")
    assert one.text == "xy"


class TestBounds:
    def test_a_huge_document_is_not_kept_until_it_has_shrunk(self) -> None:
        documents = Documents()
        one = documents.open("u", "python", "x" * (limits.DOCUMENT_CHARACTERS + 1))
        assert one is not None
        assert (one.refusal, one.length) == (TOO_LARGE, 0)
        assert documents.change(one, Place(0, 0), Place(0, 1), "") is None
        documents.replace(one, "x")
        assert (one.refusal, one.text) == (None, "x")

    def test_all_documents_together(self) -> None:
        documents, text = Documents(), "x" * limits.DOCUMENT_CHARACTERS
        count = limits.ALL_CHARACTERS // limits.DOCUMENT_CHARACTERS
        opened = [documents.open(str(number), "python", text) for number in range(count + 1)]
        assert [each.refusal for each in opened] == [None] * count + [TOO_MANY]
        documents.close("0")
        documents.replace(opened[-1], text)
        assert opened[-1].refusal is None

    def test_the_number_of_documents(self) -> None:
        documents = Documents()
        opened = [documents.open(str(number), "python", "") for number in range(limits.DOCUMENTS + 1)]
        assert [each is None for each in opened] == [False] * limits.DOCUMENTS + [True]

    def test_too_many_edits_at_once(self) -> None:
        documents = Documents()
        one = documents.open("u", "python", "x")
        assert one is not None
        assert documents.allow(one, limits.EDITS)
        assert not documents.allow(one, limits.EDITS + 1)
        assert (one.refusal, one.text) == (LOST, "")
