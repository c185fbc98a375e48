"""Where prompts end: ahead of what may become another token, and at the same place while a word is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.prompt.border import probed, typed_at_end
from fimble.engine.prompt.layout import PromptBuilder
from fimble.engine.prompt.pieces import PieceTable
from fimble.engine.prompt.window import Budget
from fimble.engine.types import FimRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import OpenedModel, open_model

from .decode.toy import PIECES, Toy, table
from .families_made import CASES, Case
from .models_made import Made

CODE = st.text(st.sampled_from("ret urn=():.\n\t 12é👍\"'_XY日"), max_size=40)


@given(CODE)
def test_what_is_kept_and_what_was_typed_are_the_whole_text(prefix: str) -> None:
    ids = Toy().tokenize(probed(prefix))
    found = typed_at_end(prefix, ids, table())
    assert found is not None
    kept, typed = found
    assert b"".join(PIECES[token] for token in ids[:kept]) + typed == prefix.encode()


@given(st.binary(max_size=4))
def test_tokens_are_found_by_their_beginning(data: bytes) -> None:
    found = table()
    begin = [token for token, piece in enumerate(PIECES) if piece and piece.startswith(data)]
    assert sorted(found.beginning(data).tolist()) == begin
    assert found.begins(data) == bool(begin)
    assert found.begins(data, more=True) == any(len(PIECES[token]) > len(data) for token in begin)
    assert found.find(data) == [token for token in begin if PIECES[token] == data]
    assert found.spells(data)


def test_bytes_that_no_token_has_are_not_spelled() -> None:
    words = PieceTable(3, [b"ab", b"abc", b""].__getitem__)
    assert words.spells(b"ababc")
    assert not words.spells(b"abca")
    assert words.first_of(b"x") == []


@pytest.fixture(scope="module")
def bundled() -> Iterator[OpenedModel]:
    opened = open_model(WorkerOptions(str(bundled_path()), runtime="llamacpp"))
    yield opened
    opened.model.close()


def builder(opened: OpenedModel, window: int = 400) -> PromptBuilder:
    pieces = PieceTable(opened.vocabulary.size, opened.model.piece)
    assert opened.form is not None
    return PromptBuilder(opened.model.tokenize, opened.form, Budget.of(window), pieces)


@pytest.mark.parametrize(
    ("prefix", "typed"),
    [
        ("    ret", "ret"),
        ("x = wid", " wid"),
        ("x = ", " "),
        ("self.", "."),
        ("self.na", "na"),
        ("x =", " ="),
        ("impo", "impo"),
        ("", ""),
        ("x = 1\n", "\n"),
        ("x = 12", ""),
        ('"héll', "ll"),
        ("# 👍", ""),
        ("\n\t\t", ""),
        ("self._connection_timeo", "timeo"),
        ("a configurationma", "ma"),
    ],
)
def test_words_are_taken_back_as_far_as_they_may_be_other_tokens(
    bundled: OpenedModel, prefix: str, typed: str
) -> None:
    prompt = builder(bundled).healed(FimRequest(prefix, "\n"))
    assert prompt.typed.decode() == typed


@pytest.mark.parametrize("word", [" return", " isinstance", " height", "\n        raise", " configuration"])
def test_the_prompt_stays_the_same_while_a_word_is_typed(bundled: OpenedModel, word: str) -> None:
    made, start = builder(bundled), len(word) - len(word.lstrip()) + 1
    prompts = [made.healed(FimRequest("x = f(1)\n" * 80 + "if x:" + word[:end], "\n")) for end in
               range(start, len(word))]  # fmt: skip
    assert len({tuple(prompt.ids) for prompt in prompts}) == 1
    assert len({prompt.typed for prompt in prompts}) == len(prompts)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_familys_prompt_ends_where_what_was_typed_begins(
    case: Case, model_file: Callable[[Made], Path]
) -> None:
    opened = open_model(WorkerOptions(str(model_file(case.made)), runtime="auto"))
    made = builder(opened, 200)

    @given(CODE)
    def check(prefix: str) -> None:
        request = FimRequest(prefix, "\nend", language="python", path="m.py")
        prompt, plain = made.healed(request), made.build(request)

        def spelled(ids: list[int]) -> bytes:
            return b"".join(map(opened.model.piece, ids))

        whole, cut = spelled(plain), spelled(prompt.ids)
        at = len(whole)  # what was typed stands where the prefix ends, whatever follows it
        assert any(cut[:begin] + prompt.typed + cut[begin:] == whole for begin in range(at + 1)), (
            "what was typed is missing, and nothing else"
        )

    check()
    opened.model.close()
