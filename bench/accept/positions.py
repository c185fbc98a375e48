"""What the engine says at many places of the passages, and what stands there: the data that the gate's
coefficients are fitted to.

One JSON object a line: ``project``, ``language``, ``path``, ``kind`` of place, ``prefix_tail`` and
``suffix_head`` (up to 200 characters around the cursor), ``text`` as far as anybody would be shown it,
``certainties`` (each a list of the fields of :class:`~fimble.engine.types.Certainty` in their order, bytes as
Latin-1), and ``truth``: what of the passage is still to be typed, up to 400 characters.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import astuple
from pathlib import Path
from typing import Any

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.tokens import Certainty
from fimble.engine.types import FimRequest, Snippet

from .folders import own_folders
from .passages import Place, Workplace
from .running import Plan

AROUND, AHEAD = 200, 400
EVERY = 1
"""Every place that a cursor has while a passage is typed: the fit types them again."""
FLOOR = 0.01
"""What is less likely is never shown, and not waited for."""


async def collect(plan: Plan, settings: Settings, out: Path, every: int = EVERY) -> int:
    """Write the positions of a plan's passages to ``out``; returns how many there are."""
    count = 0
    with own_folders() as folder, out.open("w", encoding="utf-8") as lines:
        engine = Engine(settings)
        try:
            for workplace in plan.workplaces():
                root = folder / workplace.project.name
                workplace.write(root)
                engine.remember(str(root))
                await engine.memory.ready(str(root))
                async with aclosing(_positions(engine, workplace, root, every)) as found:
                    async for position in found:
                        lines.write(json.dumps(position, ensure_ascii=False) + "\n")
                        count += 1
        finally:
            await engine.close()
    return count


async def _positions(
    engine: Engine, workplace: Workplace, root: Path, every: int
) -> AsyncGenerator[dict[str, Any]]:
    for place in workplace.places:
        beside = tuple(Snippet(str(root / n), workplace.text(n)) for n in workplace.neighbours(place))
        for at in range(1, len(place.typed), every):
            request = request_at(place, at, root, beside)
            made = await engine.complete(request)
            yield {
                "project": place.project,
                "language": place.language,
                "path": place.name,
                "kind": place.kinds[at],
                "prefix_tail": request.prefix[-AROUND:],
                "suffix_head": request.suffix[:AROUND],
                "text": made.text,
                "certainties": [_row(each) for each in made.certainties],
                "truth": place.typed[at : at + AHEAD],
            }


def request_at(place: Place, at: int, root: Path, beside: tuple[Snippet, ...] = ()) -> FimRequest:
    """What is asked when ``at`` characters of a passage are typed; all that is not hopeless is wanted."""
    return FimRequest(
        prefix=place.before + place.typed[:at],
        suffix=place.after,
        language=place.language,
        path=str(root / place.name),
        document=place.name,
        workspace=str(root),
        beside=beside,
        floor=FLOOR,
    )


def _row(certainty: Certainty) -> list[Any]:
    text, *others = astuple(certainty)
    return [text.decode("latin-1"), *others]
