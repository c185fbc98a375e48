"""The model has evaluated what the cache says it has, and is given nothing twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.decode.cache import TokenCache, common_prefix
from fimble.engine.runtimes.fake import FakeModel, FakeOptions


class Looked(list[int]):
    """Tokens that count how many of them were looked at."""

    looked = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        self.looked += len(found) if isinstance(at, slice) else 1
        return found


def finish(cache: TokenCache, tokens: list[int]) -> None:
    for _ in cache.hold(tokens):
        pass


def test_one_more_token_costs_the_same_however_many_were_there() -> None:
    cache = TokenCache(FakeModel(FakeOptions()), 64)
    tokens = Looked(range(200))
    finish(cache, tokens)
    tokens.looked = 0
    for token in range(50):
        tokens.append(token)
        finish(cache, tokens)
    assert tokens.looked == 50


TOKENS = st.lists(st.integers(1, 3), min_size=1, max_size=12)
HELD = st.lists(st.tuples(st.integers(0, 2), TOKENS, st.booleans(), st.integers(0, 6)), max_size=30)


@settings(max_examples=300, deadline=None)
@given(held=HELD, batch=st.integers(1, 5))
def test_several_answers_by_turns(held: list[tuple[int, list[int], bool, int]], batch: int) -> None:
    """Each of three lists grows or is replaced, and some are read in part only."""
    model = FakeModel(FakeOptions(context_length=1000))
    cache = TokenCache(model, batch)
    lists = [[1], [1, 2], [3]]
    for which, new, grows, stop_after in held:
        if grows:
            lists[which] += new
        else:
            lists[which] = new
        tokens, before, evaluated = lists[which], list(model.held[0]), model.evaluated
        for n, _ in enumerate(cache.hold(tokens), 1):
            assert cache.reading
            if n == stop_after:
                break
        else:
            assert not cache.reading
            assert model.held[0] == tokens
            missing = len(tokens) - common_prefix(before, tokens)
            assert model.evaluated - evaluated == (missing or int(before != tokens))
        assert model.held[0] == cache._evaluated
