"""A worker process: ``python -m fimble.engine.workers.child``.

Commands come in on standard input, replies go out on what was standard output; native code that prints
reaches standard error instead. When standard input ends, the parent is gone, and so is this process,
even in the middle of a native call.

What runs models is imported while the parent still finds out which model it wants.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading

from ..errors import FrameError
from .body import Body
from .codec import COMMANDS
from .frames import pack, read
from .messages import Reply


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent to handle
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(reply: Reply) -> None:
        data = memoryview(pack(reply))
        with lock:
            try:
                while data:
                    data = data[replies.write(data) :]
            except OSError:
                os._exit(0)  # nobody reads it any more

    body = Body(send)
    threading.Thread(target=_listen, args=(body,), daemon=True).start()
    _prepare()
    body.work()


def _prepare() -> None:
    """Import what :class:`Body` needs for a model."""
    gc.disable()  # what is imported stays: there is no garbage in it
    from . import opened, runner

    gc.freeze()
    gc.enable()
    del opened, runner


def _listen(body: Body) -> None:
    """Take commands until they end, or until one cannot be taken, after which nothing can be made of more."""
    try:
        while (command := read(sys.stdin.buffer, COMMANDS)) is not None:
            body.take(command)
    except Exception as error:
        said = error.message if isinstance(error, FrameError) else repr(error)
        os.write(2, said.encode("utf-8", "replace"))
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
