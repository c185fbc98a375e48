"""Our own fill-in-the-middle prompt as text, for upstreams that only continue one.

It is laid out as :mod:`~...prompt.layout` lays out token ids. Lengths are guessed, since an upstream's
tokenizer is not here; windows move in the same steps, so what it has cached stays of use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...limits import UPSTREAM_CONTEXT_CHARACTERS
from ...prompt.families import Control, Family, Files, Layout, Slot
from ...prompt.window import Budget, clip, head, window_starts
from ...types import FimRequest
from .sizes import BYTES_PER_TOKEN, tokens_of
from .spelled import kept_after, kept_before, spells_control

_MOST_TOKENS = UPSTREAM_CONTEXT_CHARACTERS * 5 // 3 // BYTES_PER_TOKEN
_ASIDE = 64
"""Tokens for what stands around the texts."""
_UNTITLED = "untitled"
_AS_TEXT: Mapping[str, Mapping[Control, str]] = {
    "codellama": {"prefix": "<PRE>", "suffix": " <SUF>", "middle": " <MID>"}
}
"""Where the spelling differs from the token's text: what a sentencepiece model has as ``▁<SUF>``."""


class FimPrompts:
    """Makes the prompts for a model of ``family`` with room for ``context_window`` tokens."""

    def __init__(self, family: Family, context_window: int) -> None:
        self._family, self._context = family, context_window

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end an answer: end tokens that a server may spell out, and those of the format."""
        family = self._family
        own = [text for text in family.tokens.values() if len(text) > 1]
        return tuple(dict.fromkeys([*family.stop_texts, *family.stops, *own]))

    def text(self, request: FimRequest) -> str:
        """The prompt of a request."""
        request = without_controls(request, self._family)
        made = min(request.max_tokens or 0, self._context // 2)
        budget = Budget(max(64, min(_MOST_TOKENS, self._context - made - _ASIDE)))
        ahead, inside = self._files(request, budget)
        slots = self._slots(request, budget, ahead, inside)
        family = self._family
        return (
            self._laid(family.opening, {})
            + ahead
            + self._laid(family.layout, slots)
            + self._laid(family.closing, {})
        )

    def _control(self, control: Control) -> str:
        spelled = _AS_TEXT.get(self._family.name, {})
        return spelled.get(control) or self._family.tokens.get(control, "")

    def _laid(self, layout: Layout, slots: Mapping[Slot, str]) -> str:
        text = ""
        for step in layout:
            filled = slots[step.slot] if step.slot else ""
            if filled or not step.when_filled:
                text += self._control(step.control) + filled + step.text
        return text

    def _slots(self, request: FimRequest, budget: Budget, ahead: str, inside: str) -> dict[Slot, str]:
        files = tokens_of(ahead) + tokens_of(inside)
        line_rest, newline, following = request.suffix.partition("\n")
        below = budget.suffix(request.prefix, files)
        suffix = _head(request.suffix, below)
        left = budget.prefix(files, tokens_of(suffix))
        space = " " if self._family.sentence_space and not inside else ""
        return {
            "prefix": inside + space + _window(request, left, budget.total),
            "suffix": suffix or self._family.empty_suffix,
            "following": _head(newline + following, below),
            "line_rest": _head(line_rest, budget.line_rest),
        }

    def _files(self, request: FimRequest, budget: Budget) -> tuple[str, str]:
        """Other files and the current one's header: what stands ahead of all, and what is part of the text
        before the cursor."""
        files = self._family.files
        if files is None:
            return "", ""
        others = self._others(request, files, budget)
        path = request.path or _UNTITLED
        header = ""
        if others or files.own or (files.alone and request.path):
            header = _header(files.own or files.header, path, request.language)
        separator = self._separator(files, bool(others)) if header else ""
        if files.place == "prefix":
            space = " " if self._family.sentence_space and (others or header) else ""
            return "", space + others + separator + header
        if files.place == "path in prefix":
            return others + separator, header
        return others + separator + header, ""

    def _others(self, request: FimRequest, files: Files, budget: Budget) -> str:
        """Snippets with their headers, the most useful one last; where there is no room for all, the first
        ones go."""
        left = budget.snippets(request.prefix, request.suffix)
        kept: list[str] = []
        for snippet in reversed(request.snippets):
            whole = snippet.text if snippet.text.endswith("\n") else snippet.text + "\n"
            text = _header(files.header, snippet.path, "") + whole + files.end
            if tokens_of(text) <= left and not spells_control(text, self._family):
                kept.append(text)
                left -= tokens_of(text)
        laid = ""
        for text in reversed(kept):
            laid += self._separator(files, bool(laid)) + text
        repository = self._control("repo")
        return repository + files.repository + laid if laid and repository else laid

    def _separator(self, files: Files, behind_another: bool) -> str:
        return self._control("file_sep") if behind_another or not files.between else ""


def without_controls(request: FimRequest, family: Family | None) -> FimRequest:
    """What of a request is near the cursor and spells no control token."""
    near = clip(request, UPSTREAM_CONTEXT_CHARACTERS)
    prefix = kept_before(near.prefix, family)
    return replace(
        near,
        prefix=prefix,
        suffix=kept_after(near.suffix, family),
        left_out=near.left_out + len(near.prefix) - len(prefix),
        path="" if spells_control(request.path, family) else request.path,
    )


def _window(request: FimRequest, budget: int, total: int) -> str:
    """The longest window ahead of the cursor that starts on a step and fits; on a finer step if it is half
    empty."""
    prefix, best = request.prefix, len(request.prefix)
    for starts in window_starts(prefix, request.left_out, budget, total):
        fitting = next((start for start in starts if tokens_of(prefix[start:]) <= budget), len(prefix))
        best = min(best, fitting)
        if fitting < len(prefix) and (starts == [0] or tokens_of(prefix[fitting:]) >= budget // 2):
            break
    return prefix[best:] if best < len(prefix) else prefix[-budget:]


def _head(text: str, budget: int) -> str:
    """The first lines that fit; a giant first line is cut inside."""
    text = head(text, budget * BYTES_PER_TOKEN)
    while (size := tokens_of(text)) > budget:
        text = head(text, len(text) * budget // size)
    return text


def _header(template: str, path: str, language: str) -> str:
    return template.format(path=path.replace("\n", " ")[-200:], language=language.title())
