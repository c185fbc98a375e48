"""How many tokens a text has, as is guessed where the tokenizer is another machine's."""

from __future__ import annotations

BYTES_PER_TOKEN = 3
"""Fewer than code has, and a character of Chinese: what fits by this measure fits."""


def tokens_of(text: str) -> int:
    """More than a text likely has."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return -(-size // BYTES_PER_TOKEN)


def tail(text: str, tokens: int) -> str:
    """The end of a text, with so many tokens at most even where it is dense: two bytes each."""
    text = text[-2 * tokens :]
    while not text.isascii() and len(text.encode("utf-8", "replace")) > 2 * tokens:
        text = text[len(text) // 8 + 1 :]
    return text
