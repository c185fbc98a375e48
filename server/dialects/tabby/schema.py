"""Bodies of Tabby's endpoints."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field

from fimble.engine.types import Sampling, Snippet

from ...limits import MAX_CONTEXT_FILES
from ...schema.base import WHOLE, Body, FilePath, Name, Number, Temperature, Text, Whole, Word

Unsigned = Annotated[int, Field(ge=0, lt=2**64), WHOLE]
NOT_SAID = "unknown"
"""Tabby's word for a language that the editor does not know."""


class Declaration(Body):
    """Where a name is declared that is used ahead of the cursor. ``filepath`` is a path in the project, or a
    file: URI of what lies outside."""

    filepath: FilePath
    body: Text


class Relevant(Declaration):
    """A piece of another file that is like the text at the cursor."""

    score: Number = 0.0


class EditHistory(Body):
    original_code: Text
    edits_diff: Text
    current_version: Text


Declarations = Annotated[list[Declaration], Field(max_length=MAX_CONTEXT_FILES, fail_fast=True)]
Relevants = Annotated[list[Relevant], Field(max_length=MAX_CONTEXT_FILES, fail_fast=True)]


class Segments(Body):
    """The texts around the cursor, and pieces of other files."""

    prefix: Text
    suffix: Text = ""
    filepath: FilePath = Field("", description="Relative to the repository or the folder that is open")
    git_url: FilePath = Field("", description="Accepted; repositories are not looked up here")
    declarations: Declarations = Field(default_factory=list)
    relevant_snippets_from_changed_files: Relevants = Field(default_factory=list)
    relevant_snippets_from_recently_opened_files: Relevants = Field(default_factory=list)
    clipboard: Text = Field("", description="Accepted; not looked at")
    edit_history: EditHistory | None = Field(None, description="Accepted; for a mode that is not here")

    def pieces(self) -> list[Relevant]:
        """All pieces of other files, the most telling first."""
        declared = [Relevant(filepath=each.filepath, body=each.body, score=1.0) for each in self.declarations]
        changed = self.relevant_snippets_from_changed_files
        return [*declared, *changed, *self.relevant_snippets_from_recently_opened_files]


class DebugOptions(Body):
    raw_prompt: Text | None = Field(None, description="Continue this instead; needs the scope `raw`")
    return_snippets: bool = False
    return_prompt: bool = Field(False, description="Answer the raw prompt; no other one is known")
    disable_retrieval_augmented_code_completion: bool = Field(
        False, description="Use no text but that of `prefix` and `suffix`"
    )


class TabbyRequest(Body):
    """Tabby's request: a cursor in a file, with what its editor knows of other files."""

    language: Word = Field(NOT_SAID, description="An identifier of VS Code's")
    segments: Segments | None = None
    user: Name = Field("", description="Accepted for other clients' sake; keys tell users apart here")
    temperature: Temperature | None = Field(
        None, description="Above 0: asked for by hand; left out: the most likely tokens"
    )
    seed: Unsigned | None = None
    mode: Literal["standard", "next_edit_suggestion"] = "standard"
    debug_options: DebugOptions | None = None

    def sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature or 0.0, seed=self.seed)


class TabbyChoice(BaseModel):
    index: int
    text: str


class DebugSnippet(BaseModel):
    filepath: str
    body: str
    score: float


class DebugData(BaseModel):
    """What was asked for in ``debug_options`` and is known."""

    snippets: list[DebugSnippet] | None = None
    prompt: str | None = None


class TabbyResponse(BaseModel):
    id: str
    choices: list[TabbyChoice]
    mode: Literal["standard"]
    debug_data: DebugData | None = None


class TabbyEvent(Body):
    """What became of a suggestion. No text is sent."""

    type: Literal["view", "select", "dismiss"]
    completion_id: Name
    choice_index: Whole = Field(ge=0, lt=2**32)
    view_id: Name = ""
    elapsed: Whole = Field(0, ge=0, lt=2**32, description="Milliseconds; accepted")


def snippet_of(piece: Relevant) -> Snippet:
    """As the engine has it: a path, also for what was told as a file: URI."""
    path = piece.filepath
    return Snippet(unquote(urlsplit(path).path) if path.startswith("file:") else path, piece.body)
