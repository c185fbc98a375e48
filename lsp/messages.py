"""The parts of the language server protocol that are used, as types: LSP 3.18, fields in its own names.

What is decoded into them is checked, and what is not named here is left out. The library with all of the
protocol's types takes a quarter of a second to be imported, which an editor's start would wait for.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Unsigned = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Message(msgspec.Struct, rename="camel", omit_defaults=True):
    """An object of the protocol."""


class Position(Message):
    line: Unsigned
    character: Unsigned


class Range(Message):
    start: Position
    end: Position


class Command(Message):
    title: str
    command: str
    arguments: list[Any]


# the editor's


class WorkspaceFolder(Message):
    uri: str


class InitializeParams(Message):
    """``capabilities`` are JSON as it came; :mod:`.capabilities` knows what to look for."""

    capabilities: dict[str, Any]
    root_uri: str | None = None
    workspace_folders: list[WorkspaceFolder] | None = None
    initialization_options: Any = None


class DidChangeConfigurationParams(Message):
    settings: Any = None


class WorkspaceFoldersChangeEvent(Message):
    added: list[WorkspaceFolder]
    removed: list[WorkspaceFolder]


class DidChangeWorkspaceFoldersParams(Message):
    event: WorkspaceFoldersChangeEvent


class TextDocument(Message):
    uri: str


class TextDocumentItem(Message):
    uri: str
    language_id: str
    text: str


class DidOpenParams(Message):
    text_document: TextDocumentItem


class Change(Message):
    """An edit, or without a range a document's whole text."""

    text: str
    range: Range | None = None


class DidChangeParams(Message):
    text_document: TextDocument
    content_changes: list[Change]


class DidCloseParams(Message):
    text_document: TextDocument


class CompletionParams(Message):
    text_document: TextDocument
    position: Position


INVOKED = 1
"""The kind of trigger of what is asked for by hand; the other kind is 2."""


class SelectedCompletionInfo(Message):
    range: Range
    text: str


class InlineCompletionContext(Message):
    trigger_kind: Annotated[int, msgspec.Meta(ge=1, le=2)]
    selected_completion_info: SelectedCompletionInfo | None = None


class InlineCompletionParams(Message):
    text_document: TextDocument
    position: Position
    context: InlineCompletionContext


class ExecuteCommandParams(Message):
    command: str
    arguments: list[Any] | None = None


class CancelParams(Message):
    id: int | str


# ours


class InlineCompletionItem(Message):
    insert_text: str
    range: Range
    command: Command


class InlineCompletionList(Message):
    items: list[InlineCompletionItem]


class TextEdit(Message):
    range: Range
    new_text: str


SNIPPET = 15
"""A kind of menu entry."""


class CompletionItem(Message):
    label: str
    kind: int
    detail: str
    documentation: str
    filter_text: str
    sort_text: str
    preselect: bool
    text_edit: TextEdit
    command: Command


class CompletionList(Message):
    is_incomplete: bool
    items: list[CompletionItem]


ERROR, WARNING = 1, 2
"""Kinds of messages to the user."""


class ShowMessageParams(Message):
    type: int
    message: str
