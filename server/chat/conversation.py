"""Messages as sent → messages as the engine takes them: parts become text, with images at their places."""

from __future__ import annotations

import asyncio

from fimble.engine import types as engine

from ..errors import ApiError
from ..schema import messages as sent
from .attachments import text_of_file


def check_images(messages: list[sent.Message], model: engine.ModelInfo) -> None:
    """Raises 400 for images that the model cannot see; before any model is called."""
    if model.supports_vision:
        return
    for i, message in enumerate(messages):
        for j, part in enumerate(_parts(message)):
            if isinstance(part, sent.ImagePart):
                param = f"messages.{i}.content.{j}"
                message_text = f"The model {model.id!r} cannot see images."
                raise ApiError(400, "invalid_request_error", "unsupported_image_input", message_text, param)


async def to_engine(messages: list[sent.Message], readers: asyncio.Semaphore) -> tuple[engine.Message, ...]:
    """``readers`` bounds how many files are read at once."""
    return tuple([await _message(message, f"messages.{i}", readers) for i, message in enumerate(messages)])


async def _message(message: sent.Message, param: str, readers: asyncio.Semaphore) -> engine.Message:
    text, images = await _content(message.content, param + ".content", readers)
    match message:
        case sent.ToolMessage():
            return engine.Message("tool", text, tool_call_id=message.tool_call_id)
        case sent.AssistantMessage():
            calls = tuple(call.to_engine() for call in message.tool_calls)
            return engine.Message("assistant", text, message.name, calls)
        case _:
            return engine.Message(message.role, text, message.name, images=images)


async def _content(
    content: sent.Content, param: str, readers: asyncio.Semaphore
) -> tuple[str, tuple[engine.Image, ...]]:
    """Parts follow each other without anything between them; a file's text has lines of its own."""
    if isinstance(content, str):
        return content, ()
    text, images = "", []
    for index, part in enumerate(content):
        if isinstance(part, sent.TextPart):
            text += part.text
        elif isinstance(part, sent.FilePart):
            read = await text_of_file(part.file, f"{param}.{index}.file.file_data", readers)
            text += f"\n{part.file.filename}:\n{read}\n"
        else:
            images.append(engine.Image(part.image_url.url, part.image_url.detail, len(text)))
    return text, tuple(images)


def _parts(message: sent.Message) -> list[sent.Part]:
    return [] if isinstance(message.content, str) else message.content
