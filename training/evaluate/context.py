"""Whether other files in the prompt help a model: ends of lines in held-out packages, with the rest of the
package at hand, side by side with different snippets.

``python -m training.evaluate.context --corpus FOLDER``. The window is fixed, since the one that fits the
machine is smaller while the machine is busy, and snippets then find no room. Each way tells at how many holes
its snippets really stood in the prompt. The texts are at hand to the memory in every way, so that only the
prompt differs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fimble.engine.context.choose import Place, choose
from fimble.engine.context.files import HeldFiles
from fimble.engine.context.imports import imported
from fimble.engine.context.plan import NOTHING, Plan
from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, Snippet

from .. import holes
from ..corpus.shards import CorpusError, Document, read_split
from .metrics import Filled, score
from .tasks import SMALLEST_FILE, Task

LANGUAGES = ("python", "typescript", "go", "rust", "cpp")
FEWEST_FILES = 5
WAYS = {
    "nothing": NOTHING,
    "outlines of open files": Plan(1_500, 0, 0, 3),
    "definitions of used names": Plan(420, 420, 0, 0),
    "similar windows": Plan(420, 0, 1, 0, window_characters=420),
}
FIRST = next(iter(WAYS))


@dataclass(frozen=True, slots=True)
class Case:
    """A hole, and what its editor has open."""

    task: Task
    place: Place
    files: HeldFiles


@dataclass
class Way:
    """What was filled in one way; ``in_prompt`` are the numbers of the holes where snippets were seen."""

    filled: list[Filled] = field(default_factory=list)
    in_prompt: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def cases(corpus: Path, python: int, others: int, seed: int) -> Iterator[Case]:
    """Holes from every package alike; some imported and some other files of the package are open."""
    packages: dict[str, list[Document]] = defaultdict(list)
    for document in read_split(corpus, "test"):
        packages[document.package].append(document)
    held = {name: HeldFiles(Snippet(d.path, d.text) for d in found) for name, found in packages.items()}
    for language in LANGUAGES:
        randomness = random.Random(f"{seed}/{language}")
        suited = {
            name: [d for d in found if d.language == language and len(d.text) >= SMALLEST_FILE]
            for name, found in packages.items()
        }
        names = sorted(name for name, found in suited.items() if len(found) >= FEWEST_FILES)
        for _ in range((python if language == "python" else others) if names else 0):
            name = randomness.choice(names)
            document = randomness.choice(suited[name])
            hole = holes.pick(document.text, randomness, holes.line_end)
            if hole is not None:
                opened = _opened(document, suited[name], held[name], randomness)
                yield _case(document, hole, opened, held[name])


def _opened(
    document: Document, others: list[Document], files: HeldFiles, randomness: random.Random
) -> tuple[str, ...]:
    imports = imported(document.path, document.text, document.language, files)
    near = [other.path for other in others if other.path != document.path]
    chosen = randomness.sample(imports, min(2, len(imports))) + randomness.sample(near, min(3, len(near)))
    return tuple(dict.fromkeys(chosen))


def _case(document: Document, hole: holes.Hole, opened: tuple[str, ...], files: HeldFiles) -> Case:
    prefix, suffix = document.text[: hole.start], document.text[hole.end :]
    middle = document.text[hole.start : hole.end]
    task = Task(prefix, suffix, middle, document.language, document.path, "end of line")
    return Case(task, Place(document.path, prefix, suffix, document.language, opened), files)


async def measure(model: str, found: list[Case], window: int) -> dict[str, Way]:
    """Every hole in every way."""
    ways = {name: Way() for name in WAYS}
    engine = Engine(Settings(model=model, idle_minutes=0, window_tokens=window))
    try:
        for number, case in enumerate(found):
            chosen = {
                name: tuple(each.snippet for each in choose(case.place, case.files, plan))
                for name, plan in WAYS.items()
            }
            paths = dict.fromkeys([*case.place.open, *(s.path for made in chosen.values() for s in made)])
            beside = tuple(Snippet(path, case.files.text(path) or "") for path in paths)
            for name, snippets in chosen.items():
                if snippets or name == FIRST:
                    await fill(engine, case, snippets, beside, ways[name], number)
                else:
                    ways[name].filled.append(ways[FIRST].filled[-1])
    finally:
        await engine.close()
    return ways


async def fill(
    engine: Engine,
    case: Case,
    snippets: tuple[Snippet, ...],
    beside: tuple[Snippet, ...],
    way: Way,
    number: int,
) -> None:
    """Fill a hole with these snippets ahead of it."""
    task = case.task
    request = FimRequest(task.prefix, task.suffix, task.language, task.path, snippets=snippets, beside=beside)
    found = await engine.explain(request)
    prompt = "".join(part.text for part in found.prompt)
    way.filled.append(Filled(task, found.shown, found.timings.total_ms))
    way.milliseconds.append(found.timings.total_ms)
    if any(snippet.text.strip() in prompt for snippet in snippets):
        way.in_prompt.append(number)


def table(ways: dict[str, Way]) -> str:
    """Markdown; gains and losses are against the first way, where snippets stood in the prompt."""
    lines = [
        "| in the prompt | exact | characters saved | holes with snippets | gained | lost | p50 ms |",
        "|---|---|---|---|---|---|---|",
    ]
    first = ways[FIRST]
    for name, way in ways.items():
        figures = score(way.filled)
        pairs = [(_right(way.filled[n]), _right(first.filled[n])) for n in way.in_prompt]
        lines.append(
            f"| {name} | {figures.exact:.1%} | {figures.saved:.1%} | {len(pairs)} of {figures.count} "
            f"| {pairs.count((True, False))} | {pairs.count((False, True))} "
            f"| {statistics.median(way.milliseconds or [0]):.0f} |"
        )
    return "\n".join(lines) + "\n"


def _right(filled: Filled) -> bool:
    return filled.text.rstrip() == filled.task.middle.rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="training.evaluate.context", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", default="bundled")
    for name, default in (("python", 140), ("others", 30), ("seed", 12), ("window", 768)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    try:
        found = list(cases(arguments.corpus, arguments.python, arguments.others, arguments.seed))
    except (CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(asyncio.run(measure(arguments.model, found, arguments.window))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
