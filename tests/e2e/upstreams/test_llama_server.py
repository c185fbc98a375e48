"""A real llama-server as an upstream: what it is asked for, what it answers, and that it stops when nobody
waits for it any longer."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from urllib.request import Request as WebRequest
from urllib.request import urlopen

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import (
    ContextLengthExceeded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from fimble.engine.gate.evidence import Ledger
from fimble.engine.settings import Settings
from fimble.engine.types import (
    ChatRequest,
    FimRequest,
    Grammar,
    Message,
    Sampling,
    Snippet,
    TextRequest,
    TokensRequest,
)
from fimble.engine.upstreams.backend import UpstreamBackend
from tests.e2e.other_programs.servers import Server
from tests.engine.upstreams.asking import answer_of, backend_of, deltas_of

from .shapes import PREFIX

pytestmark = pytest.mark.e2e


HOLE = FimRequest(PREFIX, "\n", "python", "shapes.py", mode="line")
LONG = TextRequest(
    "numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10,", max_tokens=1500, sampling=Sampling(logit_bias=((2, -100.0),))
)


@pytest.fixture
async def remote(llama: Server) -> AsyncIterator[UpstreamBackend]:
    made = backend_of(llama.url, "llama", key=llama.key)
    yield made
    await made.close()


async def test_what_it_tells_of_its_model(remote: UpstreamBackend) -> None:
    found = await remote.info()
    assert (found.id, found.context_window, found.supports_fim) == ("fimble", 2048, True)


async def test_a_hole_is_filled(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, HOLE)
    assert made.text.startswith("height")
    assert made.finish_reason == "stop"
    assert made.model == "fimble"
    assert made.usage.prompt_tokens > 20
    assert made.usage.completion_tokens > 3


async def test_its_tokens_tell_how_sure_they_are(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, HOLE)
    assert b"".join(each.text for each in made.certainties) == made.text.encode()
    assert all(0 < each.probability <= 1 for each in made.certainties)
    ledger = Ledger(made.text, made.certainties)
    assert ledger.known == len(made.text)
    assert ledger.ended, "the last one is of the end token"


async def test_a_character_of_several_tokens_is_spelled_once(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, FimRequest('x = "héllo wörld ✓', "\n", mode="block", max_tokens=8))
    spelled = b"".join(each.text for each in made.certainties)
    assert spelled.decode() == made.text
    for each in made.certainties:
        assert made.text.encode()[len(made.text[: each.offset].encode()) :].startswith(each.text)


async def test_the_gate_judges_its_texts(remote: UpstreamBackend) -> None:
    engine = Engine(Settings(), backend=remote)
    sure = await engine.complete(FimRequest(HOLE.prefix, HOLE.suffix, "python", eagerness="eager"))
    unsure = await engine.complete(FimRequest("# zq\nv", "\n", "python", min_confidence=0.99))
    assert sure.text.startswith("height")
    assert sure.confidence is not None
    assert sure.confidence > 0.5
    assert unsure.text == ""
    await engine.close()


async def test_our_own_prompt_with_other_files(llama: Server) -> None:
    remote = backend_of(llama.url, "llama", key=llama.key, family="fimble")
    other = Snippet("shapes.py", "def area_of_circle(radius):\n    return 3.14 * radius * radius\n")
    hole = FimRequest(
        "from shapes import area_of_circle\n\nprint(area_of_", ")\n", "python", "main.py", (other,), "line"
    )
    made = await answer_of(remote, hole)
    await remote.close()
    assert made.text.startswith("circle")
    assert "<" not in made.text
    assert Ledger(made.text, made.certainties).known == len(made.text)


async def test_a_text_is_continued_and_log_probabilities_are_told(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, TextRequest("for i in range(", max_tokens=6, logprobs=2))
    assert b"".join(each.text for each in made.logprobs).decode() == made.text
    assert all(
        each.logprob is not None and each.logprob <= 0 and len(each.top) == 2 for each in made.logprobs
    )
    assert made.finish_reason == "length"
    assert made.usage.completion_tokens == 6


async def test_a_prompt_of_tokens(remote: UpstreamBackend) -> None:
    [told] = await deltas_of(remote, TokensRequest("for i in range("))
    assert b"".join(piece for _, piece in told.tokens) == b"for i in range("
    ids = tuple(token for token, _ in told.tokens)
    [text] = await deltas_of(remote, TokensRequest(ids))
    assert text.text == "for i in range("
    plain = await answer_of(remote, TextRequest("for i in range(", max_tokens=4))
    made = await answer_of(remote, TextRequest(ids, max_tokens=4))
    assert made.text == plain.text


async def test_only_reading_the_prompt(remote: UpstreamBackend) -> None:
    made = await answer_of(remote, TextRequest("for i in", max_tokens=0))
    assert (made.text, made.finish_reason) == ("", "length")


async def test_grammars_that_it_knows(remote: UpstreamBackend) -> None:
    schema = Grammar(
        "json_schema", '{"type": "object", "properties": {"a": {"const": 7}}, "required": ["a"]}'
    )
    made = await answer_of(remote, TextRequest("x = ", max_tokens=40, grammar=schema))
    assert json.loads(made.text) == {"a": 7}
    gbnf = await answer_of(
        remote, TextRequest("x = ", max_tokens=4, grammar=Grammar("gbnf", 'root ::= "yes"'))
    )
    assert gbnf.text == "yes"
    with pytest.raises(UnsupportedParameter):
        await answer_of(remote, TextRequest("x", grammar=Grammar("lark", "start: /a/")))


async def test_a_conversation(llama: Server) -> None:
    remote = backend_of(llama.url, "llama", key=llama.key, chat=True)
    made = await answer_of(
        remote, ChatRequest((Message("user", "hi"),), max_tokens=5, sampling=Sampling(), logprobs=1)
    )
    await remote.close()
    assert made.text
    assert made.usage.prompt_tokens > 5
    assert made.usage.completion_tokens == 5
    assert len(made.logprobs) == 5


async def test_a_conversation_as_code_with_a_model_that_has_none(remote: UpstreamBackend) -> None:
    request = ChatRequest((Message("user", "Print hello"),), language="python", max_tokens=12)
    assert (await answer_of(remote, request)).text


async def test_seeds_are_kept_to(remote: UpstreamBackend) -> None:
    request = TextRequest("def ", max_tokens=12, sampling=Sampling(1.0, seed=5, top_k=50, min_p=0.01))
    assert (await answer_of(remote, request)).text == (await answer_of(remote, request)).text


async def test_what_does_not_fit(remote: UpstreamBackend) -> None:
    await remote.info()
    with pytest.raises(ContextLengthExceeded):
        await answer_of(remote, TextRequest("a b c " * 2000))
    with pytest.raises(ContextLengthExceeded):
        await answer_of(remote, TextRequest("a" * 100_000))
    assert (await answer_of(remote, TextRequest("a b c " * 2000, max_tokens=1, truncate=True))).finish_reason


async def test_a_wrong_key_and_a_wrong_model(llama: Server) -> None:
    keyless = backend_of(llama.url, "llama", key="not-the-key")
    with pytest.raises(UpstreamRefused) as refused:
        await answer_of(keyless, HOLE)
    assert "not-the-key" not in refused.value.message
    other = backend_of(llama.url, "llama", key=llama.key, model="qwen")
    with pytest.raises(UpstreamUnavailable, match="no model 'qwen'; it has 'fimble'"):
        await other.info()
    await keyless.close()
    await other.close()


async def test_giving_up_stops_it(llama: Server, remote: UpstreamBackend) -> None:
    async with aclosing(remote.generate(LONG)) as deltas:
        first = await anext(deltas)
        assert first.text
        assert first.usage is not None
        assert first.usage.completion_tokens >= 1
        assert await asyncio.to_thread(busy, llama)
    while await asyncio.to_thread(busy, llama):  # the test's own timeout bounds it
        pass


async def test_what_is_too_unlikely_ends_the_answer_and_the_work(
    llama: Server, remote: UpstreamBackend
) -> None:
    hole = FimRequest("x1 = ", "\n", mode="block", max_tokens=1500, floor=0.3)
    made = await answer_of(remote, hole)
    likely = [math.log(each.probability) for each in made.certainties]
    assert sum(likely) < math.log(0.3) <= sum(likely[:-1])
    assert made.text == b"".join(each.text for each in made.certainties[:-1]).decode()
    while await asyncio.to_thread(busy, llama):
        pass


def busy(llama: Server) -> bool:
    """Whether one of its slots is at work."""
    request = WebRequest(llama.url + "/slots", headers={"Authorization": f"Bearer {llama.key}"})
    with urlopen(request) as answer:
        slots: list[dict[str, Any]] = json.load(answer)
    return any(slot["is_processing"] for slot in slots)
