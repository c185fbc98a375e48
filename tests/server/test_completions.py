"""``POST /v1/completions``: every field of the contract, and OpenAI's legacy shapes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .conftest import ANSWER, Api, Start

PATH = "/v1/completions"


async def texts(api: Api, **body: Any) -> list[str]:
    reply = await api.post(PATH, {"prompt": "x"} | body)
    assert reply.status == 200, reply.text
    return [choice["text"] for choice in reply.json["choices"]]


async def test_the_response_is_a_text_completion(api: Api) -> None:
    found = (await api.post(PATH, {"prompt": "x = "})).json
    assert list(found) == ["id", "object", "created", "model", "choices", "usage"]
    assert re.fullmatch(r"cmpl-\w+", found["id"])
    assert found["object"] == "text_completion"
    assert found["model"] == "fake"
    assert found["choices"] == [{"text": ANSWER, "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert found["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": 12,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


@pytest.mark.parametrize(
    ("prompt", "count"),
    [("x", 1), (["x", "y"], 2), ([120, 121], 1), ([[120], [121, 122], [123]], 3)],
)
async def test_prompt_in_its_four_forms(api: Api, prompt: Any, count: int) -> None:
    found = (await api.post(PATH, {"prompt": prompt})).json
    assert [choice["index"] for choice in found["choices"]] == list(range(count))
    assert [choice["text"] for choice in found["choices"]] == [ANSWER] * count


async def test_prompt_token_ids_outside_the_vocabulary_are_refused(api: Api) -> None:
    assert (await api.post(PATH, {"prompt": [999_999]})).error[:3] == (
        400, "invalid_request_error", "invalid_value",
    )  # fmt: skip


async def test_model_default_is_the_loaded_one(api: Api) -> None:
    assert await texts(api, model="default") == [ANSWER]


async def test_suffix_fills_in_the_middle(api: Api) -> None:
    plain = (await api.post(PATH, {"prompt": "x = "})).json["usage"]["prompt_tokens"]
    found = (await api.post(PATH, {"prompt": "x = ", "suffix": "\nprint(x)\n"})).json
    assert found["choices"][0]["text"] == ANSWER
    assert found["usage"]["prompt_tokens"] > plain + len("\nprint(x)\n")  # the hole's own tokens


async def test_max_tokens_is_16_by_default(start: Start) -> None:
    api = await start(fake={"endless": True})
    found = (await api.post(PATH, {"prompt": "x"})).json
    assert found["usage"]["completion_tokens"] == 16
    assert found["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("suffix", [None, "y"])
async def test_max_tokens_0_evaluates_the_prompt_and_ends(api: Api, suffix: str | None) -> None:
    found = (await api.post(PATH, {"prompt": "xyz", "max_tokens": 0, "suffix": suffix})).json
    assert found["choices"][0] == {"text": "", "index": 0, "logprobs": None, "finish_reason": "length"}
    assert found["usage"]["completion_tokens"] == 0


async def test_n_choices_pay_for_the_prompt_once(api: Api) -> None:
    found = (await api.post(PATH, {"prompt": "xyz", "n": 3, "temperature": 0})).json
    assert [choice["index"] for choice in found["choices"]] == [0, 1, 2]
    assert found["usage"]["prompt_tokens"] == 3
    assert found["usage"]["completion_tokens"] == 3 * len(ANSWER)


async def test_best_of_answers_the_likeliest(api: Api) -> None:
    body = {"prompt": "x", "temperature": 2.0, "seed": 3, "max_tokens": 8}
    every = (await api.post(PATH, body | {"n": 6, "logprobs": 0})).json["choices"]
    best = (await api.post(PATH, body | {"best_of": 6})).json["choices"]

    def mean(choice: dict[str, Any]) -> float:
        values = choice["logprobs"]["token_logprobs"]
        return float(sum(values) / len(values)) if values else 0.0

    assert [choice["text"] for choice in best] == [max(every, key=mean)["text"]]


async def test_echo_puts_the_prompt_ahead(api: Api) -> None:
    assert await texts(api, prompt="x = ", echo=True) == ["x = " + ANSWER]


@pytest.mark.parametrize("stop", [" +", [" +"], ["nothing", " +"]])
async def test_stop_is_a_string_or_a_list(api: Api, stop: Any) -> None:
    assert await texts(api, stop=stop) == ["return a"]


async def test_stream_chunks_join_to_the_whole_text(api: Api) -> None:
    *chunks, done = (await api.post(PATH, {"prompt": "x", "stream": True})).events
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == ANSWER
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert all("usage" not in chunk for chunk in chunks)


async def test_stream_of_several_choices(api: Api) -> None:
    body = {"prompt": ["x", "y"], "stream": True, "n": 2, "temperature": 0}
    *chunks, _ = (await api.post(PATH, body)).events
    joined: dict[int, str] = {}
    for chunk in chunks:
        choice = chunk["choices"][0]
        joined[choice["index"]] = joined.get(choice["index"], "") + choice["text"]
    assert joined == dict.fromkeys(range(4), ANSWER)


async def test_stream_options_include_usage(api: Api) -> None:
    body = {"prompt": "x", "stream": True, "stream_options": {"include_usage": True}}
    *chunks, last, _ = (await api.post(PATH, body)).events
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 1 + len(ANSWER)


@pytest.mark.parametrize(
    "sampler",
    [
        {"temperature": 0.7, "seed": 1},
        {"top_p": 0.5, "temperature": 1},
        {"top_k": 1, "temperature": 2},
        {"min_p": 0.9, "temperature": 2},
        {"frequency_penalty": 0.1},
        {"presence_penalty": 0.1},
        {"repetition_penalty": 1.01},
        {"dry_multiplier": 0.5, "dry_base": 1.5, "dry_allowed_length": 20, "dry_sequence_breakers": ["\n"]},
        {"user": "somebody"},
        {"truncate_sequence": True},
    ],
)
async def test_samplers_are_taken(api: Api, sampler: dict[str, Any]) -> None:
    assert await texts(api, **sampler) == [ANSWER]


async def test_frequency_penalty_reaches_the_model(api: Api) -> None:
    assert await texts(api, frequency_penalty=2, logit_bias={"122": 20}) != [ANSWER]


async def test_logit_bias_is_added_to_the_logit(api: Api) -> None:
    assert (await texts(api, logit_bias={"122": 100}, max_tokens=3)) == ["zzz"]


async def test_logprobs_in_the_legacy_shape(api: Api) -> None:
    found = (await api.post(PATH, {"prompt": "x", "logprobs": 2})).json["choices"][0]["logprobs"]
    assert found["tokens"] == list(ANSWER)
    assert all(value <= 0 for value in found["token_logprobs"])
    assert all(len(top) == 2 for top in found["top_logprobs"])
    assert found["text_offset"] == list(range(len(ANSWER)))


async def test_logprobs_with_echo_cover_the_prompt(api: Api) -> None:
    body = {"prompt": "xy", "logprobs": 1, "echo": True, "max_tokens": 0}
    found = (await api.post(PATH, body)).json["choices"][0]["logprobs"]
    assert found["tokens"] == ["x", "y"]
    assert found["token_logprobs"][0] is None
    assert found["top_logprobs"][0] is None
    assert found["token_logprobs"][1] <= 0


async def test_logprobs_spell_parts_of_characters_as_bytes(start: Start) -> None:
    api = await start(fake={"answer": "é"})
    found = (await api.post(PATH, {"prompt": "x", "logprobs": 0})).json["choices"][0]["logprobs"]
    assert found["tokens"] == [r"bytes:\xc3", r"bytes:\xa9"]


async def test_seed_the_same_text_streamed_and_whole(api: Api) -> None:
    body = {"prompt": "x", "temperature": 2, "seed": 11, "max_tokens": 40}
    [whole] = await texts(api, **body)
    *chunks, _ = (await api.post(PATH, body | {"stream": True})).events
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == whole


async def test_truncate_sequence_cuts_from_the_left(start: Start) -> None:
    api = await start(fake={"context_length": 64})
    long = {"prompt": "x" * 100, "max_tokens": 12}
    assert (await api.post(PATH, long)).error[2] == "context_length_exceeded"
    found = (await api.post(PATH, long | {"truncate_sequence": True})).json
    assert found["choices"][0]["text"] == ANSWER
    assert found["usage"]["prompt_tokens"] == 64 - 12


@pytest.mark.parametrize(
    ("grammar", "pattern"),
    [
        ({"type": "regex", "value": "[0-9]{3}"}, r"\d{3}"),
        ({"type": "lark", "value": 'start: "yes" | "no"'}, "yes|no"),
        ({"type": "json_schema", "value": {"type": "boolean"}}, "true|false"),
        ({"type": "json_schema", "value": '{"enum":["a"]}'}, '"a"'),
        ({"type": "llguidance", "value": {"grammars": [{"lark_grammar": 'start: "ok"'}]}}, "ok"),
    ],
)
async def test_grammar(api: Api, grammar: dict[str, Any], pattern: str) -> None:
    [text] = await texts(api, grammar=grammar, max_tokens=30)
    assert re.fullmatch(pattern, text)


async def test_grammar_that_is_broken_is_refused(api: Api) -> None:
    reply = await api.post(PATH, {"prompt": "x", "grammar": {"type": "regex", "value": "("}})
    assert reply.error == (400, "invalid_request_error", "invalid_value", "grammar")


TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"a": {"enum": [1]}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
}


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "add"}}])
async def test_tools_and_tool_choice(start: Start, choice: Any) -> None:
    api = await start(fake={"answer": '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'})
    body = {"prompt": "x", "tools": [TOOL], "tool_choice": choice, "max_tokens": 200}
    [made] = (await api.post(PATH, body)).json["choices"]
    assert made["finish_reason"] == "tool_calls"
    [call] = made["tool_calls"]
    assert call["type"] == "function"
    assert call["function"] == {"name": "add", "arguments": '{"a": 1}'}


async def test_tools_strict_enforces_the_schema_on_the_arguments(start: Start) -> None:
    """Against a model that would rather say something else in every place."""
    api = await start(fake={"answer": '<tool_call>\n{"name": "sub", "arguments": {"b": "no"}}\n</tool_call>'})
    body = {"prompt": "x", "tools": [TOOL], "tool_choice": "required", "max_tokens": 200}
    [made] = (await api.post(PATH, body)).json["choices"]
    assert json.loads(made["tool_calls"][0]["function"]["arguments"]) == {"a": 1}


async def test_tool_choice_none_calls_nothing(api: Api) -> None:
    assert await texts(api, tools=[TOOL], tool_choice="none") == [ANSWER]


async def test_tool_choice_must_be_among_the_tools(api: Api) -> None:
    choice = {"type": "function", "function": {"name": "other"}}
    reply = await api.post(PATH, {"prompt": "x", "tools": [TOOL], "tool_choice": choice})
    assert reply.error == (400, "invalid_request_error", "invalid_value", "tool_choice")
