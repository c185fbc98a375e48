"""Attached files become text. PDFs are read in a process of their own, which a hostile one cannot
outlive: it has a time limit and, where the system allows it, a memory limit. Few are read at once."""

from __future__ import annotations

import asyncio
import base64
import binascii
import sys
import urllib.parse

from ..errors import invalid
from ..limits import PDF_SECONDS
from ..schema.messages import File

PDF = "application/pdf"
TEXT_TYPES = ("application/json", "application/xml", "application/x-yaml", "application/toml")


async def text_of_file(file: File, param: str, readers: asyncio.Semaphore) -> str:
    """The text of a ``data:`` URL. Raises 400 for what has none."""
    kind, data = _opened(file.file_data, param)
    if kind == PDF:
        async with readers:
            return await _text_of_pdf(data, param)
    if kind.startswith("text/") or kind in TEXT_TYPES:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise invalid(f"`{param}`: the file is not UTF-8 text.", param) from error
    raise invalid(f"`{param}`: files of type {kind} cannot be read; send a PDF or text.", param)


def _opened(address: str, param: str) -> tuple[str, bytes]:
    """Media type and bytes of a data URL (RFC 2397)."""
    head, comma, data = address.partition(",")
    if not head.startswith("data:") or not comma:
        raise invalid(f"`{param}`: should be a data: URL with the file in it.", param)
    kind, *options = head.removeprefix("data:").split(";")
    try:
        if "base64" in options:
            return kind.lower() or "text/plain", base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise invalid(f"`{param}`: the base64 is damaged.", param) from error
    return kind.lower() or "text/plain", urllib.parse.unquote_to_bytes(data)


async def _text_of_pdf(data: bytes, param: str) -> str:
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "fimble.server.chat.pdf",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PDF_SECONDS):
            text, _ = await reader.communicate(data)
    except TimeoutError as error:
        raise invalid(f"`{param}`: reading the PDF takes too long.", param) from error
    finally:
        if reader.returncode is None:
            reader.kill()
            await reader.wait()
    if reader.returncode:
        raise invalid(f"`{param}`: the PDF is damaged or encrypted.", param)
    return text.decode("utf-8", "replace")
