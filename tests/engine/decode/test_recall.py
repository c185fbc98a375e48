"""The file's memory: used where the model is unsure, and only what stands behind the same characters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.recall import Recall, most_likely
from fimble.engine.runtimes.base import Scores

UNSURE: Scores = np.zeros(256, np.float32)
SEEN = "total = price * count\nprint(total)\n"


def letters(text: str) -> list[int]:
    return list(text.encode())


def recall(before: str, after: str = "") -> Recall:
    return Recall(before, after, letters)


def scores(likelihood: float) -> Scores:
    """Of 256 tokens, the first one with this probability."""
    odds = np.full(256, (1 - likelihood) / 255, np.float32)
    odds[0] = likelihood
    return np.log(odds, dtype=np.float32)


def said(memory: Recall, letters_at_most: int = 60) -> str:
    """What a model that knows nothing says with this memory."""
    made = b""
    while len(made) < letters_at_most and (token := memory.choose(UNSURE)) is not None:
        made += bytes([token])
        memory.accept(bytes([token]))
    return made.decode()


def test_what_followed_the_same_characters_is_said_again() -> None:
    assert said(recall(SEEN + "total = pri")).startswith("ce * count\nprint(total)\n")


def test_what_stands_below_the_cursor_counts_too() -> None:
    assert said(recall("total = pri", "\n" + SEEN)).startswith("ce * count\nprint(total)\n")


def test_the_end_of_the_file_has_nothing_to_say() -> None:
    assert recall("total = pri", "\ntotal = pri").choose(UNSURE) is None


@pytest.mark.parametrize(("likelihood", "helped"), [(0.2, True), (0.29, True), (0.31, False), (0.9, False)])
def test_six_characters_outweigh_only_an_unsure_model(likelihood: float, helped: bool) -> None:
    memory = recall("width = 1\nheight = 2\n\nwidth =")
    assert (memory.choose(scores(likelihood)) == ord(" ")) == helped


@pytest.mark.parametrize(("likelihood", "helped"), [(0.6, True), (0.66, False)])
def test_a_long_match_outweighs_a_fairly_sure_one(likelihood: float, helped: bool) -> None:
    line = "the same forty-eight characters stand in two places: "
    assert (recall(f"{line}x\n{line}").choose(scores(likelihood)) == ord("x")) == helped


def test_five_characters_are_not_enough() -> None:
    assert recall("abcdeX\nabcde").choose(UNSURE) is None


def test_the_nearest_places_decide_by_majority() -> None:
    places = ["p value=0", "q value=1", "r value=2", "s value=1"]
    assert recall("\n".join([*places, "t value="])).choose(UNSURE) == ord("1")


def test_the_nearest_place_decides_when_all_differ() -> None:
    assert recall("value=1\nvalue=2\nvalue=3\nvalue=").choose(UNSURE) == ord("3")


def test_half_a_character_is_not_looked_up() -> None:
    memory = recall("naïveté 1\nnaïvet")
    assert memory.choose(UNSURE) == "é".encode()[0]
    memory.accept("é".encode()[:1])
    assert memory.choose(UNSURE) is None
    memory.accept("é".encode()[1:])
    assert memory.choose(UNSURE) == ord(" ")


def test_likelihood_of_the_most_likely_token() -> None:
    assert most_likely(scores(0.4)) == pytest.approx(0.4, abs=1e-6)
    assert most_likely(UNSURE) == pytest.approx(1 / 256)


@given(st.text("abc é\n", max_size=80), st.text("abc é\n", max_size=40))
def test_only_what_the_file_says_is_said(before: str, after: str) -> None:
    token = recall(before, after).choose(UNSURE)
    if token is not None:
        known = (before + "\0" + after).encode()
        assert before[-6:].encode() + bytes([token]) in known
