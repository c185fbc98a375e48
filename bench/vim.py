"""What llama.vim does between a key and llama-server: its text, its cache and its request.

Written after ``autoload/llama.vim`` of ggml-org/llama.vim at commit a1c8e6e: ``s:fim_ctx_local``,
``s:fim_try_hint``, ``llama#fim`` and ``s:fim_on_response``. Left out is what makes an answer later and not
sooner: it waits for 100 ms where a request still runs, asks again in the background where its cache had
something to show, and sends pieces of other files along.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass

from .sheet import Sheet

CACHE_KEYS = 250
"""``max_cache_keys``."""
LOOK_BACK = 128
"""An answer is known where it was made up to so many characters ago, and was typed since."""
SCROLLED_LINES = 3
"""An answer counts for texts too that begin up to so many lines later."""
STOP = ["\n"]
"""Its setting ``stop_strings``, which has nothing in it as shipped: most of our answers are one line, so
this is the fairer question, and the sooner answered."""
FIELDS = ("content", "timings/prompt_n", "timings/predicted_n")


@dataclass(frozen=True, slots=True)
class Context:
    """The text at the cursor as llama.vim sees it: whole lines above, the cursor's line, the rest."""

    above: str
    line: str
    below: str
    indent: int

    @property
    def before(self) -> str:
        return self.above + self.line


def context_of(sheet: Sheet) -> Context:
    """A line with nothing but spaces counts as empty: indenting it asks for nothing new."""
    line = sheet.line if sheet.line.strip(" \t") else ""
    return Context(sheet.above, line, sheet.below, len(line) - len(line.lstrip()))


class Cache:
    """Answers by the text they were made for, the least recently used dropped first."""

    def __init__(self, keys: int = CACHE_KEYS) -> None:
        self._answers: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._keys = keys

    def __len__(self) -> int:
        return len(self._answers)

    def insert(self, context: Context, answer: str) -> None:
        for above in _scrolled(context.above):
            key = (above + context.line, context.below)
            if key not in self._answers and len(self._answers) >= self._keys:
                self._answers.popitem(last=False)
            self._answers[key] = answer
            self._answers.move_to_end(key)

    def find(self, context: Context) -> str | None:
        """An answer for this very text, or the longest rest of one that is being typed; None: ask."""
        exact = (context.before, context.below)
        if exact in self._answers:
            self._answers.move_to_end(exact)
            return self._answers[exact]
        return max(self._typed_along(context), key=len, default=None)

    def _typed_along(self, context: Context) -> list[str]:
        rests, before = [], context.before
        for (earlier, below), answer in self._answers.items():
            typed = len(before) - len(earlier)
            if not 0 < typed <= LOOK_BACK or len(answer) <= typed or below != context.below:
                continue
            if before.endswith(answer[:typed]) and before.startswith(earlier):
                rests.append(answer[typed:])
        return rests


def _scrolled(above: str) -> list[str]:
    """The lines above, and the same without the first one to three of them."""
    found = [above]
    for _ in range(SCROLLED_LINES):
        above = above.partition("\n")[2]
        if not above:
            break
        found.append(above)
    return found


def request_of(context: Context) -> bytes:
    """The body of its request to ``/infill``, for whichever slot is free."""
    body = {
        "input_prefix": context.above, "input_suffix": context.below, "input_extra": [],
        "prompt": context.line, "n_predict": 128, "stop": STOP, "n_indent": context.indent,
        "top_k": 40, "top_p": 0.9, "samplers": ["top_k", "top_p", "infill"], "stream": False,
        "cache_prompt": True, "t_max_prompt_ms": 500, "t_max_predict_ms": 250, "response_fields": FIELDS,
    }  # fmt: skip
    return json.dumps(body).encode()
