"""DRY: worked examples, and a slow, obvious version to compare with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.dry import (
    LONGEST,
    DryPenalty,
    lengthening,
    longest_each,
    penalties,
    tokens_since_breaker,
)
from fimble.engine.types import Dry

SHORT_HISTORIES = st.lists(st.integers(0, 3), max_size=80)


def array(*values: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.array(values, np.intp)


def piece(token: int) -> bytes:
    return bytes([97 + token])


def after(history: list[int], dry: Dry) -> list[float]:
    """What each of eight tokens loses."""
    tokens, lost = DryPenalty(dry, piece).after(array(*history))
    found = dict(zip(tokens.tolist(), lost.tolist(), strict=True))
    return [found.get(token, 0) for token in range(8)]


def test_the_token_that_continues_a_repetition_is_penalised_by_its_length() -> None:
    #            a  b  c  d  a  b  c : "d" would make the repetition of three tokens longer
    expected = [0, 0, 0, 0.8 * 1.75 ** (3 - 2), 0, 0, 0, 0]
    assert after([0, 1, 2, 3, 0, 1, 2], Dry(0.8, 1.75, 2, ())) == pytest.approx(expected)


def test_the_longest_of_several_repetitions_counts() -> None:
    # "b d" follows alone, and "a b d" after a longer match
    history = [1, 3, 5, 0, 1, 3, 6, 0, 1]
    assert after(history, Dry(1, 2, 1, ()))[3] == pytest.approx(2 ** (2 - 1))


def test_a_repetition_below_the_allowed_length_is_free() -> None:
    assert after([0, 1, 2, 0], Dry(0.8, 1.75, 2, ())) == [0] * 8


def test_no_repetition_reaches_across_a_breaker() -> None:
    history = [0, 1, 2, 3, 0, 1, 2]
    assert after(history, Dry(1, 2, 1, ("b",)))[3] == pytest.approx(1)  # only "c" matches
    assert after(history, Dry(1, 2, 2, ("b",))) == [0] * 8
    assert after(history, Dry(1, 2, 1, ("c",))) == [0] * 8


def test_a_token_that_breaks_is_never_penalised() -> None:
    assert after([0, 1, 2, 0, 1], Dry(1, 2, 1, ("c",))) == [0] * 8


def test_a_breaker_is_found_wherever_tokens_divide_it() -> None:
    assert tokens_since_breaker([b"ab", b"c#", b"#d", b"e", b"f"], [b"##"]) == 2
    assert tokens_since_breaker([b"a", b"\n"], [b"\n"]) == 0
    assert tokens_since_breaker([b"a", b"b"], [b"\n", b"*"]) == 2
    assert tokens_since_breaker([], [b"\n"]) == 0


def test_huge_penalties_stay_finite() -> None:
    history = [0] * 200
    assert np.isfinite(after(history, Dry(5, 1e9, 1, ()))).all()


def slow_lengthening(history: list[int], reach: int) -> set[tuple[int, int, int]]:
    """(place, token, length) for each earlier place, compared token by token."""
    found = set()
    for place in range(len(history) - 1):
        length = 0
        while (
            length < min(reach, LONGEST)
            and place - length >= 0
            and history[place - length] == history[-1 - length]
        ):
            length += 1
        if length:
            found.add((place, history[place + 1], length))
    return found


@given(SHORT_HISTORIES, st.integers(0, 60))
def test_lengthening_is_what_comparing_token_by_token_finds(history: list[int], reach: int) -> None:
    tokens, lengths = lengthening(array(*history), reach)
    expected = sorted((token, length) for _, token, length in slow_lengthening(history, reach))
    assert sorted(zip(tokens.tolist(), lengths.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(2, 20)), max_size=30))
def test_each_token_keeps_its_longest_repetition(found: list[tuple[int, int]]) -> None:
    tokens = array(*(token for token, _ in found))
    lengths = array(*(length for _, length in found))
    kept = longest_each(tokens, lengths)
    expected = {token: max(n for t, n in found if t == token) for token, _ in found}
    assert dict(zip(kept[0].tolist(), kept[1].tolist(), strict=True)) == expected
    assert len(set(kept[0].tolist())) == len(kept[0])


def test_penalties_grow_by_the_base() -> None:
    assert penalties(array(2, 3, 5), Dry(0.5, 1.5, 2, ())).tolist() == pytest.approx(
        [0.5, 0.75, 0.5 * 1.5**3]
    )
