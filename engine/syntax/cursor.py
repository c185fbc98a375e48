"""What stands at a cursor: code, a comment or a string; and whether several lines belong there.

The parser is asked with the shortest statement of the language put in at the cursor. Where it ends up tells
what can stand there: in a string, in an argument list, or in a body that has nothing else yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from .around import Around
from .inserted import InsertedTree
from .neighbourhood import indentation
from .outline import DEFINES
from .place import Place, interpolates, only_closers, open_quote, plain_place, quick_place

_ROOT = re.compile(r"(module|program|source_file|translation_unit|compilation_unit|chunk|stylesheet)$")
_BODY = re.compile(
    r".*(block|body|suite|statement_list|compound_statement|declaration_list|do_group|switch_case|switch_default|"
    r"case_statement|case_item|case_clause|else_clause|elif_clause)|(if|while|for)_statement$|"
    r"(then|else|begin|ensure|rescue|do)$"
)
_BRACKETED = re.compile(
    r"(list|dictionary|set|array|object|tuple|table|hash|parameters|formal_parameters|argument_list|arguments|"
    r"table_constructor|array_expression|initializer_list|literal_value)$"
)
_HAS_BODY = re.compile(r"arrow_function|lambda_expression|(if|else|for|while)_(statement|clause)")
_OPENS_LINE = re.compile(
    r"(\{|\bdo|\bthen|\belse|=>|\bdo\s*\|.*\|)\s*((//|#|--).*)?$|"
    r"^\s*((async\s+)?(def|class)|if|elif|else|for|while|with|try|except|finally|match|case|default)\b"
    r".*:\s*(#.*)?$"
)
_ENDS_IN_OPENER = re.compile(r"\b(do|then|else|begin|try|finally|ensure|loop|repeat|(def|class|module)\s.*)$")
_SEARCHED = 4_000
_COMMENT = re.compile(r"//|#|--")
_COLON = re.compile(r":\s*(#.*)?$")
_ENDINGS = {"ruby": ("\nend",), "lua": ("\nend",), "shellscript": ("\nfi", "\ndone")}


@dataclass(frozen=True, slots=True)
class CursorContext:
    """``block``: several lines belong here, in an empty body or after a definition."""

    place: Place
    block: bool


def at_cursor(around: Around) -> CursorContext:
    """Look at the text around a cursor; without a grammar its line tells the place, and a block begins after
    a line that opens one."""
    several = only_closers(around.suffix.partition("\n")[0])
    if around.tree is None:
        place = plain_place(around.prefix, around.language)
        return CursorContext(place, place == "code" and several and _follows_opener(around))
    probe = _Probe(around.tree, "")
    place = probe.place()
    if place != "code" or not several:
        return CursorContext(place, False)
    block = probe.begins_block()
    for ending in _ENDINGS.get(around.tree.spec.id, ()) if block is None else ():
        block = _Probe(around.tree, ending).begins_block() if block is None else block
    return CursorContext(place, _follows_opener(around) if block is None else block)


def glance(around: Around) -> CursorContext:
    """What :func:`at_cursor` says, without parsing where the cursor's line alone tells it."""
    place = quick_place(around)
    if place is None:
        return at_cursor(around)
    return CursorContext(place, place == "code" and wants_block(around))


def wants_block(around: Around) -> bool:
    """What :func:`at_cursor` says of a block, without parsing where the cursor's line alone tells it: most
    keys are typed in the middle of a word."""
    line = around.prefix[-_SEARCHED:].rpartition("\n")[2]
    if not only_closers(around.suffix.partition("\n")[0]):
        return False
    if _ends_in_word(line.strip()) and len(line) < _SEARCHED and not _COMMENT.search(line):
        return False
    return at_cursor(around).block


class _Probe:
    """The tree around a cursor with a statement there, and ``ending`` after it. It is to be read before
    anything else is put there."""

    def __init__(self, tree: InsertedTree, ending: str) -> None:
        space = " " if tree.before[-1:].isalnum() else ""
        statement = tree.spec.statement
        self._start = len(tree.before_bytes) + len(space)
        self._end = self._start + len(statement.encode())
        self._spec = tree.spec
        self._line_head = tree.before[tree.before.rfind("\n") + 1 :] + space
        self._tree = tree.put(space + statement + ending)

    def place(self) -> Place:
        """The innermost comment, string or interpolation around the statement."""
        node = self._tree.root.descendant_for_byte_range(self._start, self._start + 1)
        while node is not None:
            kind = node.type
            if "interpolation" in kind or "substitution" in kind:
                return "code"
            if "comment" in kind and node.start_byte < self._start:
                return "comment"
            if (
                ("string" in kind and kind != "string_scalar") or kind == "char_literal"
            ) and node.start_byte < self._start:
                return "string"
            node = node.parent
        start = open_quote(self._line_head) if self._tree.root.has_error else -1
        return "string" if start >= 0 and not interpolates(self._line_head, start) else "code"

    def begins_block(self) -> bool | None:
        """Whether the statement is alone in a body, or follows a definition; None if the parser is lost."""
        node = self._statement()
        body = node.parent if node is not None else None
        if node is None or body is None or self._spec.id == "yaml":
            return None
        if body.type == "ERROR":
            return None if body.parent is None or _ROOT.match(body.parent.type) else False
        head = self._line_head.strip()
        if _ends_in_word(head):
            return False
        blank, root = not head, bool(_ROOT.match(body.type))
        before, after = self._others(body)
        if _BRACKETED.match(body.type):
            return blank and not before and not after
        if not root and not _BODY.match(body.type):
            return _HAS_BODY.match(body.type) is not None and _is_body_of(body, node)
        if not before and not after and not root:
            return True
        return blank and bool(before) and _defines(before[-1]) and (not after or _defines(after[0]))

    def _statement(self) -> Node | None:
        """The outermost node that begins with the statement and holds nothing else."""
        node = self._tree.root.descendant_for_byte_range(self._start, self._start + 1)
        if node is None or node.start_byte != self._start:
            return None
        while (parent := node.parent) is not None and parent.start_byte == self._start:
            if parent.end_byte > self._end + 1 or _BODY.match(parent.type) or _ROOT.match(parent.type):
                break
            node = parent
        return node

    def _others(self, body: Node) -> tuple[list[Node], list[Node]]:
        """What else the body has, above and below; comments, docstrings and conditions do not count."""
        before: list[Node] = []
        after: list[Node] = []
        for index, child in enumerate(body.children):
            if not child.is_named or "comment" in child.type:
                continue
            if body.field_name_for_child(index) not in (None, "body", "consequence", "member", "alternative"):
                continue
            if child.end_byte <= self._start:
                before.append(child)
            elif child.start_byte >= self._end:
                after.append(child)
        if before and _is_docstring(before[0]):
            del before[0]
        return before, [node for node in after if not re.match(r"(else|elif)", node.type)]


def _ends_in_word(head: str) -> bool:
    """Whether a line ends in a word that begins no block."""
    return head[-1:].isalnum() and not _ENDS_IN_OPENER.search(head)


def _is_body_of(owner: Node, node: Node) -> bool:
    fields = ("body", "consequence", "alternative")
    return any(child.id == node.id for field in fields for child in owner.children_by_field_name(field))


def _is_docstring(node: Node) -> bool:
    only = node.named_children
    return node.type == "string" or (
        node.type == "expression_statement" and len(only) == 1 and only[0].type == "string"
    )


def _defines(node: Node) -> bool:
    if node.type == "export_statement" and node.named_children:
        node = node.named_children[-1]
    return DEFINES.match(node.type) is not None


def _follows_opener(around: Around) -> bool:
    """For texts that no parser understands: whether the line, or the one above a blank one, opens a block
    that has no deeper line yet."""
    above, _, line = around.prefix.rpartition("\n")
    if not line.strip():
        line = next((each for each in reversed(above[-_SEARCHED:].split("\n")) if each.strip()), "")
    if not (_OPENS_LINE.search(line) or (around.language in ("yaml", "yml") and _COLON.search(line))):
        return False
    following = next((each for each in around.suffix[:_SEARCHED].split("\n")[1:] if each.strip()), "")
    return not following or indentation(following) <= indentation(line)
