"""``fimble complete FILE:LINE:COLUMN``: one suggestion, for scripts and for trying things out."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.errors import InvalidRequest
from fimble.engine.settings import load_settings
from fimble.engine.syntax.languages import find_language
from fimble.engine.types import Completion, Eagerness, FimRequest, Mode

from .source import read_source, say

_LINE_END = re.compile(r"\r\n|\r|\n")


def run(
    place: str,
    flags: dict[str, Any],
    language: str,
    mode: str,
    max_tokens: int | None,
    eagerness: str,
    stdin: bool,
    as_json: bool,
) -> None:
    """Print what belongs at a place; with ``stdin`` the file's text comes there, as an editor has it."""
    name, line, column = parse_place(place)
    prefix, suffix = split_at(read_source(name, stdin), line, column)
    spec = find_language(language, name)
    if language and find_language(language) is None:
        if not stdin:  # an editor that pipes its text would repeat it with each key
            say(f"The language {language!r} has no grammar here, so the text is taken as plain text.")
        spec = None
    request = FimRequest(
        prefix,
        suffix,
        language=language or (spec.id if spec else ""),
        path=Path(name).name,
        mode=_mode(mode),
        max_tokens=max_tokens,
        eagerness=read_eagerness(eagerness),
    )
    made = asyncio.run(_complete(flags, request))
    if as_json:
        print(json.dumps(asdict(made), default=readable))
    else:
        sys.stdout.write(made.text)


def readable(value: object) -> str:
    """A token's bytes, which may be a part of a character."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"{type(value).__name__} has no JSON")


def _mode(name: str) -> Mode:
    known: dict[str, Mode] = {"auto": "auto", "line": "line", "block": "block"}
    if name not in known:
        raise InvalidRequest(f"There is no mode {name!r}. Use auto, line or block.")
    return known[name]


def read_eagerness(name: str) -> Eagerness | None:
    known: dict[str, Eagerness | None] = {"": None, **{each: each for each in get_args(Eagerness)}}
    if name not in known:
        raise InvalidRequest(f"There is no eagerness {name!r}. Use subtle, balanced or eager.")
    return known[name]


def parse_place(place: str) -> tuple[str, int, int]:
    """``FILE:LINE:COLUMN``; the file's name may have colons of its own."""
    match = re.fullmatch(r"(.+):(\d+):(\d+)", place)
    if match is None or int(match[2]) < 1 or int(match[3]) < 1:
        raise InvalidRequest(
            f"{place!r} is not FILE:LINE:COLUMN with numbers from 1, such as src/app.py:12:5."
        )
    return match[1], int(match[2]), int(match[3])


def split_at(text: str, line: int, column: int) -> tuple[str, str]:
    """The text before and after a place; lines and columns (characters) count from 1."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    if line > len(starts):
        raise InvalidRequest(f"The file has only {len(starts)} lines, so there is no line {line}.")
    start = starts[line - 1]
    end_match = _LINE_END.search(text, start)
    end = end_match.start() if end_match else len(text)
    if column > end - start + 1:
        raise InvalidRequest(f"Line {line} ends at column {end - start + 1}, so there is no column {column}.")
    at = start + column - 1
    return text[:at], text[at:]


async def _complete(flags: dict[str, Any], request: FimRequest) -> Completion:
    settings, problems = load_settings(flags)
    for problem in problems:
        say(problem)
    if flags.get("model"):
        request = replace(request, model=DEFAULT)  # and not what a rule says
    engine = Engine(settings)
    try:
        made = await engine.complete(request)
        return replace(made, model=made.model or engine.serving.model)
    finally:
        await engine.close()
