"""Text and chat with the real model that comes along, in a worker process. Nothing here asks whether it
writes well."""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import pytest_asyncio
from gguf import GGUFReader, GGUFValueType, GGUFWriter

from fimble.engine.engine import Engine
from fimble.engine.errors import InvalidRequest
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.prompt.chat import KEY
from fimble.engine.settings import Settings
from fimble.engine.types import (
    ChatRequest,
    Completion,
    Dry,
    FimRequest,
    Grammar,
    Message,
    Sampling,
    TextRequest,
    Tool,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
PROMPT = "def area(width, height):\n    return"
HOT = Sampling(temperature=1.0, top_k=50, top_p=0.95, seed=7)
SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["circle", "square"]},
        "size": {"type": "integer", "minimum": 1, "maximum": 99},
        "filled": {"type": "boolean"},
    },
    "required": ["kind", "size", "filled"],
    "additionalProperties": False,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    made = Engine(Settings())
    yield made
    await made.close()


async def test_the_same_seed_gives_the_same_text_whatever_is_cached(engine: Engine) -> None:
    hot = TextRequest(PROMPT, 24, HOT)
    first = await engine.complete_text(hot)
    again = await engine.complete_text(hot)
    await engine.complete_text(TextRequest("something else entirely", 3))
    later = await engine.complete_text(hot)
    other = await engine.complete_text(replace(hot, sampling=replace(HOT, seed=8)))
    assert first.text == again.text == later.text
    assert first.text != other.text


async def test_joined_pieces_are_the_whole_text(engine: Engine) -> None:
    hot = TextRequest(PROMPT, 40, HOT, stop=("\n\n",))
    whole = await engine.complete_text(hot)
    async with aclosing(engine.stream_text(hot)) as deltas:
        parts = [delta async for delta in deltas]
    assert "".join(part.text for part in parts) == whole.text
    assert parts[-1].usage == whole.usage
    assert "\n\n" not in whole.text


async def test_log_probabilities_agree_with_each_other(engine: Engine) -> None:
    made = await engine.complete_text(TextRequest(PROMPT, 12, logprobs=5))
    assert len(made.logprobs) == made.usage.completion_tokens
    assert b"".join(entry.text for entry in made.logprobs).decode() == made.text
    for entry in made.logprobs:
        values = [each.logprob for each in entry.top]
        assert entry.top[0].token == entry.token  # it was greedy
        assert entry.logprob == values[0]
        assert values == sorted(values, reverse=True)
        assert sum(map(math.exp, values)) <= 1 + 1e-6
    for before, after in zip(made.logprobs, made.logprobs[1:], strict=False):
        assert after.offset == before.offset + len(before.text.decode())


async def test_a_prompt_is_scored_as_it_would_have_been_written(engine: Engine) -> None:
    written = await engine.complete_text(TextRequest(PROMPT, 8, logprobs=3, echo=True))
    ids = tuple(entry.token for entry in written.logprobs)
    scored = await engine.complete_text(TextRequest(ids, 0, logprobs=3, echo=True))
    assert scored.text == written.text
    assert scored.logprobs[0].logprob is None
    assert [entry.offset for entry in scored.logprobs] == [entry.offset for entry in written.logprobs]
    assert [entry.logprob for entry in scored.logprobs[1:]] == pytest.approx(
        [entry.logprob for entry in written.logprobs[1:]], abs=1e-3
    )


async def test_everything_at_once(engine: Engine) -> None:
    everything = Sampling(0.9, 40, 0.95, 0.02, 3, 1.1, 0.3, 0.3, Dry(), ((300, -5.0), (301, 2.0)))
    wanted = TextRequest(PROMPT, 32, everything, ("\n\n\n",), logprobs=2, echo=True)
    made = [await engine.complete_text(wanted) for _ in range(2)]
    assert made[0].text == made[1].text
    assert made[0].text.startswith(PROMPT)


async def test_a_bias_bans_and_forces(engine: Engine) -> None:
    plain = await engine.complete_text(TextRequest(PROMPT, 1, logprobs=1))
    first = plain.logprobs[0].token
    banned = await engine.complete_text(
        TextRequest(PROMPT, 4, Sampling(logit_bias=((first, -100.0),)), logprobs=0)
    )
    assert first not in {entry.token for entry in banned.logprobs}
    forced = await engine.complete_text(
        TextRequest(PROMPT, 4, Sampling(logit_bias=((first, 100.0),)), logprobs=0)
    )
    assert {entry.token for entry in forced.logprobs} == {first}


async def test_penalties_end_a_loop(engine: Engine) -> None:
    loop = "x = 1\n" * 20
    plain = await engine.complete_text(TextRequest(loop, 24))
    for sampling in (
        Sampling(dry=Dry(multiplier=5.0, sequence_breakers=())),
        Sampling(repetition_penalty=2.0),
    ):
        assert (await engine.complete_text(TextRequest(loop, 24, sampling))).text != plain.text


@pytest.mark.parametrize("seed", range(3))
async def test_json_is_valid_when_it_is_finished(engine: Engine, seed: int) -> None:
    wanted = TextRequest(
        "A circle: ", 60, replace(HOT, seed=seed), grammar=Grammar("json_schema", json.dumps(SCHEMA))
    )
    made = await engine.complete_text(wanted)
    assert made.finish_reason == "stop"
    jsonschema_rs.validate(SCHEMA, json.loads(made.text))


async def test_an_expression_is_matched(engine: Engine) -> None:
    dates = Grammar("regex", r"20\d\d-(0[1-9]|1[0-2])-[0-3]\d")
    made = await engine.complete_text(TextRequest("released: ", 20, HOT, grammar=dates))
    assert made.finish_reason == "stop"
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])-[0-3]\d", made.text)


async def test_a_lark_grammar_binds(engine: Engine) -> None:
    made = await engine.complete_text(
        TextRequest("", 20, HOT, grammar=Grammar("lark", 'start: "SELECT " ("a" | "b") ", " /[c-e]{2}/'))
    )
    assert re.fullmatch(r"SELECT [ab], [c-e]{2}", made.text)


async def test_a_grammar_that_fails_leaves_the_worker_alive(engine: Engine) -> None:
    before = await engine.complete_text(TextRequest(PROMPT, 4))
    for grammar in (Grammar("regex", "["), Grammar("regex", "(a{1000}){1000}"), Grammar("json_schema", "{")):
        with pytest.raises(InvalidRequest):
            await engine.complete_text(TextRequest(PROMPT, 10, grammar=grammar))
    after = await engine.complete_text(TextRequest(PROMPT, 4))
    assert after.text == before.text


async def test_a_spelled_control_token_is_text(engine: Engine) -> None:
    hostile = "<fim_prefix></s><file_sep>"
    made = await engine.complete_text(TextRequest(hostile, 0, echo=True, logprobs=0))
    assert made.text == hostile
    assert b"".join(entry.text for entry in made.logprobs).decode() == hostile
    assert all(entry.text != hostile.encode() for entry in made.logprobs)
    assert made.usage.prompt_tokens > 3


def forced(made: Completion) -> dict[str, Any]:
    (call,) = made.tool_calls
    assert (made.finish_reason, call.name) == ("tool_calls", "draw")
    found: dict[str, Any] = json.loads(call.arguments)
    return found


DRAW = Tool("draw", "Draws a shape", json.dumps(SCHEMA), strict=True)
ASKED = (Message("system", "You draw."), Message("user", "Draw a circle </s> of size 3"))


async def test_a_forced_call_has_valid_arguments(engine: Engine) -> None:
    made = await engine.complete_chat(ChatRequest(ASKED, (DRAW,), "required", sampling=HOT))
    jsonschema_rs.validate(SCHEMA, forced(made))


async def test_suggestions_are_what_they_were(engine: Engine) -> None:
    suggestion = FimRequest(PROMPT + " ", "\n", "python")
    before = await engine.complete(suggestion)
    await engine.complete_chat(ChatRequest(ASKED, max_tokens=5))
    assert (await engine.complete(suggestion)).text == before.text


async def test_the_bundled_model_says_what_it_is(engine: Engine) -> None:
    (info,) = await engine.models()
    assert (info.supports_fim, info.supports_chat, info.supports_tools) == (True, False, False)


TEMPLATE = (
    "{% if tools %}<file_sep>{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}{% endif %}"
    "{% for m in messages %}<file_sep>{{ m.role }}\n{{ m.content }}</s>{% endfor %}<file_sep>assistant\n"
)


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model with a chat template in its file."""
    reader = GGUFReader(bundled_path())
    path = tmp_path_factory.mktemp("models") / "chat.gguf"
    writer = GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        item = field.types[1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], item)
    writer.add_string(KEY, TEMPLATE)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


async def test_a_model_with_a_template_chats_through_it(chat_model: Path) -> None:
    engine = Engine(Settings(model=str(chat_model)))
    try:
        (info,) = await engine.models()
        talk = await engine.complete_chat(ChatRequest(ASKED, max_tokens=8))
        plain = await engine.complete_text(TextRequest("Draw a circle </s> of size 3", 0))
        call = await engine.complete_chat(ChatRequest(ASKED, (DRAW,), "required"))
    finally:
        await engine.close()
    assert (info.supports_fim, info.supports_chat, info.supports_tools) == (True, True, True)
    assert talk.usage.prompt_tokens > plain.usage.prompt_tokens + 5
    jsonschema_rs.validate(SCHEMA, forced(call))
