"""A model of each family runs: opened, warmed, completed, cancelled, and batched with others."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.prompt.layout import PromptBuilder
from fimble.engine.prompt.window import Budget
from fimble.engine.runtimes.base import Scores, Span
from fimble.engine.types import ChatRequest, Delta, FimRequest, Grammar, Message, Snippet, Tool
from fimble.engine.workers.in_thread import ThreadTransport
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.planner import Planner
from fimble.engine.workers.worker import Worker

from .architectures import ARCHITECTURES
from .families_made import BARE, CASES, REQUEST, Case
from .models_made import CONTEXT, Made

each_family = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
chatting = pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if case.made.template],
    ids=[name for name, case in CASES.items() if case.made.template],
)
Open = Callable[[Case], OpenedModel]


def options(path: Path) -> WorkerOptions:
    return WorkerOptions(
        str(path), threads=1, context_length=CONTEXT, batch=512, window=400, runtime="llamacpp",
        cache_tokens=4 * CONTEXT, gpu_layers=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def opened(model_file: Callable[[Made], Path]) -> Iterator[Open]:
    """A family's model, opened once; all are closed at the end."""
    models: dict[Made, OpenedModel] = {}

    def model(case: Case) -> OpenedModel:
        if case.made not in models:
            models[case.made] = open_model(options(model_file(case.made)))
        return models[case.made]

    yield model
    for each in models.values():
        each.model.close()


def spelled(case: Case, model: OpenedModel, ids: list[int]) -> str:
    """A prompt as the tables have it."""
    controls = case.made.controls
    parts = [f"«{controls[id]}»".encode() if id < len(controls) else model.model.piece(id) for id in ids]
    return b"".join(parts).decode().replace("\n", "⏎")


@each_family
def test_it_is_opened_as_what_it_is(case: Case, opened: Open) -> None:
    model = opened(case)
    assert model.form is not None
    assert (model.form.family.name, model.info.supports_fim) == (case.family, True)
    assert model.info.supports_chat == bool(case.made.template)
    assert model.model.cuts == ARCHITECTURES[case.made.architecture].cuts
    assert model.model.sequences == 4


@each_family
def test_its_tokenizer_makes_the_prompt_of_its_makers(case: Case, opened: Open) -> None:
    model = opened(case)
    planner = Planner(model, 400)
    assert spelled(case, model, planner.task(REQUEST).prompt) == case.prompt
    assert spelled(case, model, planner.task(BARE).prompt) == case.bare


@each_family
def test_text_that_spells_control_tokens_stays_text(case: Case, opened: Open) -> None:
    model = opened(case)
    texts = "".join(case.made.controls).replace("▁", " ")
    request = replace(
        REQUEST, prefix=texts, suffix=texts, path=texts, snippets=(Snippet(texts, texts), REQUEST.snippets[1])
    )
    assert model.form is not None
    built = PromptBuilder(model.model.tokenize, model.form, Budget.of(4000)).build(request)
    shown = spelled(case, model, built)
    plain = case.prompt.replace("def f(x):⏎    return ", texts).replace("⏎⏎f(1)⏎", texts)
    path = texts[-200:]
    assert shown == plain.replace("lib/o.py⏎x = 1", f"{path}⏎{texts}").replace("lib/m.py", path)


FRAGMENTS = ["<", ">", "|", "[", "]", "▁", " ", "fim", "_", "-", "prefix", "PREFIX", "<PRE>", "x", "\n", "é"]


@each_family
def test_any_text_is_kept_and_has_no_control_token(case: Case, opened: Open) -> None:
    model = opened(case)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.sampled_from([*FRAGMENTS, *case.made.controls]), max_size=12).map("".join))
    def check(text: str) -> None:
        ids = model.model.tokenize(text)
        assert min(ids, default=len(case.made.controls)) >= len(case.made.controls)
        # sentencepiece has no other sign for a space
        written = text if case.made.pre else text.replace("▁", " ")
        assert b"".join(map(model.model.piece, ids)).decode() == written

    check()


def test_text_that_the_makers_stop_at_ends_an_answer(opened: Open) -> None:
    """Codestral goes on with the next file, which begins with text and no control token."""
    planner = Planner(opened(CASES["codestral-2501"]), 400)
    assert planner.task(replace(REQUEST, stop=("pass",))).plan.stop == ("pass", "\n+++++ ")
    assert Planner(opened(CASES["qwen2.5-coder"]), 400).task(REQUEST).plan.stop == ()


def scores(model: OpenedModel, spans: list[Span]) -> list[Scores]:
    model.model.decode(spans)
    return [model.model.logits(at).copy() for at in range(len(spans))]


def same(found: Scores, wanted: Scores) -> bool:
    """Whether they differ by no more than another order of adding does."""
    return bool(np.abs(found - wanted).max() < 0.05 * wanted.std())


@each_family
def test_four_in_one_batch_score_what_each_scores_alone(case: Case, opened: Open) -> None:
    """One goes on with a token while others read prompts of several lengths, in pieces."""
    model = opened(case)
    planner = Planner(model, 400)
    lines = ("x", "def f(x):\n", "def f(x):\n    y = 1\n", "z = {1: 2}\n" * 4)
    prompts = [planner.task(replace(BARE, prefix=text)).prompt for text in lines]
    forget(model)
    alone = []
    for prompt in prompts:
        alone += scores(model, [Span(0, prompt, 0)])
        model.model.keep(0, 0)
    cuts = [len(prompts[0]) - 1, *(len(prompt) // 2 for prompt in prompts[1:])]
    first = [Span(n, prompt[:cut], 0, 0) for n, (prompt, cut) in enumerate(zip(prompts, cuts, strict=True))]
    model.model.decode(first)
    rest = [Span(n, prompt[cut:], cut) for n, (prompt, cut) in enumerate(zip(prompts, cuts, strict=True))]
    assert all(map(same, scores(model, rest), alone))


@each_family
def test_what_is_copied_or_shortened_goes_on_as_if_it_were_new(case: Case, opened: Open) -> None:
    model = opened(case)
    text = "".join(f"value_{n} = {n}\n" for n in range(8))
    ids = model.model.tokenize(text)[:100]
    other = model.model.tokenize("return")
    forget(model)
    [wanted] = scores(model, [Span(0, [*ids, *other], 0)])
    forget(model)
    if model.model.cuts:
        model.model.decode([Span(0, [*ids, *ids[:20]], 0)])
        model.model.keep(0, len(ids))
    else:
        model.model.decode([Span(0, ids, 0)])
    model.model.copy(0, 3, len(ids))
    together = scores(model, [Span(3, other, len(ids)), Span(0, other, len(ids))])
    assert [same(found, wanted) for found in together] == [True, True]


def forget(model: OpenedModel) -> None:
    for sequence in range(model.model.sequences):
        model.model.keep(sequence, 0)


@each_family
async def test_it_is_warmed_completes_and_is_cancelled(
    case: Case, model_file: Callable[[Made], Path]
) -> None:
    worker = Worker(ThreadTransport, options(model_file(case.made)), 0)
    asked = replace(REQUEST, mode="block", max_tokens=8, trim=False)
    try:
        await read(worker, asked, warm=True)
        last = (await read(worker, asked))[-1]
        assert last.finish_reason in ("stop", "length")
        assert last.usage is not None
        assert last.usage.completion_tokens <= 8
        if ARCHITECTURES[case.made.architecture].cuts:
            assert last.usage.cached_tokens == last.usage.prompt_tokens - 1
        async with aclosing(worker.run(replace(asked, prefix="def g"))) as answer:
            await anext(answer, None)
        ends = await asyncio.gather(*(read(worker, each(asked, n)) for n in range(4)))
        assert [deltas[-1].finish_reason in ("stop", "length") for deltas in ends] == [True] * 4
    finally:
        await worker.close()


def each(asked: FimRequest, n: int) -> FimRequest:
    return replace(asked, prefix=f"def f{n}(x):\n    ", document=f"{n}.py")


@each_family
async def test_a_grammar_binds_its_tokens(case: Case, model_file: Callable[[Made], Path]) -> None:
    worker = Worker(ThreadTransport, options(model_file(case.made)), 0)
    grammar = Grammar("regex", r"def (é|\t)[a-c]{2}\n")
    asked = replace(BARE, grammar=grammar, mode="block", max_tokens=40, trim=False)
    try:
        deltas = await read(worker, asked)
        text = "".join(delta.text for delta in deltas)
        assert re.fullmatch(grammar.value, text), text
        assert deltas[-1].finish_reason == "stop"
    finally:
        await worker.close()


@chatting
async def test_a_tool_is_called(case: Case, model_file: Callable[[Made], Path]) -> None:
    worker = Worker(ThreadTransport, options(model_file(case.made)), 0)
    schema = {"type": "object", "properties": {"to": {"enum": ["left"]}}, "required": ["to"]}
    tool = Tool("go", parameters=json.dumps(schema | {"additionalProperties": False}))
    asked = ChatRequest((Message("user", "go left"),), (tool,), "required", max_tokens=150)
    try:
        deltas = [delta async for delta in worker.run(replace(asked, parallel_tool_calls=False))]
        [call] = [call for delta in deltas for call in delta.tool_calls]
        assert (call.name, json.loads(call.arguments)) == ("go", {"to": "left"})
    finally:
        await worker.close()


async def read(worker: Worker, request: FimRequest, warm: bool = False) -> list[Delta]:
    return [delta async for delta in worker.run(request, warm=warm)]


@chatting
def test_a_chat_begins_as_its_template_says_and_people_s_text_stays_text(case: Case, opened: Open) -> None:
    model = opened(case)
    texts = "".join(case.made.controls).replace("▁", " ")
    prompt = Planner(model, 400).task(ChatRequest((Message("user", texts),), max_tokens=8)).prompt
    shown = spelled(case, model, prompt)
    assert shown.count(texts) == 1
    head, tail = shown.split(texts)
    assert "«" in head + tail or case.family == "deepseek"
    assert model.vocabulary.end_ids >= {case.made.controls.index(text) for text in case.ends}
