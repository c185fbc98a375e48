"""Finds lines of held-out functions that their doctests depend on."""

from __future__ import annotations

import ast
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .execution import Program, passes
from .tasks import Task


@dataclass(frozen=True, slots=True)
class _Function:
    """A function with examples: its name and the numbers of its body's lines, the docstring left out."""

    name: str
    lines: range


def doctest_programs(wheels: list[Path], unpacked: Path, count: int, seed: int = 7) -> list[Program]:
    """Up to ``count`` single-line holes that pass as they were and fail when left empty."""
    randomness = random.Random(seed)
    candidates: list[Program] = []
    for wheel in wheels:
        root = unpacked / wheel.stem
        if not root.exists():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(root)
        of_package = [p for path in sorted(root.rglob("*.py")) for p in _programs(path, root)]
        candidates += randomness.sample(of_package, min(len(of_package), 3 * count // len(wheels) + 1))
    randomness.shuffle(candidates)
    found: list[Program] = []
    for candidate in candidates:
        if passes(candidate, candidate.task.middle) and not passes(candidate, "pass"):
            found.append(candidate)
            if len(found) == count:
                break
    return found


def _programs(path: Path, root: Path) -> Iterator[Program]:
    relative = path.relative_to(root)
    if "test" in relative.as_posix() or path.stat().st_size > 150_000:
        return
    text = path.read_text("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    for function in _functions(text):
        for number in function.lines:
            line = lines[number - 1]
            if len(line.strip()) < 8 or line.lstrip().startswith("#"):
                continue
            indentation = len(line) - len(line.lstrip())
            start = sum(map(len, lines[: number - 1])) + indentation
            middle = line.strip()
            task = Task(
                text[:start],
                text[start + len(middle) :],
                middle,
                "python",
                relative.as_posix(),
                "whole lines",
            )
            yield Program(task, "", module, function.name, root)


def _functions(text: str) -> Iterator[_Function]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef)
            and ">>>" in (ast.get_docstring(node) or "")
            and len(node.body) > 1
        ):
            first, last = node.body[1].lineno, node.body[-1].end_lineno or 0
            yield _Function(node.name, range(first, last + 1))
