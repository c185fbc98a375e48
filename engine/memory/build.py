"""Building an index, in a process of its own: ``python -m fimble.engine.memory.build``.

A :class:`~.messages.Task` comes in as a line on standard input, :class:`~.messages.Said` go out as lines on
standard output. When standard input ends, the parent is gone, and so is this process. One process at a time
works for a workspace, whichever editor asked; the lock is given back by the system however the process ends.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from .files import Bounds
from .folders import folder_of, index_root, note_use, prepare, remove_old
from .index import read_manifest
from .layout import BadIndex
from .limits import CLEANING_SECONDS, SMALL_BYTES, WAITING_SECONDS
from .messages import Said, Task
from .update import update

LOCK = "lock"
_POLITE, _LAST = 10, 19
_WITHOUT = "Suggestions go on without what the project says."


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _be_nice(_POLITE)
    try:
        build(task, Path(task.root) if task.root else index_root())
    except OSError as error:
        say(Said(problem=_sentence(task.workspace, error)))
    os._exit(0)  # threads may wait for a disk that does not answer


def build(task: Task, root: Path) -> None:
    """Bring a workspace's index up to date. Raises :class:`OSError`."""
    workspace = Path(os.path.realpath(task.workspace, strict=True))
    if workspace in (Path(workspace.anchor), Path(os.path.realpath(os.path.expanduser("~")))):
        raise OSError("it holds far more than a project; open the project's own folder")
    folder = folder_of(workspace, root)
    prepare(folder)
    with suppress(OSError, BadIndex):
        read_manifest(folder)
        say(Said(str(folder)))  # what was remembered the last time serves meanwhile

    def told(done: int, total: int) -> None:
        if total > SMALL_BYTES:
            _be_nice(_LAST)
        say(Said(str(folder) if total else "", done, total))

    with _locked(folder):
        named = Path(os.path.abspath(task.workspace))
        bounds = Bounds(task.files, task.megabytes << 20)
        report = update(folder, workspace, bounds, told, named, task.whole)
        note_use(folder)
    cleaning = threading.Thread(target=remove_old, args=(root, folder), daemon=True)
    cleaning.start()
    cleaning.join(CLEANING_SECONDS)
    say(Said(str(folder), ended=True, files=report.files, left_out=report.left_out))


def say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait until no other process builds the same index."""
    lock = FileLock(folder / LOCK, mode=0o600)
    while True:
        try:
            lock.acquire(timeout=WAITING_SECONDS)
            break
        except Timeout:
            say(Said())
    try:
        yield
    finally:
        lock.release()


def _be_nice(level: int) -> None:
    """Let others go first. A small project is read at ``_POLITE``, since it is soon done; what takes long
    gets only the time that nobody wants."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, max(level, os.getpriority(os.PRIO_PROCESS, 0)))
        if level == _LAST:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _end_with_parent() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(1)


def _sentence(workspace: str, error: OSError) -> str:
    reason = f"{error.strerror} ({error.filename})" if error.filename else error.strerror or str(error)
    reason = reason.rstrip(".")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is too full to remember {workspace}: {reason}. {_WITHOUT} Make space there."
    return f"{workspace} is not remembered: {reason}. {_WITHOUT}"


if __name__ == "__main__":
    main()
