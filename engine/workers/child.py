"""A worker process: ``python -m fimble.engine.workers.child``.

Commands come in on standard input, replies go out on what was standard output; native code that prints
reaches standard error instead. When standard input ends, the parent is gone, and so is this process,
even in the middle of a native call.

What runs models is made ready while the parent still finds out which model it wants.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import suppress

from ..errors import FimbleError, FrameError
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

    body, told = Body(send), threading.Event()
    threading.Thread(target=_listen, args=(body, told), daemon=True).start()
    _prepare(told)
    body.work()


def _prepare(told: threading.Event) -> None:
    """Import what :class:`Body` needs for a model, and what most models need if it is not ``told`` by then
    which is wanted."""
    gc.disable()  # what is imported stays: there is no garbage in it
    from . import opened, runner

    if not told.is_set():
        with suppress(FimbleError):  # whoever opens a model by it will hear of it
            from ..runtimes.llamacpp.library import open_library

            open_library()
    gc.freeze()
    gc.enable()
    del opened, runner


def _listen(body: Body, told: threading.Event) -> None:
    """Take commands until they end, or until one cannot be taken, after which nothing can be made of more."""
    try:
        while (command := read(sys.stdin.buffer, COMMANDS)) is not None:
            told.set()
            body.take(command)
    except Exception as error:
        said = error.message if isinstance(error, FrameError) else repr(error)
        os.write(2, said.encode("utf-8", "replace"))
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
