"""How fast a model reads on this machine, measured when it is opened."""

from __future__ import annotations

import time

from .base import Runtime, Span

_FIRST, _MORE = 16, 112
_SLOW_SECONDS = 0.05


def token_seconds(model: Runtime) -> float:
    """Seconds that a token of a long prompt takes; the sequence that is used is empty before and after.

    The first tokens are read twice: the first time brings the weights into memory. A slow model is asked
    for no more. What the processor had to do for others meanwhile does not count: it may be gone with the
    next key, and the model's window is for as long as it is open.
    """
    seconds = 0.0
    for _ in range(2):
        seconds = _read(model, 0, _FIRST) / _FIRST
    if seconds * _FIRST < _SLOW_SECONDS:
        seconds = _read(model, _FIRST, min(_MORE, model.batch, model.context_length - _FIRST)) / _MORE
    model.keep(0, 0)
    return seconds


def _read(model: Runtime, past: int, count: int) -> float:
    if not past:
        model.keep(0, 0)
    began, computed = time.perf_counter(), time.process_time()
    model.decode([Span(0, [0] * count, past, 0)])
    return min(time.perf_counter() - began, time.process_time() - computed)
