"""Answers that are remembered, for each person: typing along, the same text again, the closed bracket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.types import Completion, Delta, FimRequest, ModelInfo, Request, Usage
from fimble.server.limits import ANSWER_CHARACTERS
from fimble.server.memory import AnswerMemory
from fimble.server.store.keys import Allowance, NewKey

from .conftest import Api, FailingBackend, Start
from .test_metrics import figure

HOLE: dict[str, Any] = {
    "prefix": "x = ", "suffix": "\n", "language": "python", "document": "a.py", "workspace": "w",
    "mode": "line",
}  # fmt: skip
SAID, OTHER = "foo(a, b)", "bar()"
MODEL = ModelInfo("m", "test", 4096, supports_fim=True)
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0}


class Counting(FailingBackend):
    """Says the same each time, in two pieces, or something else where there is chance in it; remembers what
    it was asked."""

    def __init__(self) -> None:
        super().__init__(RuntimeError())
        self.heard: list[Request] = []

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.heard.append(request)
        text = OTHER if request.sampling.temperature else SAID
        yield Delta(text[:3])
        yield Delta(text[3:], "stop", Usage(10, 5, 2))


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
async def asked(start: Start, model: Counting) -> Api:
    return await start(backend=model)


async def completion(api: Api, **fields: Any) -> str:
    reply = await api.post("/complete", HOLE | fields)
    assert reply.status == 200, reply.text
    return str(reply.json["completion"])


@pytest.mark.parametrize("stream", [False, True])
async def test_typing_along_asks_the_model_once(asked: Api, model: Counting, stream: bool) -> None:
    await asked.post("/complete", HOLE | {"stream": stream})
    assert await completion(asked, prefix="x = fo") == "o(a, b)"
    assert await completion(asked) == SAID
    assert len(model.heard) == 1
    assert await completion(asked, prefix="x = g") == SAID
    assert len(model.heard) == 2


async def test_the_bracket_that_the_editor_closes(asked: Api, model: Counting) -> None:
    await completion(asked)
    reply = await asked.post("/complete", HOLE | {"prefix": "x = foo(", "suffix": ")\n"})
    assert reply.json == {"completion": "a, b", "finish_reason": "stop"}
    assert len(model.heard) == 1


async def test_details_tell_that_nothing_was_used(asked: Api) -> None:
    await completion(asked)
    found = (await asked.post("/complete", HOLE | {"details": True})).json
    assert found.pop("timings") == dict.fromkeys(("queue_ms", "prompt_ms", "generate_ms", "total_ms"), 0.0)
    assert found == {
        "completion": SAID, "finish_reason": "stop", "model": "failing", "usage": NOTHING,
        "from_memory": True,
    }  # fmt: skip


async def test_a_stream_is_one_event(asked: Api) -> None:
    await completion(asked)
    plain = await asked.post("/complete", HOLE | {"stream": True})
    assert plain.events == [{"delta": SAID}, "[DONE]"]
    event, done = (await asked.post("/complete", HOLE | {"stream": True, "details": True})).events
    assert done == "[DONE]"
    assert event["delta"] == SAID
    assert (event["finish_reason"], event["usage"], event["from_memory"]) == ("stop", NOTHING, True)


@pytest.mark.parametrize(
    "other",
    [
        {"document": "b.py"}, {"workspace": "v"}, {"language": "go"}, {"file_path": "a.py"},
        {"mode": "block"}, {"max_tokens": 9}, {"stop": [";"]}, {"trim": False}, {"left_out": 3},
        {"temperature": 0.5}, {"n": 2},
        {"context": [{"file_path": "b.py", "content": "b = 1"}]}, {"prefix": "y = "}, {"suffix": ""},
    ],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
async def test_another_question_goes_to_the_model(asked: Api, model: Counting, other: dict[str, Any]) -> None:
    await completion(asked)
    await completion(asked, **other)
    assert len(model.heard) > 1


@pytest.mark.parametrize("other", [{"document": ""}, {"temperature": 0.5}, {"max_tokens": 0}])
async def test_not_everything_is_remembered(asked: Api, model: Counting, other: dict[str, Any]) -> None:
    for _ in range(2):
        await completion(asked, **other)
    assert len(model.heard) == 2


async def test_each_of_several_candidates_can_be_typed(asked: Api, model: Counting) -> None:
    found = (await asked.post("/complete", HOLE | {"n": 2})).json["completions"]
    assert found == [SAID, OTHER]
    assert await completion(asked) == SAID
    assert await completion(asked, prefix="x = ba") == OTHER[2:]
    assert len(model.heard) == 2


async def test_people_share_nothing(asked: Api, model: Counting) -> None:
    ann, bob = await asked.make_key(NewKey("ann")), await asked.make_key(NewKey("bob"))
    await completion(ann)
    await completion(bob)
    assert len(model.heard) == 2


async def test_a_private_file_is_refused_as_ever(asked: Api, model: Counting) -> None:
    for _ in range(2):
        reply = await asked.post("/complete", HOLE | {"file_path": ".env"})
        assert reply.json["error"]["code"] == "private_file"
    assert not model.heard


async def test_it_counts_as_a_request_and_costs_no_tokens(asked: Api) -> None:
    keyed = await asked.make_key(NewKey("ann", allowance=Allowance(requests_per_minute=2)))
    assert await completion(keyed) == await completion(keyed) == SAID
    assert (await keyed.post("/complete", HOLE)).status == 429
    total = (await keyed.get("/v1/usage")).json["total"]
    assert (total["requests"], total["prompt_tokens"], total["completion_tokens"]) == (3, 10, 5)


async def test_they_are_counted_and_stages_are_not(asked: Api) -> None:
    for _ in range(3):
        await completion(asked)
    assert await figure(asked, "fimble_remembered_answers_total", model="failing") == 2
    assert await figure(asked, "fimble_stage_seconds_count", stage="total", model="failing") == 1


def request(prefix: str, document: str = "a", user: str = "ann", **fields: Any) -> FimRequest:
    return FimRequest(prefix, "", document=document, user=user, **fields)


def test_a_long_answer_is_not_kept() -> None:
    memory = AnswerMemory()
    memory.add(MODEL, request(""), Completion("x" * (ANSWER_CHARACTERS + 1), "length"))
    assert len(memory) == 0


def test_an_answer_of_another_model_is_not_given() -> None:
    memory = AnswerMemory()
    memory.add(MODEL, request(""), Completion("x", "stop"))
    assert memory.find(MODEL, request("")) is not None
    assert memory.find(ModelInfo("other", "test", 4096, supports_fim=True), request("")) is None


def test_how_an_answer_ended_is_told() -> None:
    memory = AnswerMemory()
    memory.add(MODEL, request("x"), Completion("f(a)", "length"))
    typed, closed = memory.find(MODEL, request("xf(")), memory.find(MODEL, closing(request("xf(")))
    assert typed is not None
    assert closed is not None
    assert (typed.text, typed.finish_reason) == ("a)", "length")
    assert (closed.text, closed.finish_reason) == ("a", "stop")


def closing(open: FimRequest) -> FimRequest:
    return FimRequest(open.prefix, ")", document=open.document, user=open.user)


def test_whoever_has_most_loses_the_oldest() -> None:
    memory = AnswerMemory(documents=3)
    asked = [request("", document) for document in "abc"]
    for each in (*asked, request("", user="bob")):
        memory.add(MODEL, each, Completion("x", "stop"))
    assert len(memory) == 3
    known = [memory.find(MODEL, each) is not None for each in (*asked, request("", user="bob"))]
    assert known == [False, True, True, True]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from("xyz"),
        st.text("ab(", max_size=4),
        st.text("ab()", max_size=4),
    ),
    max_size=40,
)


@given(EVENTS)
def test_whatever_happens_an_answer_is_the_rest_of_one_that_was_made_there(
    events: list[tuple[str, str, str, str]],
) -> None:
    memory = AnswerMemory(documents=4)
    made: set[tuple[str, str, str]] = set()
    for user, document, prefix, answer in events:
        asked = request(prefix, document, user)
        found = memory.find(MODEL, asked)
        if found is None:
            memory.add(MODEL, asked, Completion(answer, "stop"))
            made.add((user, document, prefix + answer))
        else:
            assert (user, document, prefix + found.text) in made
        assert len(memory) <= 4
