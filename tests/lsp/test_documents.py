"""The server's text must equal the editor's, and its tree a fresh parse, after any edits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.tree import SyntaxTree
from fimble.lsp.documents import Document, Place, line_starts
from fimble.lsp.positions import Encoding, decode, encode

ENCODINGS: list[Encoding] = ["utf-8", "utf-16", "utf-32"]
ALPHABET = 'ab (:)\n\r\t"é€😀𝒳#=\u2028\x00'
TEXT = st.text(st.sampled_from(ALPHABET), max_size=24)
EDITS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 12), st.integers(0, 8), st.integers(0, 12), TEXT), max_size=6
)


class Editor:
    """A text as an editor keeps it: lines of units, edited by unit columns. A second, naive opinion."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.text, self._encoding = text, encoding

    def change(self, start: Place, end: Place, new: str) -> None:
        first, last = sorted((self._index(start), self._index(end)))
        self.text = self.text[:first] + new + self.text[last:]

    def _index(self, place: Place) -> int:
        """The character index of a place, found by walking over the text."""
        index = line = 0
        while line < place.line:
            if index >= len(self.text):
                return len(self.text)
            char = self.text[index]
            index += 2 if self.text[index : index + 2] == "\r\n" else 1
            line += char in "\r\n"
        units = 0
        while index < len(self.text) and self.text[index] not in "\r\n":
            width = self._width(self.text[index])
            if units + width > place.column:
                break
            units, index = units + width, index + 1
        return index

    def _width(self, char: str) -> int:
        if self._encoding == "utf-32":
            return 1
        return len(char.encode(self._encoding + ("-le" if self._encoding == "utf-16" else ""))) // (
            2 if self._encoding == "utf-16" else 1
        )


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=1000, deadline=None)
@given(text=TEXT, edits=EDITS)
def test_text_index_and_tree_follow_every_edit(
    encoding: Encoding, text: str, edits: list[tuple[int, int, int, int, str]]
) -> None:
    document = Document("file:///a.py", "python", 1, encoding, encode(text))
    editor = Editor(text, encoding)
    for line, column, end_line, end_column, new in edits:
        start, end = Place(line, column), Place(end_line, end_column)
        if (line, column) > (end_line, end_column):
            start, end = end, start
        editor.change(start, end, new)
        document.change(start, end, new)
        assert document.text == editor.text
        assert document.starts == line_starts(document.data)
    fresh = SyntaxTree(find_language("python"), document.data)
    assert str(document.tree.root) == str(fresh.root)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=300, deadline=None)
@given(text=TEXT, data=st.data())
def test_places_and_offsets_are_inverse_on_character_starts(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    document = Document("file:///a", "plaintext", 1, encoding, encode(text))
    index = data.draw(st.integers(0, len(text)))
    offset = len(encode(text[:index]))
    inside_pair = text[index - 1 : index + 1] == "\r\n"
    assert document.offset(document.place(offset)) == offset - inside_pair


def test_columns_past_the_end_and_inside_characters() -> None:
    document = Document("file:///a", "plaintext", 1, "utf-16", encode("a😀b\r\nc"))
    assert document.offset(Place(0, 2)) == 1  # inside the pair: the character's start
    assert document.offset(Place(0, 3)) == 5
    assert document.offset(Place(0, 99)) == 6  # before the line end
    assert document.offset(Place(9, 0)) == len(document.data)


def test_lone_surrogates_survive() -> None:
    document = Document("file:///a", "plaintext", 1, "utf-16", encode("x\ud83dy"))
    assert document.text == "x\ud83dy"
    document.change(Place(0, 1), Place(0, 2), "")
    assert decode(document.data) == "xy"


def test_huge_documents_have_no_tree() -> None:
    assert Document("file:///a.py", "python", 1, "utf-16", b"x = 1\n" * 400_000).tree is None
