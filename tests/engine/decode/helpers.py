"""A fake model with its plain continuation, for tests that need the loop and not a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fimble.engine.decode.answer import DecodePlan, answer
from fimble.engine.decode.grammar import GrammarCompiler
from fimble.engine.decode.steps import Need, Rows, Steps
from fimble.engine.runtimes.base import Runtime, Span
from fimble.engine.runtimes.fake import FakeModel, FakeOptions, fake_vocabulary
from fimble.engine.types import Delta


def fake(**options: object) -> FakeModel:
    return FakeModel(FakeOptions(**options))


def deltas_of(model: Runtime, steps: Steps) -> Iterator[Delta]:
    """What an answer shows when its needs are evaluated one after the other, in a sequence of its own."""
    held, rows = 0, None
    while True:
        try:
            item = steps.send(rows)
        except StopIteration:
            return
        rows = None
        if not isinstance(item, Need):
            yield item
            continue
        assert item.past <= held, "what was not needed before is taken for evaluated"
        model.decode([Span(0, item.tokens, item.past, item.rows)])
        held = item.past + len(item.tokens)
        rows = Rows([model.logits(0, row) for row in range(item.rows)])


def plan(max_tokens: int = 50, **changes: object) -> DecodePlan:
    return DecodePlan(max_tokens, fake_vocabulary().end_ids, **changes)


def run(on: FakeModel, prompt: str | Sequence[int], wanted: DecodePlan) -> list[Delta]:
    ids = on.tokenize(prompt) if isinstance(prompt, str) else list(prompt)
    return list(deltas_of(on, answer(on, ids, wanted)))


def joined(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def compiler() -> GrammarCompiler:
    model = FakeModel(FakeOptions())
    return GrammarCompiler(fake_vocabulary(), model.piece, model.tokenize)
