"""Log-probabilities in OpenAI's two shapes: four lists (legacy), or one object for each token (chat)."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine.tokens import TokenLogprob

from .schema.chat import ChatLogprobs, ContentLogprob, TopLogprob
from .schema.completions import LegacyLogprobs

LEAST = -9999.0
"""What OpenAI writes for a token that could not have come: JSON has no infinity."""


def legacy(tokens: Sequence[TokenLogprob]) -> LegacyLogprobs:
    return LegacyLogprobs(
        tokens=[spelled(each.text) for each in tokens],
        token_logprobs=[None if each.logprob is None else _finite(each.logprob) for each in tokens],
        top_logprobs=[
            None if each.logprob is None else {spelled(t.text): _finite(t.logprob) for t in each.top}
            for each in tokens
        ],
        text_offset=[each.offset for each in tokens],
    )


def chat(tokens: Sequence[TokenLogprob]) -> ChatLogprobs:
    return ChatLogprobs(
        content=[
            ContentLogprob(
                **_entry(each.text, each.logprob),
                top_logprobs=[TopLogprob(**_entry(t.text, t.logprob)) for t in each.top],
            )
            for each in tokens
        ]
    )


def mean(tokens: Sequence[TokenLogprob]) -> float:
    """The mean log-probability of an answer's tokens; nothing said is surest of all."""
    known = [_finite(each.logprob) for each in tokens if each.logprob is not None]
    return sum(known) / len(known) if known else 0.0


def spelled(text: bytes) -> str:
    """A token's text, or its bytes where they are a part of a character."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in text)


def _entry(text: bytes, logprob: float | None) -> dict[str, object]:
    return {
        "token": text.decode("utf-8", "replace"),
        "logprob": _finite(LEAST if logprob is None else logprob),
        "bytes": list(text),
    }


def _finite(logprob: float) -> float:
    return max(LEAST, logprob)
