"""A worker process: ``python -m fimble.engine.workers.child``.

Commands come in on standard input, replies go out on what was standard output; native code that prints
reaches standard error instead. When standard input ends, the parent is gone, and so is this process,
even in the middle of a native call.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading

from ..errors import FimbleError, FrameError, ModelFileError
from .codec import COMMANDS
from .frames import pack, read
from .messages import Cancel, Command, Open, Opened, OpenFailed, Reply, Run
from .runner import CancelSet, Runner, Send


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent to handle
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(reply: Reply) -> None:
        data = memoryview(pack(reply))
        with lock:
            while data:
                data = data[replies.write(data) :]

    cancels, jobs = CancelSet(), queue.SimpleQueue[Command]()
    threading.Thread(target=_listen, args=(jobs, cancels), daemon=True).start()
    try:
        _work(jobs, cancels, send)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


def _listen(jobs: queue.SimpleQueue[Command], cancels: CancelSet) -> None:
    """Take commands until they end, or until one cannot be read, after which nothing can be made of more."""
    try:
        while (command := read(sys.stdin.buffer, COMMANDS)) is not None:
            if isinstance(command, Cancel):
                cancels.add(command.id)
            else:
                jobs.put(command)
    except FrameError as error:
        os.write(2, error.message.encode("utf-8", "replace"))
        os._exit(1)
    os._exit(0)


def _work(jobs: queue.SimpleQueue[Command], cancels: CancelSet, send: Send) -> None:
    runner: Runner | None = None
    while True:
        command = jobs.get()
        if isinstance(command, Open):
            runner = _open(command, send)
        elif isinstance(command, Run) and runner is not None:
            runner.run(command, cancels.check(command.id), send)
            cancels.forget(command.id)


def _open(command: Open, send: Send) -> Runner | None:
    try:
        runner = Runner(command.options)
    except FimbleError as error:
        send(OpenFailed(error))
        return None
    except Exception as error:
        send(OpenFailed(ModelFileError(f"The model could not be opened: {error}")))
        return None
    send(Opened(runner.info))
    return runner


if __name__ == "__main__":
    main()
