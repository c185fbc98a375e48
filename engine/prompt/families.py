"""Fill-in-the-middle formats as data: which control tokens, in which order, what goes around.

Sources are what the models' makers publish: Qwen2.5-Coder's and CodeQwen1.5's example scripts; StarCoder2
(arXiv 2402.19173, section 5.1); the cards of StarCoder, SantaCoder, Refact and stable-code; CodeLlama's
``generation.py``; DeepSeek-Coder's README; CodeGemma (arXiv 2406.11409, figures 2 and 4); mistral-common's
``encode_fim`` (``+++++`` blocks: Continue's template); Seed-Coder (arXiv 2506.03524); JetBrains' Mellum
cards; IBM's prompt guide for Granite 4; CodeGeeX4's ``Infilling_guideline.md``; GLM-4.5 and Falcon-H1 as in
llama.cpp's ``llama-vocab.cpp``. The order a model was trained on is a fact about it, not a taste: asked the
other way round it can lose most of its ability (Bavarian et al. 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Control = Literal[
    "prefix", "suffix", "middle", "file_sep", "repo",
    "mask", "sop", "user", "assistant", "role", "role_end", "end",
]  # fmt: skip
"""The second line are tokens of chats, of models that are asked for suggestions in one."""
Slot = Literal["prefix", "suffix", "following", "line_rest"]
"""``suffix`` is all text after the cursor; ``line_rest`` its part up to the line's end, ``following``
its part from that newline on."""


@dataclass(frozen=True, slots=True)
class Step:
    """A control token, then what the request has for a slot, then a text that is always the same; with
    ``when_filled`` only if the slot is not empty."""

    control: Control
    slot: Slot | None = None
    when_filled: bool = False
    text: str = ""


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
class Files:
    """How other files and the current one's path are shown.

    ``header`` stands ahead of another file's text and ``own`` ahead of the current file's, where that is
    another one; ``{path}`` and ``{language}`` are filled in. Other files end with their line's end, then
    ``end``. The file separator's token comes first where the family has one.
    """

    header: str
    own: str = ""
    alone: bool = False
    """Whether the current file has its header where no other file is shown, too."""
    place: Literal["ahead", "prefix", "path in prefix"] = "ahead"
    """Where they stand: ahead of everything; all of it behind the prefix's control token, as the first part
    of that text; or only the current file's header there."""
    between: bool = False
    """Whether the separator's token stands between files only, and not ahead of the first one."""
    repository: str = ""
    """What follows the repository's token, which stands ahead of other files: a name, as models were
    trained to see one; which name makes no difference."""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One format. ``tokens`` are the control tokens' texts; ``stops`` texts of further end tokens, and
    ``stop_texts`` texts of several tokens that end an answer.

    ``opening`` stands ahead of all but the token that begins every text, ``closing`` behind all.
    ``sentence_space`` keeps sentencepiece's leading space before the prefix, where the model has such a
    tokenizer.
    """

    name: str
    tokens: dict[Control, str]
    layout: Layout = PREFIX_FIRST
    stops: tuple[str, ...] = ()
    stop_texts: tuple[str, ...] = ()
    files: Files | None = None
    opening: Layout = ()
    closing: Layout = ()
    bos: bool = False
    sentence_space: bool = False
    name_has: str = ""
    """Part of the model's name, for a family whose token texts are not enough to tell it from others."""
    name_lacks: str = ""
    """Part of a name that models of the family do not have."""
    empty_suffix: str = "\n"
    """What stands for an empty suffix: most models were not trained on a truly empty one."""


_STARCODER: dict[Control, str] = {
    "prefix": "<fim_prefix>", "suffix": "<fim_suffix>", "middle": "<fim_middle>",
}  # fmt: skip
_PIPED: dict[Control, str] = {
    "prefix": "<|fim_prefix|>", "suffix": "<|fim_suffix|>", "middle": "<|fim_middle|>",
}  # fmt: skip
_CODE: dict[Control, str] = {
    "prefix": "<|code_prefix|>", "suffix": "<|code_suffix|>", "middle": "<|code_middle|>",
}  # fmt: skip

FAMILIES: tuple[Family, ...] = (
    Family(
        "fimble", {**_STARCODER, "file_sep": "<file_sep>"}, SUFFIX_FIRST,
        stops=("</s>",), files=Files("{path}\n", alone=True), name_has="fimble", empty_suffix="",
    ),
    Family(
        "mellum", {**_STARCODER, "file_sep": "<filename>"}, SUFFIX_FIRST,
        stops=("<|endoftext|>",), files=Files("{path}\n", alone=True), name_has="mellum",
    ),
    Family(
        "codeqwen", {**_STARCODER, "file_sep": "<file_sep>", "repo": "<repo_name>"},
        stops=("<|endoftext|>", "<|im_end|>", "<fim_pad>"),
        files=Files("{path}\n", repository="project\n"), name_has="codeqwen",
    ),
    Family(
        "starcoder2", {**_STARCODER, "file_sep": "<file_sep>", "repo": "<repo_name>"},
        stops=("<|endoftext|>",), files=Files("{path}\n", place="path in prefix", repository="project"),
    ),
    Family("starcoder", _STARCODER, stops=("<|endoftext|>",)),
    Family(
        "santacoder",
        {"prefix": "<fim-prefix>", "suffix": "<fim-suffix>", "middle": "<fim-middle>"},
        stops=("<|endoftext|>",),
    ),
    Family(
        "qwen", {**_PIPED, "file_sep": "<|file_sep|>", "repo": "<|repo_name|>"},
        stops=("<|endoftext|>", "<|im_end|>", "<|fim_pad|>"),
        files=Files("{path}\n", repository="project\n"),
    ),
    Family(
        "codegemma", {**_PIPED, "file_sep": "<|file_separator|>"},
        stops=("<end_of_turn>", "<eos>"), bos=True, empty_suffix="",
        files=Files("{path}\n", alone=True, between=True),
    ),
    Family(
        "granite-chat",
        {
            **_PIPED, "role": "<|start_of_role|>", "role_end": "<|end_of_role|>", "end": "<|end_of_text|>",
        },
        stops=("<|fim_pad|>",), name_has="granite", name_lacks="base",
        opening=(Step("role", text="user"), Step("role_end")),
        closing=(Step("end", text="\n"), Step("role", text="assistant"), Step("role_end")),
    ),
    Family("granite", _PIPED, stops=("<|end_of_text|>", "<|endoftext|>", "<|fim_pad|>")),
    Family(
        "codellama", {"prefix": "▁<PRE>", "suffix": "▁<SUF>", "middle": "▁<MID>"},
        stops=("▁<EOT>",), bos=True, sentence_space=True,
    ),
    Family(
        "codellama", {"prefix": "<PRE>", "suffix": "<SUF>", "middle": "<MID>"},
        stops=("<EOT>",), bos=True, sentence_space=True,
    ),
    Family(
        "deepseek",
        {"prefix": "<｜fim▁begin｜>", "suffix": "<｜fim▁hole｜>", "middle": "<｜fim▁end｜>"},
        stops=("<｜end▁of▁sentence｜>",), files=Files("#{path}\n", place="prefix"), bos=True,
    ),
    Family(
        "codestral", {"prefix": "[PREFIX]", "suffix": "[SUFFIX]"}, NO_MIDDLE,
        stops=("</s>", "[MIDDLE]"), stop_texts=("\n+++++ ",),
        files=Files("+++++ {path}\n", place="prefix", end="\n"),
        bos=True, sentence_space=True, empty_suffix="",
    ),
    Family(
        "seed-coder",
        {"prefix": "<[fim-prefix]>", "suffix": "<[fim-suffix]>", "middle": "<[fim-middle]>"},
        SUFFIX_FIRST, stops=("<[end▁of▁sentence]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>"),
    ),
    Family(
        "codegeex",
        {**_CODE, "mask": "[gMASK]", "sop": "<sop>", "user": "<|user|>", "assistant": "<|assistant|>"},
        SUFFIX_FIRST, stops=("<|endoftext|>",), name_has="codegeex", empty_suffix="",
        opening=(Step("mask"), Step("sop"), Step("user", text="\n")),
        closing=(Step("assistant", text="\n"),),
        files=Files(
            "###REFERENCE:\n###PATH:{path}\n",
            own="###PATH:{path}\n###LANGUAGE:{language}\n###MODE:BLOCK\n", alone=True,
        ),
    ),
    Family("glm", _CODE, stops=("<|endoftext|>", "<|user|>")),
    Family(
        "falcon-h1", {"prefix": "<|prefix|>", "suffix": "<|suffix|>", "middle": "<|middle|>"},
        stops=("<|end_of_text|>", "<|endoftext|>"),
    ),
)  # fmt: skip

END_TEXTS = frozenset(
    [
        "<|endoftext|>", "<|im_end|>", "<EOT>", "▁<EOT>", "</s>", "<|eot_id|>", "<|eom_id|>",
        "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<eos>", "<end_of_turn>", "<|end|>", "<|return|>",
        "<|EOT|>", "<|fim_pad|>", "<fim_pad>", "<fim-pad>", "<[end▁of▁sentence]>",
    ]
)  # fmt: skip
"""Tokens that end a generation in any family."""
