"""Keeps text from becoming control tokens where a prompt goes to an upstream as text.

Its tokenizer reads every spelling of a control token as that token, and there is no way to tell it otherwise.
So a window ends ahead of such a spelling: what is nearer to the cursor is kept.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ...prompt.families import END_TEXTS, FAMILIES, Family

_SHAPES = (
    r"<\|[^|<>\n]{1,64}\|>",  # Qwen, CodeGemma, Granite, GLM, Llama 3 and most others
    r"<｜[^｜<>\n]{1,64}｜>",  # DeepSeek
    r"<\[[^\[\]<>\n]{1,64}\]>",  # Seed-Coder
    r"<(?:fim|file|repo|issue|jupyter|empty|commit|gh|code_to|intermediate_to|pr)_?[a-z_]*>",  # StarCoder
)
_SENTENCEPIECE = (
    "<s>", "</s>", "<unk>", "<bos>", "<eos>", "<pad>", "<PRE>", "<SUF>", "<MID>", "<EOT>", "[INST]",
    "[/INST]", "[PREFIX]", "[SUFFIX]", "[MIDDLE]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[IMG]", "[gMASK]", "<sop>",
    "<eop>", "<start_of_turn>", "<end_of_turn>", "<filename>",
)  # fmt: skip
"""Tokens without a shape of their own. Some of them are HTML too, so they count only for families that have
them, and where the family is not known."""
_WITH_SENTENCEPIECE = frozenset(
    ["codellama", "codestral", "codegemma", "codegeex", "glm", "mellum", "fimble"]
)


def kept_before(text: str, family: Family | None) -> str:
    """The end of a text ahead of the cursor, from its last control token's spelling on."""
    start = max((found.end() for found in _pattern(family).finditer(text)), default=0)
    return text[start:]


def kept_after(text: str, family: Family | None) -> str:
    """The beginning of a text behind the cursor, up to its first control token's spelling."""
    found = _pattern(family).search(text)
    return text if found is None else text[: found.start()]


def spells_control(text: str, family: Family | None) -> bool:
    """Whether a control token's spelling is in a text."""
    return _pattern(family).search(text) is not None


@lru_cache(64)
def _of_texts(texts: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile("|".join([*map(re.escape, longest_first), *_SHAPES]))


def _pattern(family: Family | None) -> re.Pattern[str]:
    if family is None:
        everybody = {text for each in FAMILIES for text in (*each.tokens.values(), *each.stops)}
        return _of_texts(frozenset(everybody | END_TEXTS | set(_SENTENCEPIECE)))
    own = {text.lstrip("▁") for text in (*family.tokens.values(), *family.stops)}
    return _of_texts(frozenset(own | (set(_SENTENCEPIECE) if family.name in _WITH_SENTENCEPIECE else set())))
