"""Plain prompts: from text, or token ids, to what a model is given to continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import ContextLengthExceeded, InvalidRequest
from ..stopping import Check, unchecked
from ..types import TextRequest
from .shield import split_controls
from .vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class TextPrompt:
    """The prompt's ids, and those of them that are the caller's own, with the bytes they stand for."""

    ids: list[int]
    own: tuple[tuple[int, bytes], ...]


_SEAM = 64
"""Tokens that are read ahead of those that are kept of a text, since a text's first ones depend on where
it was cut."""


class TextPrompts:
    """Makes prompts for one model, whose ``tokenize`` and ``piece`` these are; ``context`` in tokens."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        tokenize: Callable[[str], list[int]],
        piece: Callable[[int], bytes],
        context: int,
    ) -> None:
        self._vocabulary, self._tokenize, self._piece = vocabulary, tokenize, piece
        self._context = context

    def build(self, request: TextRequest, most: int) -> TextPrompt:
        """The prompt of a request; with ``truncate`` its last ``most`` tokens, the model's own start kept.

        An empty prompt is the token that separates texts. A prompt that cannot fit is refused with
        :class:`ContextLengthExceeded`, or cut, before it is tokenised.
        """
        prompt, most = request.prompt, max(1, most)
        if request.truncate:
            prompt = prompt[-self._longest_of(prompt, most + _SEAM) :]
        else:
            self._check_length(prompt)
        if isinstance(prompt, str):
            own = self._own(prompt, request.controls)
            starts = self._starts([token for token, _ in own])
        else:
            starts, own = [], [(token, self._piece(token)) for token in self._checked(prompt)]
        if request.truncate:
            own = own[-max(1, most - len(starts)) :]
        ids = [*starts, *(token for token, _ in own)]
        return TextPrompt(ids or [self._vocabulary.separator], tuple(own))

    def tokens(
        self, of: str | tuple[int | str, ...], *, starts: bool, controls: bool, check: Check = unchecked
    ) -> list[int]:
        """A text's ids, with the model's own first ones if it ``starts`` with them; or ids that were checked,
        and those of texts between them. Raises what ``check`` raises between two parts."""
        ids: list[int] = []
        for part in (of,) if isinstance(of, str) else of:
            check()
            if isinstance(part, str):
                self._check_length(part)
                ids += [token for token, _ in self._own(part, controls)]
            else:
                ids += self._checked((part,))
            if len(ids) > self._context and not isinstance(of, str):
                raise self._too_long()
        return [*(self._starts(ids) if starts else ()), *ids]

    def _check_length(self, prompt: str | tuple[int, ...]) -> None:
        if len(prompt) > self._longest_of(prompt, self._context):
            raise self._too_long()

    def _too_long(self) -> ContextLengthExceeded:
        return ContextLengthExceeded(
            f"The prompt is longer than the model's context of {self._context} tokens. Send less text.",
            "prompt",
        )

    def _starts(self, ids: list[int]) -> list[int]:
        """The ids to be put ahead of a text's own; none where it has them already."""
        starts = list(self._vocabulary.starts)
        return [] if starts and ids[: len(starts)] == starts else starts

    def _longest_of(self, prompt: str | tuple[int, ...], tokens: int) -> int:
        """The length of the longest prompt, in characters or ids, that may have so many tokens."""
        return tokens * self._vocabulary.longest if isinstance(prompt, str) else tokens

    def segments(self, parts: Sequence[str | int]) -> list[int]:
        """The ids of texts with control tokens between them, as a chat template makes them."""
        ids: list[int] = []
        for part in parts:
            ids += [part] if isinstance(part, int) else self._of_text(part)
        return self._starts(ids) + ids

    def _own(self, text: str, controls: bool = False) -> list[tuple[int, bytes]]:
        """Ids with their bytes, without the space that is not the caller's. With ``controls`` the texts of
        control tokens are these."""
        if controls:
            parts = split_controls(text, self._vocabulary.controls)
            return [pair for part in parts for pair in self._part(part)]
        own = [(token, self._piece(token)) for token in self._of_text(text)]
        if own and self._vocabulary.sentence_space:
            own[0] = (own[0][0], own[0][1].removeprefix(b" "))
        return own

    def _part(self, part: str | int) -> list[tuple[int, bytes]]:
        return [(part, b"")] if isinstance(part, int) else self._own(part)

    def _of_text(self, text: str) -> list[int]:
        space = " " if self._vocabulary.sentence_space and text else ""
        return self._tokenize(space + text)

    def _checked(self, ids: Sequence[int]) -> list[int]:
        if not all(0 <= token < self._vocabulary.size for token in ids):
            raise InvalidRequest(
                f"Token ids of this model are 0 to {self._vocabulary.size - 1}; the prompt has others.",
                "prompt",
            )
        return list(ids)
