"""A fake model with its plain continuation, for tests that need the loop and not a model."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine.backends.fake import FakeModel, FakeOptions, fake_vocabulary
from fimble.engine.decode.grammar import GrammarCompiler
from fimble.engine.decode.loop import DecodePlan, generate
from fimble.engine.decode.session import Session
from fimble.engine.types import Delta


def session(options: FakeOptions, batch: int = 4) -> Session:
    return Session(FakeModel(options), batch)


def plan(max_tokens: int = 50, **changes: object) -> DecodePlan:
    return DecodePlan(max_tokens, fake_vocabulary().end_ids, **changes)


def run(on: Session, prompt: str | Sequence[int], wanted: DecodePlan) -> list[Delta]:
    ids = on.model.tokenize(prompt) if isinstance(prompt, str) else list(prompt)
    return list(generate(on, ids, wanted, lambda: False))


def joined(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def compiler() -> GrammarCompiler:
    model = FakeModel(FakeOptions())
    return GrammarCompiler(fake_vocabulary(), model.piece, model.tokenize)
