"""Each family's prompts are those of its makers, token by token, and text is never a control token."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.models.gguf import read_header
from fimble.engine.prompt.detect import FimFormat, detect
from fimble.engine.prompt.layout import PromptBuilder
from fimble.engine.prompt.window import Budget
from fimble.engine.types import FimRequest, Snippet

from .families_made import BARE, CASES, REQUEST, Case
from .models_made import Made

Files = Callable[[Made], Path]
each_family = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def form(case: Case, model_file: Files) -> FimFormat:
    return detect(read_header(model_file(case.made)).metadata)


def in_bytes(case: Case, text: str) -> list[int]:
    """Ids without merges: the bytes follow the control tokens."""
    return [len(case.made.controls) + byte for byte in text.encode()]


def ids_of(case: Case, prompt: str) -> list[int]:
    """The ids of a prompt as the tables have it."""
    ids: list[int] = []
    for part in re.split("(«.+?»)", prompt.replace("⏎", "\n")):
        control = part.startswith("«")
        ids += [case.made.controls.index(part[1:-1])] if control else in_bytes(case, part)
    return ids


def build(case: Case, found: FimFormat, request: FimRequest) -> list[int]:
    return PromptBuilder(lambda text: in_bytes(case, text), found, Budget.of(2000)).build(request)


@each_family
def test_the_prompt_is_the_makers(case: Case, model_file: Files) -> None:
    found = form(case, model_file)
    assert found.family.name == case.family
    assert build(case, found, REQUEST) == ids_of(case, case.prompt)


@each_family
def test_a_request_of_nothing_but_text(case: Case, model_file: Files) -> None:
    assert build(case, form(case, model_file), BARE) == ids_of(case, case.bare)


@each_family
def test_what_ends_an_answer(case: Case, model_file: Files) -> None:
    found = form(case, model_file)
    prompt = {id for id in ids_of(case, case.prompt) if id < len(case.made.controls)} - {found.bos_id}
    assert found.end_ids >= prompt | {case.made.controls.index(text) for text in case.ends}
    assert all(id < len(case.made.controls) for id in found.end_ids)


def test_a_file_that_lacks_its_last_lines_end_gets_one(model_file: Files) -> None:
    """A header is told from code by nothing but its line, where no control token stands between files."""
    case = CASES["deepseek-coder"]
    request = replace(BARE, path="m.py", snippets=(Snippet("o.py", "x"), Snippet("p.py", "y\n")))
    head, _, rest = case.bare.partition("def f")
    wanted = f"{head}#o.py⏎x⏎#p.py⏎y⏎#m.py⏎def f{rest}"
    assert build(case, form(case, model_file), request) == ids_of(case, wanted)


@each_family
def test_other_files_end_where_a_file_without_a_name_begins(case: Case, model_file: Files) -> None:
    wanted = case.prompt.replace("lib/m.py", "untitled")
    assert build(case, form(case, model_file), replace(REQUEST, path="")) == ids_of(case, wanted)


@pytest.mark.parametrize("name", ["codegemma", "mellum"])
def test_a_path_is_shown_alone_where_the_makers_recommend_it(name: str, model_file: Files) -> None:
    case = CASES[name]
    head, _, rest = case.prompt.partition("lib/o.py⏎x = 1⏎")
    path = rest[rest.index("lib/m.py⏎") :]
    assert build(case, form(case, model_file), replace(REQUEST, snippets=())) == ids_of(case, head + path)


def test_too_many_other_files_are_left_out_whole(model_file: Files) -> None:
    case = CASES["codestral-2501"]
    request = replace(REQUEST, snippets=(Snippet("large.py", "z = 3\n" * 5000), *REQUEST.snippets))
    assert build(case, form(case, model_file), request) == ids_of(case, case.prompt)


@each_family
def test_a_prompt_keeps_within_its_budget(case: Case, model_file: Files) -> None:
    found = form(case, model_file)

    @settings(max_examples=20, deadline=None)
    @given(st.text(max_size=2000), st.text(max_size=900), st.text(max_size=300), st.integers(100, 500))
    def check(prefix: str, suffix: str, other: str, total: int) -> None:
        request = FimRequest(prefix, suffix, path="lib/m.py", snippets=(Snippet("o.py", other),))
        built = PromptBuilder(lambda text: in_bytes(case, text), found, Budget.of(total)).build(request)
        # what stands around the texts: control tokens, and a header in words
        assert len(built) <= total + 30

    check()
