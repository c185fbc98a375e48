"""Training that goes on while other work is done: start, status, pause, resume, stop.

One process at the lowest priority, found again by the id in the run folder; it resumes from its
checkpoint whenever it is started. State lives below ``~/.cache/fimble-dev/training``.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fimble.engine.models.catalogue import bundled_path

HOME = Path(os.environ.get("FIMBLE_TRAINING_HOME", "~/.cache/fimble-dev/training")).expanduser()
RUN, TOKENIZER = HOME / "run", HOME / "tokenizer.model"
SHIPPED_TOKENIZER = Path(__file__).with_name("tokenizer.model")
"""The bundled model's. Training with it goes on from the bundled weights."""
_JEMALLOC = ("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2")


def train_command(run: Path = RUN, *extra: str) -> list[str]:
    """The command line that trains in ``run`` with the corpus and tokenizer below :data:`HOME`."""
    parts = {"--corpus": HOME / "corpus", "--tokenizer": TOKENIZER, "--run": run}
    if SHIPPED_TOKENIZER.exists() and filecmp.cmp(TOKENIZER, SHIPPED_TOKENIZER, shallow=False):
        parts["--start-from"] = bundled_path()
    paths = [str(word) for pair in parts.items() for word in pair]
    return [sys.executable, "-m", "training.train", *paths, *extra]


def train_environment() -> dict[str, str]:
    """Large activations come and go every step: an allocator that keeps them triples the speed."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    library = next((path for path in _JEMALLOC if Path(path).exists()), None)
    if library:
        environment["LD_PRELOAD"] = library
        environment["MALLOC_CONF"] = "dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always"
    return environment


def running() -> int | None:
    """The process id of the training that runs (or is paused), or None."""
    try:
        process = int((RUN / "pid").read_text())
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return process if b"training.train" in command else None


def start() -> str:
    if process := running():
        return f"training runs already (process {process})"
    RUN.mkdir(parents=True, exist_ok=True)
    if not TOKENIZER.exists() and SHIPPED_TOKENIZER.exists():
        shutil.copy(SHIPPED_TOKENIZER, TOKENIZER)
    with (RUN / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            train_command(), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            env=train_environment(), start_new_session=True, preexec_fn=lowest_priority,
        ).pid  # fmt: skip
    (RUN / "pid").write_text(str(process))
    return f"training started (process {process}); see make train-status"


def lowest_priority() -> None:
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Linux shares the processor between sessions first, and a priority counts only inside its session
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


def send(number: signal.Signals, done: str) -> str:
    process = running()
    if process is None:
        return "no training runs"
    os.kill(process, number)
    return done


def stop(wait_seconds: float = 300) -> str:
    """Ask the process to save and end, and wait for it."""
    if (process := running()) is None:
        return "no training runs"
    os.kill(process, signal.SIGCONT)
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + wait_seconds
    while running() and time.monotonic() < deadline:
        time.sleep(0.2)
    return "still stopping" if running() else "stopped; its checkpoint is kept"


def status() -> str:
    """A few lines: state, tokens, hours, speed of late, loss and the last validation."""
    rows = read_log(RUN / "log.jsonl")
    process = running()
    state = "not running" if process is None else _process_state(process)
    if not rows:
        return f"{state}; nothing logged yet"
    last, earlier = rows[-1], rows[max(0, len(rows) - 51)]
    seconds = last["seconds"] - earlier["seconds"]
    speed = (last["tokens"] - earlier["tokens"]) / seconds if seconds else 0
    validation = next((row["validation"] for row in reversed(rows) if "validation" in row), None)
    return (
        f"{state}: step {last['step']}, {last['tokens'] / 1e6:.1f} M tokens in "
        f"{last['seconds'] / 3600:.2f} h, {speed:.0f} tokens/s, loss {last['loss']}, "
        f"validation {validation}"
    )


def _process_state(process: int) -> str:
    letter = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "paused" if letter in "Tt" else f"running (process {process})"


def read_log(path: Path) -> list[dict[str, Any]]:
    """The rows of a run's log; a last line that was cut off is left out."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def main() -> int:
    actions: dict[str, Callable[[], str]] = {
        "start": start,
        "status": status,
        "pause": lambda: send(signal.SIGSTOP, "paused"),
        "resume": lambda: send(signal.SIGCONT, "resumed"),
        "stop": stop,
    }
    parser = argparse.ArgumentParser(prog="training.background", description=__doc__)
    parser.add_argument("action", choices=actions)
    print(actions[parser.parse_args().action]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
