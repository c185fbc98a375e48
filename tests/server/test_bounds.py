"""What is wrong with a body costs no more than the body: bounds on everything, and one error, not many."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fimble.server.endpoint import AnyEndpoint
from fimble.server.json_bounds import too_many_values
from fimble.server.limits import MAX_VALUES
from fimble.server.routes.table import ENDPOINTS

from .conftest import Api, Reply

POSTS = [endpoint for endpoint in ENDPOINTS if endpoint.method == "POST"]
INVALID = "invalid_request_error"
posts = pytest.mark.parametrize("endpoint", POSTS, ids=lambda endpoint: endpoint.path)


def unbounded(schema: Any, path: str = "") -> Iterator[str]:
    """Where a JSON schema lets a text, a list or an object be of any size."""
    if isinstance(schema, list):
        for i, each in enumerate(schema):
            yield from unbounded(each, f"{path}/{i}")
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if kind == "string" and not schema.keys() & {"maxLength", "pattern", "enum", "const", "format"}:
        yield path
    if kind == "array" and "maxItems" not in schema:
        yield path
    if kind == "object" and "properties" not in schema and "maxProperties" not in schema:
        yield path
    for name, each in schema.items():
        if name not in ("default", "discriminator"):
            yield from unbounded(each, f"{path}/{name}")


@posts
def test_every_text_list_and_object_has_a_bound(endpoint: AnyEndpoint) -> None:
    assert list(unbounded(endpoint.takes.model_json_schema())) == []


def lists(schema: dict[str, Any]) -> Iterator[str]:
    """The names of the fields that may be lists, of all bodies that an address takes."""
    bodies = [schema["$defs"][each["$ref"].rpartition("/")[2]] for each in schema.get("oneOf", [])]
    for body in bodies or [schema]:
        for name, field in body["properties"].items():
            if any(each.get("type") == "array" for each in (field, *field.get("anyOf", []))):
                yield name


@posts
def test_a_list_ends_at_its_first_wrong_element(endpoint: AnyEndpoint) -> None:
    names = list(lists(endpoint.takes.model_json_schema()))
    wrong: list[Any] = [{}, [], None, 1.5, True, {"role": "user", "content": [{}] * 1000}, [[1.5] * 1000]]
    for element in wrong:
        with pytest.raises(ValidationError) as caught:
            endpoint.takes.model_validate(dict.fromkeys(names, [element] * 1000))
        assert caught.value.error_count() < 50


async def send(api: Api, path: str, body: bytes) -> Reply:
    return await api.send("POST", path, data=io.BytesIO(body), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("element", ["0", "{}", '""', "[[]]", '{"a":1}'])
async def test_a_body_of_millions_of_elements_is_refused_before_it_is_parsed(api: Api, element: str) -> None:
    elements = ",".join([element] * (7_900_000 // (len(element) + 1)))
    body = f'{{"prompt":[{elements}]}}'.encode()
    tracemalloc.start()
    try:
        reply = await send(api, "/v1/completions", body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reply.error == (413, INVALID, "request_too_large", None)
    assert peak < 12 * len(body)


@posts
@pytest.mark.parametrize("element", [{}, 1.5, None, ["x"] * 9], ids=repr)
async def test_as_many_wrong_elements_as_are_let_in_make_one_error(
    api: Api, endpoint: AnyEndpoint, element: Any
) -> None:
    names = list(lists(endpoint.takes.model_json_schema()))
    size = MAX_VALUES // (12 * max(5, len(names)))
    body = {name: [element] * size for name in names}
    reply = await send(api, endpoint.path, json.dumps(body).encode())
    assert reply.status == (422 if 422 in endpoint.statuses else 400)
    assert len(reply.text) < 400


async def test_a_name_in_an_error_is_cut(api: Api) -> None:
    body = {"prompt": "x", "logit_bias": {"n" * 1_000_000: 1}}
    reply = await api.post("/v1/completions", body)
    assert reply.error[2] == "invalid_value"
    assert len(reply.text) < 1000


@pytest.mark.parametrize("depth", [190, 250, 5_000])
async def test_a_body_may_be_deep_within_a_bound(api: Api, depth: int) -> None:
    body = b'{"prefix":"","suffix":"","language":"go","x":' + b"[" * depth + b"]" * depth + b"}"
    reply = await send(api, "/complete", body)
    assert reply.status == (200 if depth < 200 else 400)


async def test_a_large_file_with_many_commas_is_no_large_number_of_values(api: Api) -> None:
    text = 'call(a, b, [c], {"d": \\"e\\"})\n' * 60_000
    assert text.count(",") > MAX_VALUES / 2
    body = json.dumps({"prefix": text, "suffix": text, "language": "go"}).encode()
    assert (await send(api, "/complete", body)).status == 200


def values_in(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(values_in(each) for each in inside)


texts = st.text(st.sampled_from('ab,[{}]:"\\\n é'))
anything = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=40,
)


@given(anything, st.integers(1, 60))
def test_values_are_never_counted_too_low(value: Any, most: int) -> None:
    if values_in(value) > most:
        assert too_many_values(json.dumps(value).encode(), most)


def values_and_empties(value: Any) -> int:
    """An empty list or object is counted as if it held one value."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inside is None:
        return 1
    return 1 + max(1, sum(values_and_empties(each) for each in inside))


@given(anything)
def test_values_are_counted_without_what_strings_hold(value: Any) -> None:
    assert not too_many_values(json.dumps(value).encode(), values_and_empties(value))


@given(st.binary(max_size=200), st.integers(1, 20))
def test_any_bytes_can_be_counted(data: bytes, most: int) -> None:
    too_many_values(data, most)
