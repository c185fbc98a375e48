"""Prompts that take long to make, in turns with everything else: templates that are rendered, grammars that
are tried in another process.

Such work stands still at each of its checks until the loop lets it go on, and the loop stands still
meanwhile. It has a thread of its own for that, but nothing is ever done in both: it may use the model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ..stopping import Check, Stopped

T = TypeVar("T")


class Planning(Generic[T]):
    """One piece of work, which is given a check to call."""

    def __init__(self, work: Callable[[Check], T]) -> None:
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True, name="planning")
        self._goes_on, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._result: T | None = None
        self._error: BaseException | None = None
        self._unwanted = self._done = False

    def go_on(self) -> T | None:
        """Work up to the next check, or to the end: then what it gave. Raises what the work raises."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._goes_on.release()
        self._stands.acquire()
        if self._error is not None:
            raise self._error
        return self._result

    def end(self) -> None:
        """Give it up: its check raises :class:`~..stopping.Stopped`."""
        self._unwanted = True
        while self._thread.ident is not None and not self._done:
            self._goes_on.release()
            self._stands.acquire()

    def _run(self) -> None:
        try:
            self._result = self._work(self._check)
        except BaseException as error:
            self._error = error
        self._done = True
        self._stands.release()

    def _check(self) -> None:
        self._stands.release()
        self._goes_on.acquire()
        if self._unwanted:
            raise Stopped
