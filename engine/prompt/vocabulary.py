"""What a model's file says of its tokens, apart from fill-in-the-middle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .detect import adds_bos, end_ids, texts_of, token_id

_CONTROL, _USER_DEFINED = 3, 4
_SPECIAL = re.compile(r"<.+>|\[.+\]")
"""What a user-defined token looks like that a chat template means as a whole."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``controls`` are the texts of special tokens, which only a model's own template may put in as ids.

    ``starts`` are ids put ahead of every text. ``separator`` is what an empty text is for the model.
    ``sentence_space`` tells that sentencepiece puts a space ahead of a text. No token has more than
    ``longest`` characters, so that a text's length says how many tokens it has at least.
    """

    size: int
    end_ids: frozenset[int]
    controls: Mapping[str, int] = field(default_factory=dict)
    bos_id: int | None = None
    eos_id: int | None = None
    starts: tuple[int, ...] = ()
    sentence_space: bool = False
    longest: int = 1

    @property
    def separator(self) -> int:
        for candidate in (self.bos_id, self.eos_id, *sorted(self.end_ids)):
            if candidate is not None:
                return candidate
        return 0

    def text_of(self, token: int | None) -> str:
        """A control token's text; empty for all others."""
        return next((text for text, found in self.controls.items() if found == token), "")


def read_vocabulary(metadata: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of a checked file; where a key is missing, what llama.cpp takes for sentencepiece."""
    tokens = texts_of(metadata)
    types: list[int] = metadata.get("tokenizer.ggml.token_type", [])
    sentencepiece = metadata.get("tokenizer.ggml.model") == "llama"
    bos = token_id(metadata, "bos", len(tokens))
    starts = adds_bos(metadata, sentencepiece)
    return Vocabulary(
        size=len(tokens),
        end_ids=end_ids(metadata),
        controls={
            text: i
            for i, (text, kind) in enumerate(zip(tokens, types, strict=False))
            if (kind == _CONTROL and text) or (kind == _USER_DEFINED and _SPECIAL.fullmatch(text))
        },
        bos_id=bos,
        eos_id=token_id(metadata, "eos", len(tokens)),
        starts=(bos,) if starts and bos is not None else (),
        sentence_space=bool(metadata.get("tokenizer.ggml.add_space_prefix", sentencepiece)),
        longest=max(map(len, tokens), default=1),
    )
