"""The messages of a conversation and the parts of their content."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ..limits import MAX_FILE, MAX_PARTS, MAX_TOOLS
from .base import Body, FilePath, Name, Text, Word
from .tools import ToolCall


class TextPart(Body):
    type: Literal["text"]
    text: Text


class ImageUrl(Body):
    url: str = Field(max_length=MAX_FILE, description="An address, or a data: URL")
    detail: Word = ""


class ImagePart(Body):
    """For models whose ``supports_vision`` is true; 400 ``unsupported_image_input`` otherwise."""

    type: Literal["image_url"]
    image_url: ImageUrl


class File(Body):
    filename: FilePath = "file"
    file_data: str = Field(max_length=MAX_FILE, description="A data: URL of a PDF or of text")


class FilePart(Body):
    """A PDF or text file, whose text takes its place."""

    type: Literal["file"]
    file: File


def _tag(value: object) -> str | None:
    """Which alternative a part or message is; in brackets, to be told from field names in errors."""
    kind = value.get("type") or value.get("role") if isinstance(value, dict) else None
    return f"<{kind}>" if isinstance(kind, str) else None


Part = Annotated[
    Annotated[TextPart, Tag("<text>")]
    | Annotated[ImagePart, Tag("<image_url>")]
    | Annotated[FilePart, Tag("<file>")],
    Discriminator(_tag),
]
Content = Text | Annotated[list[Part], Field(max_length=MAX_PARTS, fail_fast=True)]


class SystemMessage(Body):
    role: Literal["system"]
    content: Content
    name: Name = ""


class DeveloperMessage(SystemMessage):
    role: Literal["developer"]  # type: ignore[assignment]


class UserMessage(Body):
    role: Literal["user"]
    content: Content
    name: Name = ""


class AssistantMessage(Body):
    role: Literal["assistant"]
    content: Content = ""
    name: Name = ""
    tool_calls: list[ToolCall] = Field(default_factory=list, max_length=MAX_TOOLS, fail_fast=True)


class ToolMessage(Body):
    role: Literal["tool"]
    content: Content
    tool_call_id: Name


Message = Annotated[
    Annotated[SystemMessage, Tag("<system>")]
    | Annotated[DeveloperMessage, Tag("<developer>")]
    | Annotated[UserMessage, Tag("<user>")]
    | Annotated[AssistantMessage, Tag("<assistant>")]
    | Annotated[ToolMessage, Tag("<tool>")],
    Discriminator(_tag),
]
