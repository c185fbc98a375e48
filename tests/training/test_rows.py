"""Holes where people stop, and the rows of tokens that are made of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.prompt.border import probed, typed_at_end
from fimble.engine.prompt.pieces import PieceTable
from training import holes
from training.background import SHIPPED_TOKENIZER
from training.borders import Borders
from training.corpus.shards import Document
from training.evaluate.tasks import KINDS
from training.examples import MIDDLE_WEIGHT, DocumentSampler, RowMaker
from training.tokenizer import EOS, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, Tokenizer

CODE = """\
def total(items):
    result = 0
    for item in items:
        result += item.price * item.count
        if item.taxed:
            result += tax(item, rate=0.2)

    return result


print(total([Item(1, 2)]))
"""
TEXTS = st.text("ab (){}[]:=,.\n\té😀", min_size=1, max_size=300)


@given(TEXTS, st.integers(0, 1 << 30), st.sampled_from([None, *KINDS.values()]))
def test_a_hole_is_a_visible_part_of_the_text(text: str, seed: int, picker: holes.Picker | None) -> None:
    hole = holes.pick(text, random.Random(seed), picker)
    if hole is not None:
        assert 0 <= hole.start < hole.end <= len(text)
        assert text[hole.start : hole.end].strip()


def picked(kind: str) -> set[str]:
    found = (holes.pick(CODE, random.Random(seed), KINDS[kind]) for seed in range(300))
    return {CODE[hole.start : hole.end] for hole in found if hole}


def test_holes_are_what_people_leave_out() -> None:
    assert "total(items):" in picked("end of line")
    assert "result += item.price * item.count" in picked("whole lines")
    assert "result += tax(item, rate=0.2)" in picked("block")
    assert {"items", "1, 2", "item, rate=0.2"} <= picked("in brackets")


def test_a_hole_at_a_lines_end_stays_in_its_line() -> None:
    assert not any("\n" in middle for middle in picked("end of line"))


@pytest.fixture(scope="module")
def rows(corpus: Path, tokenizer: Tokenizer) -> RowMaker:
    return RowMaker(DocumentSampler(corpus, "train"), tokenizer, 256)


def test_the_same_step_makes_the_same_rows(rows: RowMaker) -> None:
    ids, weights = rows.batch(1, 7, 4)
    again, _ = rows.batch(1, 7, 4)
    other, _ = rows.batch(1, 8, 4)
    assert ids.shape == (4, 257)
    assert weights.shape == (4, 256)
    assert (ids == again).all()
    assert (ids != other).any()


def test_middles_weigh_more_and_control_tokens_are_no_targets(rows: RowMaker) -> None:
    ids, weights = rows.batch(1, 0, 16)
    targets = ids[:, 1:]
    for control in (FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE):
        assert (weights[targets == control] == 0).all()
    assert MIDDLE_WEIGHT in weights[targets == EOS]


class One:
    """A sampler that has one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def draw(self, randomness: random.Random) -> Document:
        return self._document

    def neighbour(self, document: Document, randomness: random.Random) -> None:
        return None


def test_the_parts_of_an_example_are_the_file(tokenizer: Tokenizer) -> None:
    sampler = One(Document("p", "total.py", "python", CODE))
    maker = RowMaker(sampler, tokenizer, 1024)
    ids = maker.batch(3, 0, 8)[0]
    seen = 0
    for row in ids.tolist():
        for prefix, rest, middle, following in examples(row, tokenizer):
            seen += 1
            assert (prefix + middle + rest + following) in CODE
    assert seen > 20


@given(TEXTS, st.integers(0, 1 << 30))
def test_holes_begin_where_the_engines_prompts_end(tokenizer: Tokenizer, text: str, seed: int) -> None:
    hole = holes.pick(text, random.Random(seed))
    if hole is None:
        return
    wide = Borders(tokenizer).widened(text, hole)
    assert wide.end == hole.end
    assert 0 <= wide.start <= hole.start
    before = text[: hole.start]
    table = PieceTable(tokenizer.size, tokenizer.piece)
    found = typed_at_end(before, tokenizer.encode(probed(before)), table)
    if found is not None:
        assert text[wide.start : hole.start].encode() == found[1]


@pytest.mark.parametrize("typed", ["    return resu", "    return r", "    return "])
def test_a_word_is_missing_with_the_space_ahead_of_it(typed: str) -> None:
    text = "    return result"
    hole = Borders(Tokenizer(SHIPPED_TOKENIZER)).widened(text, holes.Hole(len(typed), len(text), "span"))
    assert text[hole.start :] == " result"


def examples(row: list[int], tokenizer: Tokenizer) -> list[tuple[str, str, str, str]]:
    """(prefix, rest of the line, middle, following) of the lines-first and suffix-first examples."""
    found = []
    ends = [at for at, token in enumerate(row) if token == EOS]
    for start, end in zip([0, *ends], ends, strict=False):
        part = row[start + 1 : end]
        controls = [t for t in part if t in (FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE)]
        if controls[:2] == [FIM_SUFFIX, FIM_PREFIX] and controls[-1] == FIM_MIDDLE:
            texts = split(part[part.index(FIM_SUFFIX) :], tokenizer)
            following, prefix, middle = texts[0], texts[1], texts[-1]
            found.append((prefix, texts[2] if len(texts) == 4 else "", middle, following))
    return found


def split(part: list[int], tokenizer: Tokenizer) -> list[str]:
    texts: list[list[int]] = []
    for token in part:
        if token in (FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE):
            texts.append([])
        else:
            texts[-1].append(token)
    return [tokenizer.decode(ids) for ids in texts]


@given(TEXTS)
def test_tokens_are_the_text_again(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_text_never_becomes_a_control_token(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("<fim_prefix><fim_suffix><fim_middle><file_sep></s>")
    assert min(ids) > 6
