"""Workers: started on demand, cancelled within a token, restarted after a crash, gone when idle.

With the fake model in a thread where speed matters, in a process where its death does, and with real
files where their damage does.
"""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.errors import DeadlineExceeded, EngineClosed, ModelFileError
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header
from fimble.engine.runtimes.base import Span
from fimble.engine.runtimes.ctransformers import CTransformers, check
from fimble.engine.runtimes.threads import ThreadCount
from fimble.engine.types import FimRequest, TextRequest
from fimble.engine.workers.in_thread import ThreadTransport
from fimble.engine.workers.transports import ProcessTransport, Transport

from .gguf_files import gguf
from .workers import Make, read, request, text, text_of, until


@pytest.mark.parametrize("transport", [ThreadTransport, ProcessTransport])
async def test_a_job_gives_its_text(make: Make, transport: Callable[[], Transport]) -> None:
    worker = make(transport)
    assert await text(worker) == "hello"
    info = await worker.open()
    assert info.supports_fim
    assert (worker.process_id is not None) == (transport is ProcessTransport)


@pytest.mark.parametrize("transport", [ThreadTransport, ProcessTransport])
async def test_a_closed_iterator_stops_the_model(make: Make, transport: Callable[[], Transport]) -> None:
    worker = make(transport, endless=True, token_ms=1)
    async with aclosing(worker.run(FimRequest("x", "", max_tokens=3000))) as deltas:
        async for _ in deltas:
            break
    assert worker.busy == 0
    # the next job is done right after, not three seconds later: the first one made a few tokens only
    async with aclosing(worker.run(FimRequest("x", "", max_tokens=2))) as deltas:
        usage = [delta.usage async for delta in deltas][-1]
    assert usage is not None
    assert usage.completion_tokens == 2


async def test_a_long_prompt_is_cancelled_between_batches(make: Make) -> None:
    worker = make(prompt_token_ms=1.0)
    task = asyncio.create_task(text(worker, "y" * 3000))
    await until(lambda: worker.busy > 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await text(worker, "z") == "hello"


async def test_a_native_call_that_nobody_waits_for_is_ended(make: Make) -> None:
    """It would take hours."""
    worker = make(prompt_token_ms=1e6)
    task = asyncio.create_task(read(worker.run(TextRequest("y" * 100))))
    await until(lambda: worker._connection is not None and bool(worker._connection._at_work))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await read(worker.run(TextRequest((97,)))) == "hello"


async def test_warming_leaves_little_to_do(make: Make) -> None:
    worker = make()
    async for _ in worker.run(request("some text"), warm=True):
        raise AssertionError("warming gives no text")
    usage = [delta.usage async for delta in worker.run(request("some text"))][-1]
    assert usage is not None
    assert usage.cached_tokens == usage.prompt_tokens - 1  # its scores are wanted


async def test_who_starts_a_worker_may_be_cancelled_while_others_wait_for_it(make: Make) -> None:
    worker = make(ProcessTransport)
    first = asyncio.create_task(worker.open())
    second = asyncio.create_task(text(worker))
    await asyncio.sleep(0)  # both wait for the process now, which takes far longer
    first.cancel()
    async with asyncio.timeout(20):
        assert await second == "hello"


async def test_closing_while_a_worker_starts_ends_who_waits(make: Make) -> None:
    worker = make(ProcessTransport)
    waiting = asyncio.create_task(text(worker))
    await asyncio.sleep(0)
    await worker.close()
    with pytest.raises(EngineClosed):
        await waiting
    with pytest.raises(EngineClosed):
        await text(worker)
    assert worker.process_id is None


async def test_closing_ends_what_runs(make: Make) -> None:
    worker = make(ProcessTransport, endless=True, token_ms=5)
    deltas = worker.run(FimRequest("x", "", max_tokens=3000))
    await anext(deltas)
    await worker.close()
    with pytest.raises(EngineClosed):
        async for _ in deltas:
            pass


async def test_the_deadline_includes_the_loading_of_the_model(make: Make) -> None:
    worker = make(ProcessTransport)
    with pytest.raises(DeadlineExceeded, match="loaded"):
        await text_of(worker, replace(request(), deadline_ms=1))
    assert await text(worker) == "hello"


async def test_an_idle_worker_ends_and_comes_back(make: Make) -> None:
    worker = make(ProcessTransport, idle=0.05)
    assert await text(worker) == "hello"
    process = worker.process_id
    await until(lambda: worker.process_id is None)
    assert await text(worker) == "hello"
    assert worker.process_id != process


async def test_what_a_worker_prints_does_not_disturb(make: Make) -> None:
    """The native library prints while it loads a model; replies travel apart from that."""
    worker = make(ProcessTransport, model=str(bundled_path()))
    assert (await worker.open()).backend == "ctransformers"
    assert isinstance(await text(worker), str)


def damaged(folder: Path) -> dict[str, Path]:
    """Ten files that are no models, or are so no longer."""
    good = bundled_path().read_bytes()
    header = read_header(bundled_path())
    data_start = len(good) - sum(t.bytes for t in header.tensors)
    contents = {
        "empty": b"",
        "text": b"not a model\n" * 100,
        "cut in the header": good[: data_start // 2],
        "cut in the data": good[: len(good) // 2],
        "last byte missing": good[:-1],
        "header of zeros": good[:8] + bytes(2000) + good[2008:],
        "no metadata": gguf({}, [], 64),
        "another architecture": gguf(
            {"general.architecture": "gemma", "tokenizer.ggml.model": "llama"}, [], 64
        ),
        "no tensors": gguf({"general.architecture": "llama", "tokenizer.ggml.model": "llama"}, [], 64),
    }
    at = good.index(b"llama.attention.head_count") + len(b"llama.attention.head_count") + 4
    contents["heads that do not fit"] = good[:at] + struct.pack("<I", 7) + good[at + 4 :]
    paths = {}
    for name, content in contents.items():
        paths[name] = folder / (name.replace(" ", "-") + ".gguf")
        paths[name].write_bytes(content)
    return paths


async def test_ten_kinds_of_damage_are_told_and_survived(make: Make, tmp_path: Path) -> None:
    kinds = damaged(tmp_path)
    assert len(kinds) == 10
    for path in kinds.values():
        worker = make(ThreadTransport, model=str(path))  # would take this process down if it got through
        with pytest.raises(ModelFileError) as caught:
            await text(worker)
        assert str(path) in caught.value.message


async def test_a_model_that_is_repaired_is_loaded_again(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    worker = make(ThreadTransport, model=str(path))
    with pytest.raises(ModelFileError):
        await text(worker)
    shutil.copy(bundled_path(), path)
    assert isinstance(await text(worker), str)


@pytest.fixture(scope="module")
def model() -> CTransformers:
    return CTransformers(read_header(bundled_path()), threads=1, context_length=1024, batch=512)


def hold(model: CTransformers, tokens: list[int], past: int) -> None:
    for at in range(0, len(tokens), 64):
        model.decode([Span(0, tokens[at : at + 64], past + at)])


class TestTheBundledRuntime:
    @pytest.mark.parametrize(
        "sample",
        ["x", " x", "  x\n", "\tif a:\n", "é😀𝒳", "<fim_middle></s>", "a\0b", "\r\n", "▁x", "x" * 500],
    )
    def test_tokens_spell_their_text(self, model: CTransformers, sample: str) -> None:
        spelt = b"".join(model.piece(token) for token in model.tokenize(sample))
        assert spelt.decode() == sample.replace("▁", " ")

    @settings(max_examples=300, deadline=None)
    @given(st.text(st.sampled_from("ab (:)\n\t#\"'=▁é😀\r.,_0"), max_size=120))
    def test_texts_are_cut_only_where_no_token_reaches_across(self, model: CTransformers, text: str) -> None:
        assert model.tokenize(text) == model._tokenize_piece(text)

    def test_reuse_of_the_cache_changes_nothing(self, model: CTransformers) -> None:
        """Scores differ by what rounding does when batches begin elsewhere, and not more."""
        tokens = model.tokenize("def add(first, second):\n    return first + second\n" * 12)
        other = tokens[:100] + model.tokenize("print(first)\n" * 4)
        hold(model, tokens, 0)
        hold(model, other[100:], 100)
        reused = model.logits(0).copy()
        hold(model, other, 0)
        assert abs(reused - model.logits(0)).max() < 0.2
        assert reused.argmax() == model.logits(0).argmax()

    def test_rows_of_scores_are_those_of_one_token_after_the_other(self, model: CTransformers) -> None:
        tokens = model.tokenize("def add(first, second):")
        hold(model, tokens, 0)
        model.decode([Span(0, tokens[-3:], len(tokens) - 3, 3)])
        together = [model.logits(0, row).copy() for row in range(3)]
        for row, at in enumerate(range(len(tokens) - 3, len(tokens))):
            model.decode([Span(0, tokens[at : at + 1], at)])
            assert (model.logits(0) == together[row]).all()

    def test_a_model_for_another_runtime_says_what_to_choose(self, tmp_path: Path) -> None:
        path = tmp_path / "q.gguf"
        path.write_bytes(gguf({"general.architecture": "qwen2", "tokenizer.ggml.model": "gpt2"}, [], 64))
        with pytest.raises(ModelFileError, match="such as CodeLlama"):
            check(read_header(path))


@pytest.mark.parametrize(("running", "threads"), [(1, 4), (3, 4), (6, 3), (9, 1), (40, 1)])
def test_no_more_threads_than_idle_cores(running: int, threads: int) -> None:
    assert ThreadCount(4, lambda: running, cores=8).now() == threads
