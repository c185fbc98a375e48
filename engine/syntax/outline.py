"""The signatures of a file: what another file may want to know of it, in a few lines."""

from __future__ import annotations

import re

from tree_sitter import Node

from .tree import SyntaxTree

DEFINES = re.compile(
    r"(function|method|class|interface|struct|enum|trait|impl|module|type_alias|constructor|type)"
    r"(_definition|_declaration|_item|_specifier|_signature|_alias_declaration)?$|decorated_definition"
)
_HOLDS = re.compile(
    r"(class|interface|impl|trait|module|declaration_list|block|body|export_statement|namespace)"
)
_BODY = re.compile(r"(body|block)")
MAX_DEPTH = 6


def outline(tree: SyntaxTree, source: bytes, limit: int) -> str:
    """The first lines of definitions, indented as they are, in at most ``limit`` characters."""
    lines: list[str] = []
    _collect(tree.root, source, lines, MAX_DEPTH)
    kept, left = [], limit
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "".join(line + "\n" for line in kept)


def _collect(node: Node, source: bytes, lines: list[str], depth: int) -> None:
    for child in node.named_children:
        if DEFINES.search(child.type) and child.child_count > 1:
            _add_line(child, source, lines)
        if depth and (_HOLDS.search(child.type) or DEFINES.search(child.type)):
            inner = child if _HOLDS.search(child.type) else None
            if inner is not None and not _is_function_body(node, child):
                _collect(inner, source, lines, depth - 1)


def _is_function_body(parent: Node, child: Node) -> bool:
    return bool(_BODY.search(child.type)) and bool(re.search(r"function|method|constructor", parent.type))


def _add_line(node: Node, source: bytes, lines: list[str]) -> None:
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    end = source.find(b"\n", node.start_byte)
    line = source[start : end if end >= 0 else len(source)].decode("utf-8", "replace").rstrip()
    if not lines or lines[-1] != line:
        lines.append(line)
