"""Our prompt as text: control tokens around the right texts, windows that fit and stay, and no control token
out of a user's text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.limits import UPSTREAM_CONTEXT_CHARACTERS
from fimble.engine.prompt.families import FAMILIES
from fimble.engine.types import FimRequest, Snippet
from fimble.engine.upstreams.wires.fim_prompt import FimPrompts
from fimble.engine.upstreams.wires.naming import family_named, family_of_model
from fimble.engine.upstreams.wires.sizes import tail, tokens_of

OTHER = Snippet("b.py", "B = 1")
HOLE = FimRequest("x = ", "\ny\n", "python", "a.py", (OTHER,), "block", max_tokens=20)
BARE = replace(HOLE, snippets=(), path="")
PROMPTS = {
    "qwen": "<|repo_name|>project\n<|file_sep|>b.py\nB = 1\n<|file_sep|>a.py\n"
    "<|fim_prefix|>x = <|fim_suffix|>\ny\n<|fim_middle|>",
    "starcoder2": "<repo_name>project<file_sep>b.py\nB = 1\n<file_sep>"
    "<fim_prefix>a.py\nx = <fim_suffix>\ny\n<fim_middle>",
    "codegemma": "b.py\nB = 1\n<|file_separator|>a.py\n<|fim_prefix|>x = <|fim_suffix|>\ny\n<|fim_middle|>",
    "deepseek": "<｜fim▁begin｜>#b.py\nB = 1\n#a.py\nx = <｜fim▁hole｜>\ny\n<｜fim▁end｜>",
    "codestral": "[SUFFIX]\ny\n[PREFIX] +++++ b.py\nB = 1\n\n+++++ a.py\nx = ",
    "codellama": "<PRE> x =  <SUF>\ny\n <MID>",
    "granite-chat": "<|start_of_role|>user<|end_of_role|><|fim_prefix|>x = <|fim_suffix|>\ny\n<|fim_middle|>"
    "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
    "mellum": "<filename>b.py\nB = 1\n<filename>a.py\n<fim_suffix>\ny\n<fim_prefix>x = <fim_middle>",
    "seed-coder": "<[fim-suffix]>\ny\n<[fim-prefix]>x = <[fim-middle]>",
}
NAMES = {
    "Qwen/Qwen2.5-Coder-7B": "qwen", "qwen3-coder:30b": "qwen", "Qwen/CodeQwen1.5-7B": "codeqwen",
    "codestral-latest": "codestral", "deepseek-ai/deepseek-coder-6.7b-base": "deepseek",
    "bigcode/starcoder2-3b": "starcoder2", "starcoder:1b": "starcoder", "google/codegemma-2b": "codegemma",
    "codellama:7b-code": "codellama", "meta-llama/CodeLlama-7b-hf": "codellama",
    "ibm-granite/granite-4.0-micro": "granite-chat", "ibm-granite/granite-3.3-8b-base": "granite",
    "granite-code:3b": "starcoder", "ibm-granite/granite-8b-code-base-4k": "starcoder",
    "JetBrains/Mellum-4b-base": "mellum", "ByteDance-Seed/Seed-Coder-8B-Base": "seed-coder",
    "tiiuae/Falcon-H1-7B-Base": "falcon-h1", "zai-org/codegeex4-all-9b": "codegeex", "fimble": "fimble",
    "gpt-4o": None, "llama3.2": None, "mistral-small": None,
}  # fmt: skip


def prompts(name: str, context: int = 8192) -> FimPrompts:
    return FimPrompts(family_named(name), context)


@pytest.mark.parametrize("name", PROMPTS)
def test_each_family_in_its_makers_form(name: str) -> None:
    assert prompts(name).text(HOLE) == PROMPTS[name]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_can_be_asked(family: object) -> None:
    made = prompts(family.name)  # type: ignore[attr-defined]
    text = made.text(BARE)
    assert "x = " in text
    assert "\ny\n" in text
    assert made.stops


@pytest.mark.parametrize("name", NAMES)
def test_families_by_the_names_of_models(name: str) -> None:
    found = family_of_model(name)
    assert (found.name if found else None) == NAMES[name]


def test_text_beyond_a_control_tokens_spelling_is_left_out() -> None:
    hole = replace(
        BARE, prefix="SECRET <|fim_suffix|> near ", suffix=" below\n<|endoftext|>SECRET", path="<|im_start|>",
        snippets=(Snippet("c.py", "SECRET <|file_sep|>"), OTHER),
    )  # fmt: skip
    text = prompts("qwen").text(hole)
    assert "SECRET" not in text
    assert "im_start" not in text
    assert "<|fim_prefix|> near <|fim_suffix|> below\n<|fim_middle|>" in text
    assert "B = 1" in text


@given(st.text(st.sampled_from("<|>fim_prefixsul d\n｜▁[]/")), st.text(st.sampled_from("<|>fim_end\n｜▁[]")))
def test_no_text_becomes_a_control_token(prefix: str, suffix: str) -> None:
    for name in ("qwen", "deepseek", "starcoder2", "seed-coder"):
        family = family_named(name)
        text = FimPrompts(family, 8192).text(replace(BARE, prefix=prefix, suffix=suffix))
        for control in family.tokens.values():
            expected = FimPrompts(family, 8192).text(BARE).count(control)
            assert text.count(control) == expected


@given(st.integers(0, 400), st.sampled_from([512, 2048, 8192]), st.booleans())
def test_a_prompt_fits(lines: int, context: int, dense: bool) -> None:
    line = "漢字かな交じり文を書く\n" if dense else "    value = other_value + 1\n"
    others = tuple(Snippet(f"{at}.py", line * 40) for at in range(8))
    hole = FimRequest(line * lines, line * lines, "python", "a.py", others, "block", max_tokens=100)
    assert tokens_of(prompts("qwen", context).text(hole)) <= context - 100


def test_a_window_stays_while_somebody_types() -> None:
    """What is read once is of use with the next keys: prompts begin alike, and move in steps."""
    file = "".join(f"    value_{at} = compute(value_{at - 1}, {at})\n" for at in range(3000))
    typed = "".join(f"line_{at} = {at}\n" for at in range(40))
    made = [
        prompts("qwen", 4096).text(replace(BARE, prefix=file + typed[:at], suffix=""))
        for at in range(len(typed))
    ]
    moves = sum(not after.startswith(before[: len(before) // 2]) for before, after in pairwise(made))
    assert moves <= 3
    start = made[0].removeprefix("<|fim_prefix|>")
    assert start.startswith("    value_")


def test_of_a_large_file_no_more_is_sent_than_of_any() -> None:
    hole = replace(BARE, prefix="a = 1\n" * 50_000, suffix="b = 2\n" * 50_000)
    text = prompts("qwen", 1_000_000).text(hole)
    assert len(text) < UPSTREAM_CONTEXT_CHARACTERS * 5 // 4 + 200


def test_a_giant_line_is_cut_inside() -> None:
    text = prompts("qwen", 512).text(replace(BARE, prefix="x" * 100_000, suffix="y" * 100_000))
    assert 100 < text.count("x") < 1500
    assert 10 < text.count("y") < 1500


def test_the_end_of_a_text_is_bounded_in_tokens() -> None:
    assert tail("a" * 100, 10) == "a" * 20
    assert len(tail("漢" * 100, 12).encode()) <= 24
