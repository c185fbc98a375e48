"""Finds tool calls in an answer as it streams: text passes, calls come out whole."""

from __future__ import annotations

import json
import secrets
from contextlib import closing
from dataclasses import replace

from ..prompt.tool_forms import ToolForm
from ..types import ToolCall
from .steps import Need, Rows, Steps
from .stops import overlap

_DECODER = json.JSONDecoder()


def with_tool_calls(steps: Steps, form: ToolForm, several: bool) -> Steps:
    """The same answer with its calls taken out of the text.

    An answer with calls that ended by itself has the reason "tool_calls"; without ``several`` the first
    call ends it. A call that was cut off stays text. Log-probabilities stay those of all tokens.
    """
    reader, called = CallReader(form), False
    with closing(steps):
        rows: Rows | None = None
        while True:
            try:
                item = steps.send(rows)
            except StopIteration:
                return
            if isinstance(item, Need):
                rows = yield item
                continue
            rows = None
            text, calls = reader.feed(item.text)
            called = called or bool(calls)
            reason = item.finish_reason
            if reason is not None:
                text += reader.flush()
            if called and (reason == "stop" or not several):
                reason = "tool_calls"
            if text or calls or item.logprobs or reason is not None:
                yield replace(item, text=text, tool_calls=tuple(calls), finish_reason=reason)
            if reason is not None:
                return


class CallReader:
    """Feed text in pieces, get what may be shown and the calls that have become complete."""

    def __init__(self, form: ToolForm) -> None:
        self._form = form
        self._held = ""

    def feed(self, text: str) -> tuple[str, list[ToolCall]]:
        self._held += text
        shown = ""
        calls: list[ToolCall] = []
        while (at := self._held.find(self._form.opener)) >= 0:
            shown += self._held[:at]
            self._held = self._held[at:]
            found = read_call(self._held, self._form)
            if found is None:
                return shown, calls
            call, end = found
            calls.append(call)
            self._held = self._held[end:]
        keep = overlap(self._held, self._form.opener)
        shown += self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return shown, calls

    def flush(self) -> str:
        """What was held back, when no more text comes."""
        held, self._held = self._held, ""
        return held


def read_call(text: str, form: ToolForm) -> tuple[ToolCall, int] | None:
    """The call with which ``text`` begins, and where it ends; None while it is not whole."""
    try:
        name, at = _DECODER.raw_decode(text, _after(text, 0, form.opener + form.before))
        begin = _after(text, at, form.between)
        _, end = _DECODER.raw_decode(text, begin)
        whole = _after(text, end, form.closer)
    except ValueError:
        return None
    return ToolCall("call_" + secrets.token_hex(12), name, text[begin:end]), whole


def _after(text: str, at: int, expected: str) -> int:
    if not text.startswith(expected, at):
        raise ValueError
    return at + len(expected)
