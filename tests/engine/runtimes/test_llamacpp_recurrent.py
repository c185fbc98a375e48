"""A model that keeps a state, and no token apart, is continued, copied whole or begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fimble.engine.models.gguf import read_header
from fimble.engine.runtimes.base import Scores, Span
from fimble.engine.runtimes.llamacpp.runtime import LlamaCpp

from ..models_made import Made
from .aborting import until_aborted

HYBRID = Made("falcon-h1", "hybrid", "falcon-h1", ("<|end|>",))


@pytest.fixture
def hybrid(model_file: Callable[[Made], Path]) -> Iterator[LlamaCpp]:
    header = read_header(model_file(HYBRID))
    model = LlamaCpp(header, threads=1, context_length=256, sequences=3, batch=200)
    yield model
    model.close()


def read(model: LlamaCpp, sequence: int, tokens: list[int]) -> Scores:
    model.keep(sequence, 0)
    model.decode([Span(sequence, tokens, 0)])
    return model.logits(0).copy()


def test_it_says_that_it_cannot_cut(hybrid: LlamaCpp) -> None:
    assert not hybrid.cuts
    read(hybrid, 0, [5, 6, 7])
    with pytest.raises(ValueError, match="shortened"):
        hybrid.keep(0, 2)
    with pytest.raises(ValueError, match="continue"):
        hybrid.decode([Span(0, [8], 2)])
    with pytest.raises(ValueError, match="cut"):
        hybrid.copy(0, 1, 2)


def test_what_is_continued_or_copied_whole_scores_as_what_is_read_anew(hybrid: LlamaCpp) -> None:
    expected = read(hybrid, 2, [5, 6, 7, 8, 9])
    read(hybrid, 0, [5, 6, 7])
    hybrid.copy(0, 1, 3)
    read(hybrid, 0, [9, 9])
    hybrid.decode([Span(1, [8, 9], 3), Span(0, [5, 6, 7, 8, 9], 0)])
    for span in (0, 1):
        np.testing.assert_allclose(hybrid.logits(span), expected, atol=0.05)


def test_after_an_abort_it_begins_anew(hybrid: LlamaCpp) -> None:
    expected = read(hybrid, 2, [5, 6, 7])
    until_aborted(hybrid, lambda: read(hybrid, 0, [5] * 200))
    with pytest.raises(ValueError, match="continue"):
        hybrid.decode([Span(0, [7], 2)])
    hybrid.decode([Span(0, [5, 6, 7], 0)])
    np.testing.assert_allclose(hybrid.logits(0), expected, atol=0.05)
