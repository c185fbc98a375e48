"""llama-server's ``/infill`` and what its clients ask beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fimble.engine.types import FimRequest
from fimble.server.store.keys import NewKey

from ..conftest import ANSWER, Api, Reply, Start, until

HOLE: dict[str, Any] = {
    "input_prefix": "def add(a, b):\n",
    "prompt": "    ",
    "input_suffix": "\n\nprint(add(1, 2))\n",
}
VIM_FIELDS = [
    "content", "timings/prompt_n", "timings/prompt_ms", "timings/prompt_per_token_ms",
    "timings/prompt_per_second", "timings/predicted_n", "timings/predicted_ms",
    "timings/predicted_per_token_ms",
    "timings/predicted_per_second", "truncated", "tokens_cached",
]  # fmt: skip
VIM: dict[str, Any] = {
    **HOLE, "id_slot": 0, "input_extra": [{"text": "x = 1\n", "filename": "a.py", "time": [1, 2]}],
    "n_predict": 128, "stop": [], "n_indent": 4, "top_k": 40, "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False, "cache_prompt": True, "t_max_prompt_ms": 500, "t_max_predict_ms": 250,
    "response_fields": VIM_FIELDS,
}  # fmt: skip


async def test_what_llama_vim_asks(api: Api) -> None:
    reply = await api.post("/infill", VIM)
    assert reply.status == 200
    assert f'"content":"{ANSWER}"' in reply.text  # it looks at the raw bytes
    assert set(reply.json) == set(VIM_FIELDS)
    assert reply.json["timings/predicted_n"] == len(ANSWER)


async def test_what_llama_vim_reads_ahead(api: Api) -> None:
    warm = {
        "id_slot": 0, "input_prefix": "", "input_suffix": "", "input_extra": VIM["input_extra"], "prompt": "",
        "n_predict": 0, "temperature": 0.0, "samplers": [], "response_fields": [""],
    }  # fmt: skip
    reply = await api.post("/infill", warm)
    assert (reply.status, reply.json) == (200, {})
    assert (await api.post("/infill", {**HOLE, "n_predict": 0})).json["content"] == ""


async def test_what_llama_vscode_asks(api: Api) -> None:
    body = {**HOLE, "n_predict": 128, "n_cmpl": 3, "top_k": 40, "top_p": 0.99, "id_slot": 0}
    reply = await api.post("/infill", body)
    assert reply.status == 200
    assert reply.json[0]["content"] == ANSWER
    assert [each["index"] for each in reply.json] == list(range(len(reply.json)))
    for each in reply.json:
        assert each["generation_settings"]["n_ctx"] > 0
        assert each["timings"]["predicted_per_second"] > 0


async def test_too_many_results_are_refused_as_its_client_knows_it(api: Api) -> None:
    reply = await api.post("/infill", {**HOLE, "n_cmpl": 9})
    assert reply.status == 400
    assert reply.json["error"]["message"].startswith("Field 'n_cmpl'")


async def test_a_whole_result(api: Api) -> None:
    found = (await api.post("/infill", HOLE)).json
    assert (found["content"], found["stop"], found["stop_type"], found["truncated"]) == (
        ANSWER,
        True,
        "eos",
        False,
    )
    assert found["tokens_predicted"] == len(ANSWER)
    assert found["tokens_cached"] == found["tokens_evaluated"] + found["tokens_predicted"]
    assert found["timings"]["prompt_n"] + found["timings"]["cache_n"] == found["tokens_evaluated"]
    assert (found["has_new_line"], found["prompt"], found["model"]) == (False, "    ", "fake")


async def test_a_stream_has_pieces_and_ends_with_a_result(start: Start) -> None:
    api = await start(eagerness="off")
    reply = await api.post("/infill", {**HOLE, "stream": True})
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    *pieces, last = reply.events
    assert "".join(each["content"] for each in pieces) == ANSWER
    assert not any(each["stop"] for each in pieces)
    assert (last["stop"], last["content"], last["tokens_predicted"]) == (True, "", len(ANSWER))
    assert "[DONE]" not in reply.text


async def test_lines_to_the_left_of_the_cursors_are_left_out(start: Start) -> None:
    api = await start(fake={"answer": "if a:\n        return b\nprint(1)"})
    made = (await api.post("/infill", {**HOLE, "n_indent": 4})).json
    assert made["content"].split("\n")[-1] in ("if a:", "        return b")


async def test_typing_along_is_answered_from_memory(api: Api) -> None:
    assert (await api.post("/infill", HOLE)).json["tokens_predicted"] == len(ANSWER)
    typed = (await api.post("/infill", {**HOLE, "prompt": "    retu"})).json
    assert (typed["content"], typed["tokens_evaluated"]) == (ANSWER.removeprefix("retu"), 0)
    other_slot = (await api.post("/infill", {**HOLE, "prompt": "    retu", "id_slot": 3})).json
    assert other_slot["tokens_evaluated"] > 0


async def test_nobodys_request_takes_anothers_place(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 5})
    bodies = [{**HOLE, "n_predict": 20, "temperature": 0.5, "seed": seed} for seed in range(3)]
    replies = await asyncio.gather(*(api.post("/infill", body) for body in bodies))
    assert [reply.status for reply in replies] == [200, 200, 200]


async def test_a_client_that_hangs_up_stops_the_model(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 10})
    task = asyncio.create_task(api.post("/completion", {"prompt": "x", "n_predict": 4000}))
    await until(lambda: api.services.engine.running)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: not api.services.engine.running)


@pytest.mark.parametrize(
    "more",
    [
        {"typical_p": 0.5}, {"mirostat": 2}, {"lora": [{"id": 0, "scale": 1.0}]}, {"ignore_eos": True},
        {"n_cmpl": 2, "stream": True}, {"xtc_probability": 0.1},
    ],
    ids=str,
)  # fmt: skip
async def test_what_cannot_be_done_is_refused(api: Api, more: dict[str, Any]) -> None:
    reply = await api.post("/infill", HOLE | more)
    assert reply.status == 501
    assert reply.json["error"]["type"] == "not_supported_error"
    assert next(iter(more)) in reply.json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"input_prefix": "a"}, {"input_prefix": 1, "input_suffix": ""},
        {**HOLE, "input_extra": [{"filename": "a"}]},
        {**HOLE, "input_extra": {}}, {**HOLE, "logit_bias": [[1]]}, {**HOLE, "n_predict": -2},
    ],
    ids=str,
)  # fmt: skip
async def test_a_wrong_body_is_refused_in_its_shape(api: Api, body: dict[str, Any]) -> None:
    reply = await api.post("/infill", body)
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message", "type"}
    assert (reply.status, reply.json["error"]["code"]) == (400, 400)


async def test_unknown_names_of_models_and_samplers_are_let_pass(api: Api) -> None:
    body = {**HOLE, "model": "qwen2.5-coder", "samplers": ["edkypmxt", "new_one"]}
    assert (await api.post("/infill", body)).json["model"] == "fake"


async def test_bodies_need_no_content_type(api: Api) -> None:
    body = '{"input_prefix": "def f():\\n    ", "input_suffix": ""}'
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await api.send("POST", "/infill", data=body, headers=headers)).status == 200


async def test_a_key_is_refused_in_its_shape(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    reply = await keyed.with_key("wrong").post("/infill", HOLE)
    assert (reply.status, reply.json["error"]["type"]) == (401, "authentication_error")
    assert (await keyed.post("/infill", HOLE)).json["content"] == ANSWER
    narrow = await api.make_key(NewKey("bob", scopes=("chat",)))
    assert (await narrow.post("/infill", HOLE)).json["error"]["type"] == "permission_error"


async def test_text_that_spells_control_tokens_stays_text_without_leave(api: Api) -> None:
    prompt = "<|fim_prefix|>def f():\n    <|fim_suffix|>\n<|fim_middle|>"
    body = {"prompt": prompt, "n_predict": 40, "temperature": 0}
    assert (await api.post("/completion", body)).json["tokens_evaluated"] == len(prompt)
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "raw")))
    assert (await keyed.post("/completion", body)).json["content"] == ANSWER
    assert (await keyed.post("/completion", body)).json["tokens_evaluated"] < len(prompt)


async def test_a_laid_out_prompt_is_a_hole_where_the_server_allows_it(
    start: Start, asked: list[FimRequest]
) -> None:
    api = await start(raw_prompts=True)
    await api.post("/completion", {"prompt": "<fim_prefix>a = <fim_suffix>\nb<fim_middle>"})
    assert [(each.prefix, each.suffix) for each in asked] == [("a = ", "\nb")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[FimRequest]:
    """The suggestions that an engine was asked for."""
    from fimble.engine.engine import Engine

    seen: list[FimRequest] = []
    stream = Engine.stream

    def noting(self: Engine, request: FimRequest) -> Any:
        seen.append(request)
        return stream(self, request)

    monkeypatch.setattr(Engine, "stream", noting)
    return seen


async def test_what_a_hole_becomes(api: Api, asked: list[FimRequest]) -> None:
    await api.post("/infill", VIM)
    [request] = asked
    assert (request.prefix, request.suffix) == (HOLE["input_prefix"] + "    ", HOLE["input_suffix"])
    assert (request.language, request.eagerness, request.supersedes) == ("python", "balanced", False)
    assert [(each.path, each.text) for each in request.beside] == [("a.py", "x = 1\n")]
    assert (request.sampling.temperature, request.generate_ms, request.max_tokens) == (0.0, 250.0, 128)


async def test_completion(api: Api) -> None:
    made = (await api.post("/completion", {"prompt": "x = ", "temperature": 0})).json
    assert (made["content"], made["prompt"]) == (ANSWER, "x = ")
    several = (await api.post("/completions", {"prompt": ["x = ", "y = "], "temperature": 0})).json
    assert [each["content"] for each in several] == [ANSWER, ANSWER]
    assert [each["index"] for each in several] == [0, 1]


async def test_completion_takes_token_ids_and_texts(api: Api) -> None:
    ids = (await api.post("/tokenize", {"content": "x = "})).json["tokens"]
    assert (await api.post("/completion", {"prompt": ids, "temperature": 0})).json["tokens_evaluated"] == len(
        ids
    )
    mixed = (await api.post("/completion", {"prompt": [*ids, "y"], "temperature": 0})).json
    assert mixed["tokens_evaluated"] == len(ids) + 1
    assert (await api.post("/completion", {"prompt": [999_999]})).status == 400


async def test_probabilities_and_token_ids(api: Api) -> None:
    body = {"prompt": "x = ", "temperature": 0, "n_probs": 2, "return_tokens": True, "n_predict": 3}
    made = (await api.post("/completion", body)).json
    assert len(made["tokens"]) == 3
    assert [each["token"] for each in made["completion_probabilities"]] == list(ANSWER[:3])
    first = made["completion_probabilities"][0]
    assert len(first["top_logprobs"]) == 2
    assert first["bytes"] == list(ANSWER[0].encode())


async def test_what_is_asked_of_tokens_is_not_answered_from_memory(api: Api) -> None:
    body = {**HOLE, "n_probs": 1, "return_tokens": True}
    for _ in range(2):
        made = (await api.post("/infill", body)).json
        assert len(made["tokens"]) == len(made["completion_probabilities"]) == len(ANSWER)


async def test_an_answer_for_which_time_was_short_is_not_remembered(api: Api) -> None:
    hurried = {**HOLE, "t_max_predict_ms": 1, "n_predict": 5}
    assert (await api.post("/infill", hurried)).json["stop_type"] == "limit"
    assert (await api.post("/infill", hurried)).json["tokens_evaluated"] > 0


async def test_a_prompt_of_many_texts_is_one_piece_of_work(api: Api) -> None:
    many = await api.post("/completion", {"prompt": [1, *["a"] * 100_000]})
    assert (many.status, many.json["error"]["type"]) == (400, "exceed_context_size_error")


async def test_no_fields_are_all_fields(api: Api) -> None:
    assert "content" in (await api.post("/infill", {**HOLE, "response_fields": []})).json
    found = (await api.post("/infill", {**HOLE, "response_fields": ["timings", "a/b", "timings/x/y"]})).json
    assert list(found) == ["timings"]


async def test_reading_ahead_gives_as_many_results_as_were_asked_for(api: Api) -> None:
    made = (await api.post("/infill", {**HOLE, "n_predict": 0, "n_cmpl": 2})).json
    assert [each["content"] for each in made] == ["", ""]


async def test_grammars_are_gbnf(api: Api) -> None:
    body = {"prompt": "x = ", "temperature": 0, "grammar": 'root ::= [0-9]+ ";"', "n_predict": 5}
    assert (await api.post("/completion", body)).json["content"].isdecimal()
    bad = await api.post("/completion", {**body, "grammar": "root ::= ("})
    assert (bad.status, bad.json["error"]["type"]) == (400, "invalid_request_error")


async def test_tokens_and_templates(api: Api) -> None:
    tokens = (await api.post("/tokenize", {"content": "a b"})).json["tokens"]
    assert len(tokens) == 3
    assert (await api.post("/detokenize", {"tokens": tokens})).json == {"content": "a b"}
    pieces = (await api.post("/tokenize", {"content": "a b", "with_pieces": True})).json["tokens"]
    assert [each["piece"] for each in pieces] == ["a", " ", "b"]
    prompt = (await api.post("/apply-template", {"messages": [{"role": "user", "content": "hi"}]})).json
    assert "hi" in prompt["prompt"]


async def test_a_template_shows_no_images(api: Api) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    reply = await api.post("/apply-template", {"messages": [{"role": "user", "content": [picture]}]})
    assert reply.status == 400
    assert "cannot see images" in reply.json["error"]["message"]


async def test_a_text_of_any_length_is_tokenised_within_a_bound(api: Api) -> None:
    reply = await api.post("/tokenize", {"content": "x" * 1_000_000})
    assert (reply.status, reply.json["error"]["type"]) == (400, "exceed_context_size_error")


async def test_props_and_slots_and_health(api: Api) -> None:
    props = (await api.get("/props")).json
    slots = (await api.get("/slots")).json
    assert props["default_generation_settings"]["n_ctx"] > 0
    assert len(slots) == props["total_slots"]
    assert (await api.get("/health")).json["status"] == "ok"


def said(reply: Reply) -> str:
    return str(reply.json["error"]["message"])


async def test_a_wrong_address_or_body_names_the_right_one(api: Api) -> None:
    assert said(await api.post("/v1/infill", HOLE)).endswith("Ask POST /infill instead.")
    assert said(await api.get("/infill")).endswith("Ask POST /infill instead.")
    assert said(await api.post("/complete", HOLE)).endswith("is for POST /infill.")
    assert said(await api.post("/infill", {"prefix": "", "suffix": ""})).endswith("is for POST /complete.")
    assert said(await api.post("/nowhere", {})) == "There is nothing at this address."
