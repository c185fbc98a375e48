"""What went wrong with a model lately: when to try it again, and which requests it must not get again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import FimbleError, WorkerCrashed
from ..limits import CRASHES_IN_A_ROW, REFUSED_REQUESTS, REFUSED_SECONDS, RETRY_SECONDS, RETRY_SECONDS_MOST
from ..types import Request


class Failures:
    """Of one model file. ``clock`` is in seconds."""

    def __init__(self, model: str, clock: Callable[[], float]) -> None:
        self._model, self._clock = model, clock
        self._error: FimbleError | None = None
        self._file = _state_of(model)
        self._wait = self._retry_at = 0.0
        self._crashes = 0
        self._refused_until: dict[int, float] = {}
        self._suspects: dict[int, float] = {}

    def check_model(self) -> None:
        """Raise the last failure again while it is too early for another try. A file that was changed is
        tried at once."""
        error = self._error
        if error is None or self._clock() >= self._retry_at:
            return
        if _state_of(self._model) != self._file:
            self._error, self._wait = None, 0.0
            return
        raise type(error)(error.message)  # a new one: each is raised in another place

    def check_request(self, request: Request) -> None:
        """Refuse what has crashed its worker a while ago, with :class:`WorkerCrashed`."""
        if self._refused_until and self._refused_until.get(_fingerprint(request), 0.0) > self._clock():
            raise WorkerCrashed(
                "The model's process crashed or hung when it was asked exactly this a short time ago. "
                "Ask for something else, or try again in a minute."
            )

    def model_failed(self, error: FimbleError) -> None:
        """It could not be opened, or crashes whatever it is asked."""
        self._error, self._file = error, _state_of(self._model)
        self._wait = min(max(RETRY_SECONDS, self._wait * 2), RETRY_SECONDS_MOST)
        self._retry_at = self._clock() + self._wait

    def crashed(self, requests: Sequence[Request]) -> None:
        """A worker died of one of these requests. It is known which one if it was alone, or if it was among
        those of another crash a short time ago; that one is refused for a while."""
        now, alone = self._clock(), len(requests) == 1
        for fingerprint in map(_fingerprint, requests):
            again = self._suspects.get(fingerprint, 0.0) > now
            _note(self._suspects, fingerprint, now + REFUSED_SECONDS)
            if alone or again:
                _note(self._refused_until, fingerprint, now + REFUSED_SECONDS)
        self._crashes += 1
        if self._crashes >= CRASHES_IN_A_ROW:
            self.model_failed(
                WorkerCrashed(
                    f"The model {self._model} crashed its process {self._crashes} times in a row. "
                    "It may be damaged: run `fimble doctor`, or choose another model."
                )
            )

    def worked(self) -> None:
        """It did a job to its end, so there is nothing wrong with it."""
        self._error, self._wait, self._crashes = None, 0.0, 0


def _note(times: dict[int, float], fingerprint: int, until: float) -> None:
    times.pop(fingerprint, None)
    times[fingerprint] = until
    if len(times) > REFUSED_REQUESTS:
        del times[next(iter(times))]


def _fingerprint(request: Request) -> int:
    """The same for requests that ask the model for the same."""
    return hash(replace(request, deadline_ms=None, document=None, user=""))


def _state_of(model: str) -> tuple[int, int, int] | None:
    """Changes when the file does."""
    try:
        found = os.stat(model)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
