"""Kinds of place in code: what stands left and right of a cursor, and what the tree says of it."""

from __future__ import annotations

from fimble.engine.syntax.languages import LanguageSpec
from fimble.engine.syntax.tree import SyntaxTree

KINDS = (
    "inside a word", "after a word", "after a space or sign", "at a line's start", "at a line's end",
    "in a comment", "in a string", "with text behind it",
)  # fmt: skip
INSIDE, WORD, SIGN, START, END, COMMENT, STRING, REST = KINDS
_COMMENTS = ("comment",)
_STRINGS = ("string", "char_literal", "character_literal", "rune_literal", "string_fragment")
_CODE_INSIDE = ("interpolation", "template_substitution")


def kinds_of(spec: LanguageSpec, before: str, typed: str, after: str) -> list[str]:
    """The kind of place ahead of every character of ``typed``, and behind the last one.

    It is read off the finished text: a cursor between two letters is inside a word, wherever a person may
    believe to be.
    """
    text = before + typed + after
    tree = SyntaxTree(spec, text.encode())
    at_byte, found = len(before.encode()), []
    for number in range(len(typed) + 1):
        if number:
            at_byte += len(typed[number - 1].encode())
        found.append(_kind(tree, text, len(before) + number, at_byte, after))
    return found


def _kind(tree: SyntaxTree, text: str, at: int, at_byte: int, after: str) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    left, right = text[at - 1 : at], text[at : at + 1]
    if after.partition("\n")[0].strip():
        return REST
    if (inside := quoted(tree, at_byte)) is not None:
        return inside
    if not line.strip():
        return START
    if right in ("\n", ""):
        return END
    if _word(left):
        return INSIDE if _word(right) else WORD
    return SIGN


def quoted(tree: SyntaxTree, at: int) -> str | None:
    """:data:`COMMENT` or :data:`STRING` where byte ``at`` is in one, else None. Behind the last character
    of a comment that ends with its line, one still writes in it."""
    node = tree.root.descendant_for_byte_range(max(0, at - 1), at)
    while node is not None:
        inside = node.start_byte < at < node.end_byte
        if node.type in _CODE_INSIDE and inside:
            return None
        if node.type.endswith(_COMMENTS) and (inside or (at == node.end_byte and _to_line_end(node.text))):
            return COMMENT
        if (node.type in _STRINGS or node.type.endswith(("string", "string_literal"))) and inside:
            return STRING
        node = node.parent
    return None


def _to_line_end(comment: bytes | None) -> bool:
    return comment is not None and not comment.endswith(b"*/")


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"
