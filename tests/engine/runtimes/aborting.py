"""A native call that is ended from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fimble.engine.runtimes.base import Aborted, Runtime


def until_aborted(model: Runtime, call: Callable[[], object], pause: int = 0) -> None:
    """Repeat a call until it is ended in the middle: one that begins after an abort runs on.

    The other thread counts to ``pause`` between two aborts, so that they come later in a call.
    """
    done = threading.Event()

    def insist() -> None:
        while not done.is_set():
            for _ in range(pause):
                pass
            model.abort()

    thread = threading.Thread(target=insist)
    thread.start()
    try:
        while True:
            call()
    except Aborted:
        pass
    finally:
        done.set()
        thread.join()
