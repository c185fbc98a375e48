"""A text as an editor keeps it: a second, naive opinion."""

from __future__ import annotations

from fimble.lsp.positions import Encoding, Place


class Reference:
    """One text, edited by columns of an encoding."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.text, self._encoding = text, encoding

    def change(self, start: Place, end: Place, new: str) -> None:
        first, last = sorted((self.index(start), self.index(end)))
        self.text = self.text[:first] + new + self.text[last:]

    def index(self, place: Place) -> int:
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
        if self._encoding == "utf-8":
            return len(char.encode())
        return len(char.encode("utf-16-le")) // 2
