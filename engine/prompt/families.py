"""Fill-in-the-middle formats as data: which control tokens, in which order, what goes around.

Sources, per family, are the models' own cards and code: Qwen2.5-Coder README; bigcode StarCoder and
StarCoder2 cards; CodeLlama (Rozière et al. 2023); DeepSeek-Coder README; CodeGemma report; Mistral's
Codestral tokenizer; Seed-Coder (arXiv 2506.03524); JetBrains Mellum cards; GLM-4.5 and Falcon-H1 as in
llama.cpp's ``llama-vocab.cpp``. The order a model was trained on is a fact about it, not a taste:
asked the other way round it can lose most of its ability (Bavarian et al. 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Control = Literal["prefix", "suffix", "middle", "file_sep", "repo"]
Slot = Literal["prefix", "suffix", "following", "line_rest"]
"""``suffix`` is all text after the cursor; ``line_rest`` its part up to the line's end, ``following``
its part from that newline on."""


@dataclass(frozen=True, slots=True)
class Step:
    """A control token, then a text; with ``when_filled`` both only if the text is not empty."""

    control: Control
    slot: Slot | None = None
    when_filled: bool = False


Layout = tuple[Step, ...]

PREFIX_FIRST: Layout = (Step("prefix", "prefix"), Step("suffix", "suffix"), Step("middle"))
SUFFIX_FIRST: Layout = (Step("suffix", "suffix"), Step("prefix", "prefix"), Step("middle"))
LINES_FIRST: Layout = (
    Step("suffix", "following"),
    Step("prefix", "prefix"),
    Step("suffix", "line_rest", when_filled=True),
    Step("middle"),
)
"""The bundled model's: the lines below the cursor first, then the text up to it, then what is left of
its line. Typing only appends, and an editor that closes a bracket by itself changes the last tokens
instead of the first ones, so what is cached survives both."""
NO_MIDDLE: Layout = (Step("suffix", "suffix"), Step("prefix", "prefix"))

LAYOUTS = {
    "prefix-first": PREFIX_FIRST,
    "suffix-first": SUFFIX_FIRST,
    "lines-first": LINES_FIRST,
    "no-middle": NO_MIDDLE,
}


@dataclass(frozen=True, slots=True)
class Family:
    """One format. ``tokens`` are the control tokens' texts; ``stops`` texts of further end tokens.

    ``file_header`` is put ahead of another file's text (``{path}`` is filled in; the file separator's
    token comes first where the family has one); ``own_header`` tells whether the current file gets one.
    ``sentence_space`` keeps sentencepiece's leading space before the prefix (CodeLlama).
    """

    name: str
    tokens: dict[Control, str]
    layout: Layout = PREFIX_FIRST
    stops: tuple[str, ...] = ()
    file_header: str | None = None
    own_header: bool = False
    bos: bool = False
    sentence_space: bool = False
    files_in_prefix: bool = False
    """Whether other files belong to the text before the cursor, behind its control token."""
    repository: str = ""
    """What follows the repository's token, which stands ahead of other files: a name, as models were
    trained to see one; which name makes no difference."""
    name_has: str = ""
    """Part of the model's name, for a family whose token texts are not enough to tell it from others."""
    empty_suffix: str = "\n"
    """What stands for an empty suffix: models were not trained on a truly empty one."""


_STARCODER: dict[Control, str] = {
    "prefix": "<fim_prefix>", "suffix": "<fim_suffix>", "middle": "<fim_middle>",
}  # fmt: skip
_PIPED: dict[Control, str] = {
    "prefix": "<|fim_prefix|>", "suffix": "<|fim_suffix|>", "middle": "<|fim_middle|>",
}  # fmt: skip

FAMILIES: tuple[Family, ...] = (
    Family(
        "fimble", {**_STARCODER, "file_sep": "<file_sep>"}, SUFFIX_FIRST,
        stops=("</s>",), file_header="{path}\n", own_header=True, name_has="fimble", empty_suffix="",
    ),
    Family(
        "mellum", {**_STARCODER, "file_sep": "<filename>"}, SUFFIX_FIRST,
        stops=("<|endoftext|>",), file_header="{path}\n", own_header=True, name_has="mellum",
    ),
    Family(
        "starcoder2", {**_STARCODER, "file_sep": "<file_sep>", "repo": "<repo_name>"},
        stops=("<|endoftext|>",), file_header="{path}\n", repository="project",
    ),
    Family("starcoder", _STARCODER, stops=("<|endoftext|>",)),
    Family(
        "santacoder",
        {"prefix": "<fim-prefix>", "suffix": "<fim-suffix>", "middle": "<fim-middle>"},
        stops=("<|endoftext|>",),
    ),
    Family(
        "qwen", {**_PIPED, "file_sep": "<|file_sep|>", "repo": "<|repo_name|>"},
        stops=("<|endoftext|>", "<|im_end|>", "<|fim_pad|>"), file_header="{path}\n", repository="project\n",
    ),
    Family(
        "codegemma", {**_PIPED, "file_sep": "<|file_separator|>"},
        stops=("<end_of_turn>", "<eos>"), file_header="{path}\n", bos=True,
    ),
    Family("granite", _PIPED, stops=("<|end_of_text|>", "<|fim_pad|>")),
    Family(
        "codellama", {"prefix": "▁<PRE>", "suffix": "▁<SUF>", "middle": "▁<MID>"},
        stops=("▁<EOT>",), bos=True, sentence_space=True,
    ),
    Family(
        "deepseek",
        {"prefix": "<｜fim▁begin｜>", "suffix": "<｜fim▁hole｜>", "middle": "<｜fim▁end｜>"},
        stops=("<｜end▁of▁sentence｜>",), file_header="#{path}\n", files_in_prefix=True, bos=True,
    ),
    Family(
        "codestral", {"prefix": "[PREFIX]", "suffix": "[SUFFIX]"}, NO_MIDDLE,
        stops=("</s>",), file_header="+++++ {path}\n", files_in_prefix=True, bos=True,
    ),
    Family(
        "seed-coder",
        {"prefix": "<[fim-prefix]>", "suffix": "<[fim-suffix]>", "middle": "<[fim-middle]>"},
        SUFFIX_FIRST, stops=("<[end▁of▁sentence]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>"),
    ),
    Family(
        "glm",
        {"prefix": "<|code_prefix|>", "suffix": "<|code_suffix|>", "middle": "<|code_middle|>"},
        stops=("<|endoftext|>",),
    ),
    Family(
        "falcon-h1", {"prefix": "<|prefix|>", "suffix": "<|suffix|>", "middle": "<|middle|>"},
        stops=("<|end_of_text|>", "<|endoftext|>"),
    ),
)  # fmt: skip

END_TEXTS = frozenset(
    [
        "<|endoftext|>",
        "<|im_end|>",
        "<EOT>",
        "▁<EOT>",
        "</s>",
        "<|eot_id|>",
        "<|end_of_text|>",
        "<｜end▁of▁sentence｜>",
        "<eos>",
        "<end_of_turn>",
        "<|end|>",
        "<|EOT|>",
        "<|fim_pad|>",
        "<fim_pad>",
        "<[end▁of▁sentence]>",
    ]
)
"""Tokens that end a generation in any family."""
