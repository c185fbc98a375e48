"""Lays a request out as the token ids of one family, within a budget.

What changes least comes first: other files in the caller's stable order, the text after the cursor or
before it as the family wants it. Control tokens are put in as ids and are never read out of texts.
"""

from __future__ import annotations

from collections.abc import Callable

from ..types import FimRequest
from .detect import FimFormat
from .families import Slot
from .window import CHARACTERS_PER_TOKEN, Budget, head, window_starts

Tokenize = Callable[[str], list[int]]


class PromptBuilder:
    """Builds prompts for one model; the same request always gives the same ids."""

    def __init__(self, tokenize: Tokenize, form: FimFormat, budget: Budget) -> None:
        self._tokenize, self._form, self._budget = tokenize, form, budget

    def build(self, request: FimRequest) -> list[int]:
        """The prompt's token ids, at most the budget and a few control tokens long."""
        form = self._form
        ids = [form.bos_id] if form.bos_id is not None else []
        files = self._files(request)
        slots = self._slots(request, len(files))
        if form.family.files_in_prefix:
            slots["prefix"] = files + slots["prefix"]
        else:
            ids += files
        for step in form.family.layout:
            text = slots[step.slot] if step.slot else []
            if step.when_filled and not text:
                continue
            if step.control in form.ids:
                ids.append(form.ids[step.control])
            ids += text
        return ids

    def _slots(self, request: FimRequest, files: int) -> dict[Slot, list[int]]:
        line_rest, newline, following = request.suffix.partition("\n")
        suffix = request.suffix or self._form.family.empty_suffix
        wanted = {step.slot for step in self._form.family.layout}
        budget = self._budget.suffix(request.prefix, files)
        slots: dict[Slot, list[int]] = {
            "suffix": self._head(suffix, budget) if "suffix" in wanted else [],
            "following": self._head(newline + following, budget) if "following" in wanted else [],
            "line_rest": self._head(line_rest, self._budget.line_rest) if "line_rest" in wanted else [],
        }
        left = self._budget.prefix(files, len(slots["suffix"]) + len(slots["following"]))
        slots["prefix"] = self._prefix(request.prefix, request.left_out, left)
        return slots

    def _prefix(self, prefix: str, left_out: int, budget: int) -> list[int]:
        """The longest window that starts on a step and fits; on a finer step if it is half empty."""
        space = " " if self._form.family.sentence_space else ""
        best: list[int] = []
        for starts in window_starts(prefix, left_out, budget, self._budget.total):
            windows = ((start, self._tokenize(space + prefix[start:])) for start in starts)
            fitting = next((ids for at, ids in windows if self._fits(ids, prefix[at:], budget)), [])
            best = max(best, fitting, key=len)
            if fitting and (starts == [0] or len(fitting) >= budget // 2):
                return fitting
        return best or self._tokenize(space + prefix[-budget:])[-budget:]

    def _fits(self, ids: list[int], text: str, budget: int) -> bool:
        """Whether a window may have these tokens of ``text``. The lines above the cursor's decide, with room
        left for that one: its tokens grow and shrink while a word is typed, and the window stays."""
        room = budget - self._budget.line_rest
        if len(ids) > budget:
            return False
        return len(ids) <= room or len(self._tokenize(text[: text.rfind("\n") + 1])) <= room

    def _head(self, text: str, budget: int) -> list[int]:
        """The first lines that fit; a giant first line is cut inside."""
        text = head(text, budget * CHARACTERS_PER_TOKEN)
        ids = self._tokenize(text)
        while len(ids) > budget:
            end = text.rfind("\n", 0, len(text) * budget // len(ids) - 1)
            if end <= 0:
                return ids[:budget]
            text = text[: end + 1]
            ids = self._tokenize(text)
        return ids

    def _files(self, request: FimRequest) -> list[int]:
        """Other files, as many as there is room for, and the current file's header."""
        family, separator = self._form.family, self._form.ids.get("file_sep")
        if family.file_header is None:
            return []
        between = [separator] if separator is not None else []
        ids: list[int] = []
        left = self._budget.snippets(request.prefix, request.suffix)
        for snippet in request.snippets:
            text = snippet.text[: left * CHARACTERS_PER_TOKEN + 1]
            new = between + self._tokenize(_header(family.file_header, snippet.path) + text)
            if len(text) == len(snippet.text) and len(new) <= left:
                ids += new
                left -= len(new)
        if ids and (repository := self._form.ids.get("repo")) is not None:
            ids = [repository, *self._tokenize(family.repository), *ids]
        if request.path and (family.own_header or ids):
            ids += between + self._tokenize(_header(family.file_header, request.path))
        return ids


def _header(template: str, path: str) -> str:
    return template.format(path=path.replace("\n", " ")[-200:])
