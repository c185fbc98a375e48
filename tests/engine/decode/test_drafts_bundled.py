"""The bundled model says the same with drafts and without them, whatever its sampler does."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.engine.decode.answer import answer
from fimble.engine.decode.drafts_gain import Gain
from fimble.engine.decode.steps import Need, Rows
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.runtimes.base import Span
from fimble.engine.types import Dry, FimRequest, Grammar, Request, Sampling, TextRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.places import common_prefix
from fimble.engine.workers.planner import Planner

LINES = 10
SAMPLINGS = (
    Sampling(),
    Sampling(temperature=0.8, top_p=0.95, top_k=40, seed=11),
    Sampling(temperature=1.0, min_p=0.05, seed=5, repetition_penalty=1.1, dry=Dry()),
    Sampling(frequency_penalty=0.4, presence_penalty=0.2),
)


class Eager(Gain):
    """Proposes all that is guessed."""

    right = 0

    def hopeful(self) -> bool:
        return True

    def length(self, odds: Sequence[float]) -> int:
        return len(odds)

    def guessed(self, matched: int, right: bool) -> None:
        self.right += right


class Silent(Gain):
    """Proposes nothing."""

    def hopeful(self) -> bool:
        return False


class Evaluated:
    """One sequence of a model, in which answers are made one after the other."""

    def __init__(self, opened: OpenedModel) -> None:
        self._model, self._held = opened.model, list[int]()
        self.calls = 0

    def read(self, planner: Planner, request: Request) -> None:
        """Read a prompt: in one call its last token's scores are a little different than by itself."""
        self._rows(Need(0, planner.task(request).prompt))

    def text(self, planner: Planner, request: Request) -> str:
        task = planner.task(request)
        steps, rows, made = answer(self._model, task.prompt, task.plan), None, ""
        while True:
            try:
                item = steps.send(rows)
            except StopIteration:
                return made
            rows = self._rows(item) if isinstance(item, Need) else None
            made += "" if isinstance(item, Need) else item.text

    def _rows(self, need: Need) -> Rows:
        wanted = self._held[: need.past] + list(need.tokens)
        known = min(common_prefix(self._held, wanted), len(wanted) - need.rows)
        self._model.decode([Span(0, wanted[known:], known, need.rows)])
        self._held, self.calls = wanted, self.calls + 1
        return Rows([self._model.logits(0, row) for row in range(need.rows)])


@pytest.fixture(scope="module")
def opened() -> Iterator[OpenedModel]:
    opened = open_model(WorkerOptions(str(bundled_path()), threads=2, batch=512, runtime="llamacpp"))
    yield opened
    opened.model.close()


def places() -> Iterator[tuple[str, str]]:
    """A few lines around the middle of each of many lines."""
    sources = [Path(module.__file__ or "").read_text("utf-8") for module in (argparse, textwrap)]
    lines = "\n".join(sources).split("\n")
    chosen = [at for at in range(LINES, len(lines) - LINES, 29) if len(lines[at].strip()) > 12]
    for at in chosen[:52]:
        column = len(lines[at]) - len(lines[at].strip()) // 2
        before = "\n".join([*lines[at - LINES : at], lines[at][:column]])
        yield before, "\n" + "\n".join(lines[at + 1 : at + 3])


def test_drafts_change_no_suggestion(opened: OpenedModel) -> None:
    gain = Eager(512)
    planners = Planner(opened, 300, Silent(512)), Planner(opened, 300, gain)
    sequence, calls = Evaluated(opened), [0, 0]
    for number, (prefix, suffix) in enumerate(places()):
        sampling = SAMPLINGS[number % len(SAMPLINGS)] if number % 2 else Sampling()
        request = FimRequest(prefix, suffix, "python", max_tokens=12, sampling=sampling)
        sequence.read(planners[0], request)
        texts = list[str]()
        for which, planner in enumerate(planners):
            before = sequence.calls
            texts.append(sequence.text(planner, request))
            calls[which] += sequence.calls - before
        assert texts[0] == texts[1], (number, sampling)
    assert number >= 49
    assert gain.right > 50
    assert calls[1] < calls[0]


@pytest.mark.parametrize("grammar", [None, Grammar("regex", r"( *\[\d, \d\],?\n)+")])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_drafts_change_no_text(opened: OpenedModel, sampling: Sampling, grammar: Grammar | None) -> None:
    """A row's scores differ in their last bits with the size of its call, so one of many draws that fall
    between two tokens may fall on the other one."""
    text, same = "table = [\n    [1, 2],\n    [1, 3],\n    [1, 2],\n    [1, 3],\n", list[bool]()
    planners = Planner(opened, 300, Silent(512)), Planner(opened, 300, Eager(512))
    for seed in range(6):
        drawn = replace(sampling, seed=seed)
        request = TextRequest(text, 40, drawn, ("]\n]",), grammar=grammar, logprobs=2)
        sequence = Evaluated(opened)
        sequence.read(planners[0], request)
        same.append(sequence.text(planners[0], request) == sequence.text(planners[1], request))
    assert sum(same) >= len(same) - (sampling.temperature > 0)
