"""Prompts that clients have laid out themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.prompt.families import FAMILIES, Family
from fimble.engine.prompt.sentinels import Hole, read_hole
from fimble.engine.types import Snippet

TEXTS = st.text(st.characters(exclude_characters="<>[]|｜▁", exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    "prompt",
    [
        "<fim_prefix>a = <fim_suffix>\nb<fim_middle>",
        "<|fim_prefix|>a = <|fim_suffix|>\nb<|fim_middle|>",
        "<|fim_suffix|>\nb<|fim_prefix|>a = <|fim_middle|>",
        "<fim-prefix>a = <fim-suffix>\nb<fim-middle>",
        "<fim_prefix><fim_suffix>\nb<fim_middle>a = ",
        "<s><｜fim▁begin｜>a = <｜fim▁hole｜>\nb<｜fim▁end｜>",
        "<PRE> a =  <SUF>\nb <MID>",
        "[SUFFIX]\nb[PREFIX]a = ",
        "<s>[SUFFIX]\nb[PREFIX]a = ",
        "<|code_prefix|>a = <|code_suffix|>\nb<|code_middle|>",
        "<|prefix|>a = <|suffix|>\nb<|middle|>",
        "<[fim-suffix]>\nb<[fim-prefix]>a = <[fim-middle]>",
    ],
)
def test_every_family_is_understood(prompt: str) -> None:
    assert read_hole(prompt) == Hole("a = ", "\nb")


def test_other_files_and_the_path_are_told() -> None:
    prompt = (
        "<|repo_name|>project\n<|file_sep|>one.py\nx = 1\n<|file_sep|>two.py\n"
        "<|fim_prefix|>y = <|fim_suffix|>\n<|fim_middle|>"
    )
    assert read_hole(prompt) == Hole("y = ", "\n", "two.py", (Snippet("one.py", "x = 1\n"),))


def test_text_ahead_of_the_hole_is_kept_as_context() -> None:
    prompt = "# language: python\n<|fim_prefix|>y = <|fim_suffix|>\n<|fim_middle|>"
    assert read_hole(prompt) == Hole("y = ", "\n", "", (Snippet("", "# language: python\n"),))


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "def add(a, b):",
        "<fim_prefix>a",
        "<fim_prefix>a<fim_suffix>b",
        "<fim_prefix>a<fim_prefix>b<fim_suffix>c<fim_middle>",
        "<fim_prefix>a<fim_suffix>b<fim_middle>c",
        "<fim_middle><fim_prefix>a<fim_suffix>b",
        "<|im_start|>user\nhello<|im_end|>",
        "<fim_prefix>" + "a" * 1_000_000 + "<fim_suffix>b<fim_middle>",
    ],
    ids=lambda prompt: prompt[:30],
)
def test_anything_else_is_no_hole(prompt: str) -> None:
    assert read_hole(prompt) is None


@given(TEXTS, TEXTS, st.sampled_from(FAMILIES), st.booleans())
def test_what_is_put_in_comes_out(before: str, after: str, family: Family, suffix_first: bool) -> None:
    tokens = {control: text.lstrip("▁") for control, text in family.tokens.items()}
    middle = tokens.get("middle", "")
    if suffix_first or not middle:
        prompt = tokens["suffix"] + after + tokens["prefix"] + before + middle
    else:
        prompt = tokens["prefix"] + before + tokens["suffix"] + after + middle
    found = read_hole(prompt)
    assert found is not None
    if family.name == "codellama":
        before, after = before.removeprefix(" ").removesuffix(" "), after.removesuffix(" ")
    assert (found.prefix, found.suffix, found.snippets) == (before, after, ())


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "[PREFIX]", "[SUFFIX]", "<file_sep>", "a\n", "<PRE>"]
)).map("".join))  # fmt: skip
def test_nothing_makes_it_fail(prompt: str) -> None:
    read_hole(prompt)
