"""The contract's rules for all endpoints, one test for each, on every endpoint that generates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from .conftest import ANSWER, Api, Reply, Start

SPECIAL = "<fim_prefix><fim_middle><|endoftext|></s>"


@dataclass(frozen=True)
class Dialect:
    """How an endpoint is asked with one text, and where its answer stands."""

    path: str
    stops_are_lists: bool = False
    takes_0_tokens: bool = True

    def asking(self, text: str = "x", **more: Any) -> dict[str, Any]:
        if self.path == "/complete":
            return {"prefix": text, "suffix": "", "language": "python", "trim": False, "mode": "block"} | more
        if "chat" in self.path:
            return {"messages": [{"role": "user", "content": text}], "temperature": 0} | more
        return {"prompt": text, "max_tokens": 99} | more

    def text(self, answer: Any) -> str:
        """Of a whole answer or of one event."""
        if "choices" not in answer:
            return str(answer.get("completion", answer.get("content", answer.get("delta"))))
        [choice] = answer["choices"]
        said = choice.get("message") or choice.get("delta") or choice
        return str(said.get("content", said.get("text", "")))

    def streamed(self, reply: Reply) -> list[str]:
        *events, done = reply.events
        assert done == "[DONE]"
        return [self.text(event) for event in events]


DIALECTS = [
    Dialect("/complete", stops_are_lists=True),
    Dialect("/v1/complete", stops_are_lists=True, takes_0_tokens=False),
    Dialect("/v1/completions"),
    Dialect("/v1/chat/completions"),
]
everywhere = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.path)


@everywhere
async def test_json_is_written_compactly(api: Api, dialect: Dialect) -> None:
    whole = await api.post(dialect.path, dialect.asking())
    streamed = await api.post(dialect.path, dialect.asking(stream=True))
    for text in (whole.text, streamed.text.replace("data: ", "")):
        assert '": ' not in text
        assert '", "' not in text


@everywhere
async def test_max_tokens_0_evaluates_the_prompt_and_answers_with_empty_text(
    api: Api, dialect: Dialect
) -> None:
    reply = await api.post(dialect.path, dialect.asking(max_tokens=0))
    if dialect.takes_0_tokens:
        assert dialect.text(reply.json) == ""
    else:
        assert reply.error[2:] == ("invalid_value", "max_tokens")


@everywhere
async def test_unknown_fields_are_ignored(api: Api, dialect: Dialect) -> None:
    reply = await api.post(dialect.path, dialect.asking(whatever=[1], service_tier="auto"))
    assert dialect.text(reply.json) == ANSWER


@everywhere
async def test_null_is_the_default(api: Api, dialect: Dialect) -> None:
    reply = await api.post(dialect.path, dialect.asking(model=None, stop=None, stream=None))
    assert dialect.text(reply.json) == ANSWER


@everywhere
@pytest.mark.parametrize(
    "wrong", [{"model": 1}, {"stream": "yes"}, {"stop": [1]}, {"max_tokens": "9"}, {"temperature": -0.1}]
)
async def test_a_wrong_type_or_range_is_400_with_param(
    api: Api, dialect: Dialect, wrong: dict[str, Any]
) -> None:
    status, _, code, param = (await api.post(dialect.path, dialect.asking(**wrong))).error
    assert (status, code) == (400, "invalid_value")
    assert param is not None
    assert param.split(".")[0] in wrong


@everywhere
async def test_text_that_spells_a_special_token_is_text(api: Api, dialect: Dialect) -> None:
    """The fake's ordinary tokens are bytes: text that became control tokens would make fewer."""
    plain = await asked_tokens(api, dialect, "y" * len(SPECIAL))
    assert await asked_tokens(api, dialect, SPECIAL) == plain


async def asked_tokens(api: Api, dialect: Dialect, text: str) -> int:
    reply = await api.post(dialect.path, dialect.asking(text, details=True))
    assert dialect.text(reply.json) == ANSWER
    return int(reply.json["usage"]["prompt_tokens"])


@everywhere
async def test_streaming_never_splits_a_character(start: Start, dialect: Dialect) -> None:
    answer = "é😀𝒳 ünïcödé"
    api = await start(fake={"answer": answer})
    pieces = dialect.streamed(await api.post(dialect.path, dialect.asking(stream=True)))
    assert "".join(pieces) == answer
    assert all("\N{REPLACEMENT CHARACTER}" not in piece for piece in pieces)


@everywhere
async def test_streaming_never_sends_a_part_of_a_stop_string(start: Start, dialect: Dialect) -> None:
    api = await start(fake={"answer": "one two STOP three"})
    stop: Any = ["STOP"] if dialect.stops_are_lists else "STOP"
    pieces = dialect.streamed(await api.post(dialect.path, dialect.asking(stream=True, stop=stop)))
    assert "".join(pieces) == "one two "


@everywhere
async def test_streaming_joined_is_the_whole_text_for_the_same_seed(api: Api, dialect: Dialect) -> None:
    body = dialect.asking(temperature=1, seed=11, max_tokens=40)
    if dialect.path == "/v1/complete":
        body |= {"temperature": 0}  # which has no seed
    whole = dialect.text((await api.post(dialect.path, body)).json)
    assert "".join(dialect.streamed(await api.post(dialect.path, body | {"stream": True}))) == whole


@everywhere
async def test_usage_counts_the_tokens_that_the_model_saw_and_made(api: Api, dialect: Dialect) -> None:
    """The fake's tokens are bytes, so that one more of them is exactly one more token."""
    one = (await api.post(dialect.path, dialect.asking("x", details=True))).json["usage"]
    two = (await api.post(dialect.path, dialect.asking("é", details=True))).json["usage"]
    assert two["prompt_tokens"] == one["prompt_tokens"] + 1
    assert one["completion_tokens"] == two["completion_tokens"] == len(ANSWER)
