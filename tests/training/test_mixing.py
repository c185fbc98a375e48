"""The fit's mixture is the engine's own, and fitting finds what is true."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.decode.choice import Likelihoods
from fimble.engine.decode.evidence import Weights
from fimble.engine.decode.mixing import Advice, MixedChoice
from fimble.engine.decode.proposals import SCOPES, Candidate
from fimble.engine.decode.sampler import Sampler
from fimble.engine.decode.weights import weights_for
from fimble.engine.types import Sampling
from training.mixing import fit as fitting
from training.mixing.fit import fit, mixed
from training.mixing.places import Places

COLUMNS, SIZE, END = 4, 40, 0
found = weights_for(1_000_000)
assert found is not None
WEIGHTS: Weights = found


class Fixed:
    """Proposes always the same."""

    def __init__(self, candidates: list[Candidate]) -> None:
        self._candidates = candidates

    def accept(self, data: bytes) -> None: ...

    def propose(self) -> list[Candidate]:
        return self._candidates


def place(likely: np.ndarray, candidates: list[Candidate], true: int) -> Places:
    """One place, as the model and the candidates have it; tokens are bytes."""
    said = np.zeros((1, COLUMNS, 6))
    said[:, :, 0], said[:, :, 4] = -1, 1
    for at, each in enumerate(candidates):
        token = each.text[0]
        said[0, at] = (
            token, token == true, likely[token], each.matched, each.support, SCOPES.index(each.scope),
        )  # fmt: skip
    numbers = [likely[true], likely.max(), likely.argmax(), likely[END], 0, 1]
    return Places(*(np.array([each]) for each in numbers), *(said[:, :, at] for at in range(6)))


candidates = st.builds(
    Candidate,
    st.integers(1, 5).map(lambda token: bytes([token])),
    st.integers(6, 64),
    st.integers(1, 9),
    st.sampled_from(SCOPES),
)


@settings(max_examples=60)
@given(st.lists(candidates, max_size=COLUMNS), st.integers(0, 2**20), st.integers(0, 5))
def test_the_engine_and_the_fit_mix_alike(proposed: list[Candidate], seed: int, true: int) -> None:
    scores = np.random.default_rng(seed).normal(0, 3, SIZE).astype(np.float32)
    likelihoods = Likelihoods(SIZE, (END,))
    likely = likelihoods.all(scores).astype(float)
    advice = Advice(Fixed(proposed), WEIGHTS, lambda text: text[0])
    sampler = Sampler(Sampling(), [1], SIZE, lambda token: b"")
    chooser = MixedChoice(sampler, likelihoods, advice)
    chosen = chooser.choose(scores)
    told = mixed(place(likely, proposed, true), WEIGHTS)
    if chosen.token == true:
        assert told.right[0] == pytest.approx(chosen.probability, rel=1e-4)
    if abs(told.right[0] - chosen.probability) > 1e-4:
        assert told.first[0] == (chosen.token == true)


def many(count: int, hit: float) -> Places:
    """Places where a model knows nothing and one candidate is right so often."""
    randomness = np.random.default_rng(1)
    likely = np.full(SIZE, 1 / SIZE)
    made = [
        place(likely, [Candidate(b"\1", 24, 2, "file")], 1 if randomness.random() < hit else 2)
        for _ in range(count)
    ]
    return Places(*(np.concatenate([getattr(each, field.name) for each in made]) for field in fields(Places)))


@pytest.mark.parametrize("hit", [0.2, 0.8])
def test_proposals_are_believed_as_often_as_they_are_right(
    hit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "STEPS", 60)
    places = many(400, hit)
    weights = fit(places)
    right = mixed(places[places.hit[:, 0] == 1], weights).right
    assert right.mean() == pytest.approx(hit, abs=0.07)


def test_places_are_kept_in_a_file(tmp_path: Path) -> None:
    places = many(5, 0.5)
    places.save(tmp_path / "places.npz")
    again = Places.load(tmp_path / "places.npz")
    assert all((getattr(again, f.name) == getattr(places, f.name)).all() for f in fields(Places))
