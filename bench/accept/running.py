"""Types the passages of all projects with all variants, each passage in turn with everybody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from .folders import own_folders
from .log import Log
from .passages import Workplace, workplace
from .projects import Half, projects
from .typist import Typist
from .variants import Variant

Results = dict[str, list[Log]]
"""By a variant's name, its log of each project."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is typed: about so many ``characters`` of a half, the same of each language. ``pace`` is the
    seconds from key to key, 0 for no waiting."""

    half: Half = "report"
    characters: int = 10_000
    seed: int = 1
    pace: float = 0.0
    languages: tuple[str, ...] = ()

    def workplaces(self) -> list[Workplace]:
        chosen = [
            each for each in projects(self.half) if not self.languages or each.language in self.languages
        ]
        count = {each.language for each in chosen}
        share = self.characters / max(1, len(count))
        return [
            workplace(
                each, each.files(), round(share / sum(o.language == each.language for o in chosen)), self.seed
            )
            for each in chosen
        ]


async def run(
    plan: Plan, variants: list[Variant], done: Callable[[str, dict[str, Log]], None] = lambda name, logs: None
) -> Results:
    """All logs. ``done`` hears of each project, with the variants' logs of it."""
    results: Results = {each.name: [] for each in variants}
    with own_folders() as folder:
        for workplace in plan.workplaces():
            logs = await _type(workplace, variants, folder, plan.pace)
            done(workplace.project.name, logs)
            for name, log in logs.items():
                results[name].append(log)
    return results


async def _type(workplace: Workplace, variants: list[Variant], folder: Path, pace: float) -> dict[str, Log]:
    """One project: every variant's editor is open, and types each passage in turn."""
    root = folder / workplace.project.name
    workplace.write(root)
    logs = {each.name: Log(workplace.project.language) for each in variants}
    async with AsyncExitStack() as stack:
        editors = {
            each.name: await stack.enter_async_context(each.editor(root, workplace, pace > 0))
            for each in variants
        }
        for place in workplace.places:
            for name, editor in editors.items():
                editor.open(place)
                await editor.ask()
                await Typist(editor, place, logs[name], pace).run()
        for name, editor in editors.items():
            logs[name].work += await editor.work()
    return logs
