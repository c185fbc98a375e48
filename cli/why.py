"""``fimble why FILE:LINE:COLUMN``: how the suggestion at one place comes about."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.explain import Explanation
from fimble.engine.memory.folders import folder_of, index_root
from fimble.engine.settings import Settings, load_settings
from fimble.engine.syntax.languages import find_language
from fimble.engine.types import FimRequest

from .complete import parse_place, read_eagerness, readable, split_at
from .source import STDIN, read_source, say


def run(
    place: str, flags: dict[str, Any], language: str, eagerness: str, workspace: Path | None, as_json: bool
) -> None:
    """Print it for people, or as JSON with all that is known."""
    name, line, column = parse_place(place)
    prefix, suffix = split_at(read_source(name), line, column)
    settings, problems = load_settings(flags)
    for problem in problems:
        say(problem)
    folder, path = _where(name, workspace)
    spec = find_language(language, name)
    request = FimRequest(
        prefix,
        suffix,
        language=language or (spec.id if spec else ""),
        path=path,
        workspace=str(folder) if folder else None,
        context=folder is not None,
        model=DEFAULT if flags.get("model") else None,
        eagerness=read_eagerness(eagerness) or settings.eagerness,
        in_comments=settings.comments == "on",
    )
    explanation, remembered = asyncio.run(_explain(settings, request))
    if as_json:
        print(json.dumps({**asdict(explanation), "remembered": remembered}, default=readable))
        return
    from .why_page import show

    show(explanation, remembered)


def _where(name: str, workspace: Path | None) -> tuple[Path | None, str]:
    """The workspace's folder, and the file's path from there; None for text from standard input."""
    if name == STDIN:
        return None, ""
    file = Path(os.path.abspath(name))
    folder = Path(os.path.abspath(workspace)) if workspace else _repository(file)
    if not file.is_relative_to(folder):
        say(f"{name} is not in {folder}, so no other files are looked into.")
        return None, file.name
    return folder, file.relative_to(folder).as_posix()


def _repository(file: Path) -> Path:
    """The innermost folder above a file that git or another tool keeps, else the file's own."""
    marks = (".git", ".hg", ".jj", ".svn")
    return next((up for up in file.parents if any((up / mark).exists() for mark in marks)), file.parent)


async def _explain(settings: Settings, request: FimRequest) -> tuple[Explanation, bool]:
    """With the project's memory, if an editor has had it built; it is not built for one look."""
    engine = Engine(settings)
    try:
        folder = request.workspace
        remembered = False
        if folder and settings.memory and folder_of(Path(os.path.realpath(folder)), index_root()).exists():
            engine.remember(folder)
            await engine.memory.ready(folder)
            remembered = bool(engine.memory.index_of(folder))
        found = await engine.explain(request)
        return replace(found, model=found.model or engine.serving.model), remembered
    finally:
        await engine.close()
