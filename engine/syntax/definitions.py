"""What a file defines: names with their signatures, as other files use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from .outline import DEFINES
from .tree import SyntaxTree

SIGNATURE_CHARACTERS = 400
"""A longer signature is cut at a line's end."""
_WRAPPERS = re.compile(
    r"decorated_definition|export_statement|namespace_definition|declaration_list|preproc_ifdef|preproc_if"
    r"|linkage_specification|template_declaration|mod_item|internal_module|module"
)
_VALUES = re.compile(
    r"expression_statement|lexical_declaration|variable_declaration|const_item|static_item"
    r"|(const|var|field)?_?declaration|preproc_(function_)?def|public_field_definition|type_spec|type_alias"
)
_HOLDS_NAME = re.compile(_VALUES.pattern + "|type_declaration")
_WHOLE = ("struct", "interface", "enum", "type", "union")
"""Kinds whose bodies say what they are, where they are short."""


@dataclass(frozen=True, slots=True)
class Definition:
    """``signature`` are whole lines without their common indentation; ``holder`` is the class or type that it
    is part of, empty at a file's top."""

    name: str
    signature: str
    holder: str = ""


def definitions(tree: SyntaxTree, source: bytes, limit: int) -> list[Definition]:
    """At most ``limit`` definitions of a file's top and of its classes, in their order."""
    found: list[Definition] = []
    for each in _walk(tree.root, source, "", 4):
        found.append(each)
        if len(found) >= limit:
            break
    return found


def _walk(node: Node, source: bytes, holder: str, depth: int) -> Iterator[Definition]:
    for child in node.named_children:
        if depth and _WRAPPERS.fullmatch(child.type):
            yield from _walk(child, source, holder, depth - 1)
        elif _VALUES.fullmatch(child.type):
            name, text = _name(child, source), _first_line(child, source)
            if name and text:
                yield Definition(name, text, holder)
        elif DEFINES.search(child.type) and child.child_count > 1 and (name := _name(child, source)):
            whole = _is_short_type(child)
            if child.type != "impl_item":
                yield Definition(name, _signature(child, source, whole), holder)
            body = child.child_by_field_name("body")
            if body is not None and depth and not whole and not re.search("function|method", child.type):
                yield from _walk(body, source, name, depth - 1)


def _name(node: Node, source: bytes) -> str:
    """What a definition is called: the field ``name``, or the innermost declarator of C and its kin."""
    at: Node | None = node
    for _ in range(6):
        if at is None:
            return ""
        named = at.child_by_field_name("name") or (at if at.type.endswith("identifier") else None)
        if named is not None:
            return source[named.start_byte : named.end_byte].decode("utf-8", "replace").rpartition("::")[2]
        at = next(
            filter(None, map(at.child_by_field_name, ("declarator", "left", "type"))),
            at.named_children[0] if at.named_children and _HOLDS_NAME.fullmatch(at.type) else None,
        )
    return ""


def _is_short_type(node: Node) -> bool:
    """Whether its body says what it is, in a few lines."""
    short = node.end_byte - node.start_byte <= SIGNATURE_CHARACTERS
    return short and any(kind in node.type for kind in _WHOLE)


def _signature(node: Node, source: bytes, whole: bool) -> str:
    body = node.child_by_field_name("body")
    return _lines(node.start_byte, node.end_byte if body is None or whole else body.start_byte, source)


def _first_line(node: Node, source: bytes) -> str:
    """A value's or a field's line; not what holds a function or calls one for its effect."""
    inner = node.named_children[0] if node.named_children else None
    if node.type == "expression_statement" and (inner is None or inner.type != "assignment"):
        return ""
    end = source.find(b"\n", node.start_byte, node.end_byte)
    return _lines(node.start_byte, node.end_byte if end < 0 else end, source)


def _lines(start: int, end: int, source: bytes) -> str:
    """The text between two places, less the indentation of its first line, as whole lines."""
    first = source.rfind(b"\n", 0, start) + 1
    before = source[first:start]
    indent = len(before) - len(before.lstrip()) if not before.strip() else 0
    lines, left = [], SIGNATURE_CHARACTERS
    for number, line in enumerate(source[start:end].decode("utf-8", "replace").rstrip().splitlines()):
        kept = line if not number else line[min(indent, len(line) - len(line.lstrip())) :]
        left -= len(kept) + 1
        if left < 0:
            break
        lines.append(kept.rstrip() + "\n")
    return "".join(lines)
