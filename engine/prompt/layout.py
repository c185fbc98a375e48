"""Lays a request out as the token ids of one family, within a budget.

What changes least comes first: other files in the caller's stable order, the text after the cursor or
before it as the family wants it. Control tokens are put in as ids and are never read out of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..types import FimRequest
from .border import Prompt, probed, typed_at_end
from .detect import FimFormat
from .families import Files, Layout, Slot
from .pieces import PieceTable
from .window import CHARACTERS_PER_TOKEN, Budget, head, window_starts

Tokenize = Callable[[str], list[int]]


class PromptBuilder:
    """Builds prompts for one model; the same request always gives the same ids. ``pieces`` are those
    of its tokens."""

    def __init__(
        self, tokenize: Tokenize, form: FimFormat, budget: Budget, pieces: PieceTable | None = None
    ) -> None:
        self._tokenize, self._form, self._budget, self._pieces = tokenize, form, budget, pieces

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """Texts that end an answer, as its end tokens do."""
        return self._form.family.stop_texts

    def healed(self, request: FimRequest) -> Prompt:
        """The prompt without the last word that was typed, where that may become another token: see
        :mod:`.border`."""
        if self._pieces is not None and request.prefix:
            ahead, slots = self._filled(replace(request, prefix=probed(request.prefix)))
            typed = typed_at_end(request.prefix, slots["prefix"], self._pieces)
            if typed is not None:
                slots["prefix"] = slots["prefix"][: typed[0]]
                return Prompt(self._joined(ahead, slots), typed[1])
        return Prompt(self.build(request))

    def build(self, request: FimRequest) -> list[int]:
        """The prompt's token ids, at most the budget and a few control tokens long."""
        return self._joined(*self._filled(request))

    def _filled(self, request: FimRequest) -> tuple[list[int], dict[Slot, list[int]]]:
        """What stands ahead of all, and what the slots are filled with."""
        ahead, inside = self._files(request)
        return ahead, self._slots(request, ahead, inside)

    def _joined(self, ahead: list[int], slots: Mapping[Slot, list[int]]) -> list[int]:
        family = self._form.family
        ids = [self._form.bos_id] if self._form.bos_id is not None else []
        ids += self._laid(family.opening, {})
        return ids + ahead + self._laid(family.layout, slots) + self._laid(family.closing, {})

    def _laid(self, layout: Layout, slots: Mapping[Slot, list[int]]) -> list[int]:
        ids: list[int] = []
        for step in layout:
            filled = slots[step.slot] if step.slot else []
            if step.when_filled and not filled:
                continue
            if step.control in self._form.ids:
                ids.append(self._form.ids[step.control])
            ids += filled + self._tokenize(step.text)
        return ids

    def _slots(self, request: FimRequest, ahead: list[int], inside: list[int]) -> dict[Slot, list[int]]:
        files = len(ahead) + len(inside)
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
        space = " " if self._form.family.sentence_space and not inside else ""
        slots["prefix"] = inside + self._prefix(request.prefix, request.left_out, left, space)
        return slots

    def _prefix(self, prefix: str, left_out: int, budget: int, space: str) -> list[int]:
        """The longest window that starts on a step and fits; on a finer step if it is half empty."""
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

    def _files(self, request: FimRequest) -> tuple[list[int], list[int]]:
        """Other files, as many as there is room for, and the current file's header: what of it stands ahead
        of all, and what is part of the text before the cursor."""
        files = self._form.family.files
        if files is None:
            return [], []
        others = self._others(request, files)
        shown = bool(others or files.own or (files.alone and request.path))
        separator = self._separator(files, bool(others)) if shown else []
        path = request.path or _UNTITLED
        header = _header(files.own or files.header, path, request.language) if shown else ""
        if files.place == "prefix":
            space = " " if self._form.family.sentence_space and shown and not others else ""
            return [], others + separator + self._tokenize(space + header)
        if files.place == "path in prefix":
            return others + separator, self._tokenize(header)
        return others + separator + self._tokenize(header), []

    def _others(self, request: FimRequest, files: Files) -> list[int]:
        ids: list[int] = []
        space = " " if self._form.family.sentence_space and files.place == "prefix" else ""
        for text in self._fitting(request, files):
            ids += self._separator(files, bool(ids)) + self._tokenize(("" if ids else space) + text)
        if ids and (repository := self._form.ids.get("repo")) is not None:
            ids = [repository, *self._tokenize(files.repository), *ids]
        return ids

    def _fitting(self, request: FimRequest, files: Files) -> list[str]:
        """Snippets with their headers. The caller puts the most useful one last, next to the file: where
        there is no room for all, the first ones go."""
        kept: list[str] = []
        left = self._budget.snippets(request.prefix, request.suffix)
        for snippet in reversed(request.snippets):
            if len(snippet.text) > left * CHARACTERS_PER_TOKEN:
                continue
            whole = snippet.text if snippet.text.endswith("\n") else snippet.text + "\n"
            text = _header(files.header, snippet.path, "") + whole + files.end
            size = len(self._tokenize(" " + text)) + len(self._separator(files, True))
            if size <= left:
                kept.append(text)
                left -= size
        return kept[::-1]

    def _separator(self, files: Files, behind_another: bool) -> list[int]:
        separator = self._form.ids.get("file_sep")
        return [separator] if separator is not None and (behind_another or not files.between) else []


_UNTITLED = "untitled"
"""The name of a file without one, where other files stand ahead of it: its header tells where they end."""


def _header(template: str, path: str, language: str) -> str:
    return template.format(
        path=path.replace("\n", " ")[-200:], language=_NAMES.get(language, language.title())
    )


_NAMES = {
    "cpp": "C++", "csharp": "C#", "javascript": "JavaScript", "javascriptreact": "JavaScript",
    "typescript": "TypeScript", "typescriptreact": "TypeScript", "php": "PHP", "sql": "SQL", "html": "HTML",
    "css": "CSS", "shellscript": "Shell",
}  # fmt: skip
"""What languages are called in a prompt, where it is not their id with a capital letter."""
