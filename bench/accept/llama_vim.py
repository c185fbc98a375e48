"""llama.vim as the typist's editor: its question to llama-server, its cache, and what it shows of an answer.

After ``autoload/llama.vim`` of ggml-org/llama.vim at commit 02e6a4f: ``s:fim_render``. As it is shipped it
gives no stop string, and so neither does this editor; see :mod:`bench.vim` for what is left out.
"""

from __future__ import annotations

import json

import aiohttp

from ..sheet import Sheet
from ..vim import Cache, Context, context_of, request_of
from .log import Work
from .passages import Place, Workplace

LEAST = 2
"""Shorter texts are not counted as shown."""


class LlamaVim:
    """An editor of one project."""

    def __init__(self, session: aiohttp.ClientSession, workplace: Workplace) -> None:
        self._session, self._cache = session, Cache()
        self._place, self._work, self._shown, self._inserted = workplace.places[0], Work(), "", ""

    def open(self, place: Place) -> None:
        self._place, self._inserted = place, ""
        self._sheet = Sheet(place)

    async def type(self, key: str) -> None:
        self._inserted += key
        for char in key:
            self._sheet.type(char)

    async def take(self, length: int) -> None:
        await self.type(self._shown[:length])

    async def ask(self) -> str:
        context = context_of(self._sheet)
        content = self._cache.find(context)
        if content is None:
            content = await self._post(context)
            self._cache.insert(context, content)
        text = rendered(content, self._sheet)
        self._shown = text if len(text) >= LEAST else ""
        return self._shown

    def text(self) -> str:
        return self._place.before + self._inserted + self._place.after

    async def work(self) -> Work:
        return self._work

    async def _post(self, context: Context) -> str:
        body = json.dumps({**json.loads(request_of(context)), "stop": []}).encode()
        one_each = {"Connection": "close"}  # it runs curl for each request
        async with self._session.post("/infill", data=body, headers=one_each) as response:
            response.raise_for_status()
            found = await response.json()
        self._work += Work(found["timings/prompt_n"], found["timings/predicted_n"], 1)
        return str(found["content"])


def rendered(content: str, sheet: Sheet) -> str:
    """What it shows at the cursor: no line ends at the end, no indentation twice, and nothing that only
    repeats the text behind the cursor or the lines below."""
    lines = content.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return ""
    rest, _, below = sheet.below.partition("\n")
    following = below.split("\n")
    current = sheet.line + rest
    if not current.strip():
        lead = min(len(lines[0]) - len(lines[0].lstrip()), len(current))
        lines[0] = lines[0][lead:]
    if not lines[0] and lines[1:] == following[: len(lines) - 1]:
        return ""
    if lines == [rest] or _repeats(sheet.line, lines, following):
        return ""
    return "\n".join(lines)


def _repeats(line: str, lines: list[str], following: list[str]) -> bool:
    """Whether the text makes of the cursor's line the next one that is not empty, and goes on as below it."""
    at = next((number for number, each in enumerate(following) if each.strip()), 0)
    if not following or line + lines[0] != following[at]:
        return False
    behind = following[at + 1 : at + len(lines)]
    if len(lines) == 2:
        return bool(behind) and behind[0].startswith(lines[1])
    return len(lines) == 1 or lines[1:] == behind
