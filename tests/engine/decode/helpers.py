"""A fake model with its plain continuation, for tests that need the loop and not a model."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine.decode.cache import TokenCache
from fimble.engine.decode.grammar import GrammarCompiler
from fimble.engine.decode.loop import DecodePlan, generate
from fimble.engine.runtimes.fake import FakeModel, FakeOptions, fake_vocabulary
from fimble.engine.types import Delta


def cache(options: FakeOptions, batch: int = 4) -> TokenCache:
    return TokenCache(FakeModel(options), batch)


def plan(max_tokens: int = 50, **changes: object) -> DecodePlan:
    return DecodePlan(max_tokens, fake_vocabulary().end_ids, **changes)


def run(on: TokenCache, prompt: str | Sequence[int], wanted: DecodePlan) -> list[Delta]:
    ids = on.model.tokenize(prompt) if isinstance(prompt, str) else list(prompt)
    return [delta for delta in generate(on, ids, wanted) if delta is not None]


def joined(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def compiler() -> GrammarCompiler:
    model = FakeModel(FakeOptions())
    return GrammarCompiler(fake_vocabulary(), model.piece, model.tokenize)
