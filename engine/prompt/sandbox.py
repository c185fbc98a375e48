"""Where chat templates run: a sandbox with what Hugging Face's ``apply_chat_template`` offers, and bounds.

A template is a program that came with a model, and it works on what strangers send. It is rendered in a
thread of its own, which is ended from outside when it takes too long, writes too much, or when nobody
waits for it any more. What would take forever in a single step, such as ``"x" * 10**10``, is refused.
"""

from __future__ import annotations

import ctypes
import json
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jinja2 import Template
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import FimbleError
from ..limits import TEMPLATE_NUMBER, TEMPLATE_SECONDS
from ..stopping import Check

_POLL_SECONDS, _END_SECONDS = 0.002, 10.0
_SIZED_FILTERS = ("batch", "center", "indent", "round", "slice", "truncate", "wordwrap")
_WIDE_FORMAT = re.compile(rf"[%{{][^%{{}}a-zA-Z]*(\d{{{len(str(TEMPLATE_NUMBER))},}}|\*)")


class TooLong(Exception):
    """The output has more characters than it may."""


class Failed(Exception):
    """What went wrong in the template, as the end of a sentence."""


class _Abandoned(BaseException):
    """Raised inside a rendering thread that nobody waits for."""


class Sandbox(ImmutableSandboxedEnvironment):
    """``refuse`` is called with the message of a template that raises an exception of its own."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def __init__(self, refuse: Callable[[str], None]) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
        self.filters |= {"tojson": _tojson, "format": _format}
        self.filters |= {name: _sized(self.filters[name]) for name in _SIZED_FILTERS}
        self.globals.pop("lipsum")
        self.globals["raise_exception"] = refuse
        self.globals["strftime_now"] = lambda layout: datetime.now().strftime(layout)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            _check_numbers(left, right)
        elif operator == "%":
            _check_format(left)
        else:
            _check_product(left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, function: Any, /, *args: Any, **more: Any) -> Any:
        text = getattr(function, "__self__", None)
        if isinstance(text, str):
            _check_numbers(*args, *more.values())
        return super().call(context, function, *args, **more)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def formatted(*args: Any, **more: Any) -> str:
            _check_format(value.__self__)
            _check_numbers(*args, *more.values())
            return wrapped(*args, **more)

        return formatted


def render(template: Template, values: dict[str, Any], most: int, check: Check) -> str:
    """The template's output; :class:`TooLong` if it has more than ``most`` characters, and :class:`Failed`
    for what goes wrong. Raises what ``check`` and ``refuse`` raise."""
    pieces: list[str] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            length = 0
            for piece in template.generate(values):
                pieces.append(piece)
                length += len(piece)
                if length > most:
                    raise TooLong
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True, name="chat template")
    thread.start()
    try:
        _wait(thread, check)
    except BaseException:
        _end(thread)
        raise
    if not failed:
        return "".join(pieces)
    if isinstance(failed[0], TooLong | FimbleError):
        raise failed[0]
    raise Failed(str(failed[0])) from failed[0]


def _wait(thread: threading.Thread, check: Check) -> None:
    end = time.monotonic() + TEMPLATE_SECONDS
    while True:
        thread.join(_POLL_SECONDS)
        if not thread.is_alive():
            return
        check()
        if time.monotonic() > end:
            raise Failed("it takes too long")


def _end(thread: threading.Thread) -> None:
    """Raise an exception inside a thread, at the next step of its program."""
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    raise_in(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Abandoned))
    thread.join(_END_SECONDS)


def _sized(call: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that refuses sizes which would fill the memory; Jinja's mark on it is kept."""
    subject = 1 if hasattr(call, "jinja_pass_arg") else 0

    def sized(*args: Any, **more: Any) -> Any:
        _check_numbers(*args[subject + 1 :], *more.values())
        return call(*args, **more)

    sized.__dict__.update(vars(call))
    return sized


def _format(text: str, *args: Any, **more: Any) -> str:
    """The filter ``format``: printf's."""
    _check_format(text)
    return text % (more or args)


def _check_numbers(*values: Any) -> None:
    if any(isinstance(value, int | float) and abs(value) > TEMPLATE_NUMBER for value in values):
        _refuse()


def _check_product(left: Any, right: Any) -> None:
    """Of a repeated text or list, or of two numbers; those that are refused are past any float."""
    sizes = [len(side) if isinstance(side, str | list | tuple) else side for side in (left, right)]
    if sizes != [left, right]:
        _check_numbers(sizes[0] * sizes[1])
    elif isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > 1024:
        _refuse()


def _check_format(text: Any) -> None:
    if isinstance(text, str) and _WIDE_FORMAT.search(text):
        _refuse()


def _refuse() -> None:
    raise SecurityError(f"a number in it is larger than {TEMPLATE_NUMBER}")


def _tojson(value: object, indent: int | None = None) -> str:
    """JSON without HTML's escapes, which Jinja's own filter puts in."""
    _check_numbers(indent)
    return json.dumps(value, ensure_ascii=False, indent=indent)
