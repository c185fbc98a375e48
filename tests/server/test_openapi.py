"""The OpenAPI document: complete, and made of the models that requests are validated with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fimble.server.call import Call
from fimble.server.endpoint import AnyEndpoint, Nothing
from fimble.server.openapi import document
from fimble.server.routes import openapi as routes_openapi
from fimble.server.routes.openapi import describing
from fimble.server.routes.table import ENDPOINTS
from fimble.server.schema.errors import ErrorCode

from .conftest import Api

DOCUMENT = document(ENDPOINTS)
OPERATIONS = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


async def test_it_is_served(api: Api) -> None:
    assert (await api.get("/openapi.json")).json == json.loads(json.dumps(DOCUMENT))


async def test_it_is_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[list[AnyEndpoint]] = []

    def document(endpoints: list[AnyEndpoint]) -> dict[str, Any]:
        made.append(endpoints)
        return {}

    monkeypatch.setattr(routes_openapi, "document", document)
    endpoint = describing([])
    call = Call(api.services, None, 0.0)
    for _ in range(2):
        await endpoint.handle(call, Nothing())
    assert made == [[endpoint]]


def test_it_is_openapi_3_1_and_every_endpoint_is_in_it() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert {(method.upper(), path) for method, path, _ in OPERATIONS} == {
        (endpoint.method, endpoint.path) for endpoint in ENDPOINTS
    }


def test_every_endpoint_of_the_contract_is_there() -> None:
    assert {path for _, path, _ in OPERATIONS} >= {
        "/complete", "/v1/complete", "/v1/completions", "/v1/chat/completions", "/v1/models",
        "/v1/models/{id}", "/v1/usage", "/health", "/metrics", "/openapi.json",
    }  # fmt: skip


def test_references_lead_somewhere_and_names_are_unique() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for reference in references(DOCUMENT):
        assert reference.removeprefix("#/components/schemas/") in schemas
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_bounds_of_numbers_are_told() -> None:
    """pydantic writes bounds that it cannot place as ``ge`` and ``le``, which nobody reads."""
    text = json.dumps(DOCUMENT)
    assert not [word for word in ('"ge"', '"gt"', '"le"', '"lt"') if word in text]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda each: str(each)[:30])
def test_errors_have_one_shape(method: str, path: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if status != "200":
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": f"#/components/schemas/{_shape(method, path)}"}


def _shape(method: str, path: str) -> str:
    """What errors of an operation look like: as its dialect has them."""
    [endpoint] = [each for each in ENDPOINTS if (each.method.lower(), each.path) == (method, path)]
    return endpoint.dialect.error.__name__


def test_the_codes_are_those_of_the_contract() -> None:
    codes = DOCUMENT["components"]["schemas"]["ErrorDetail"]["properties"]["code"]["enum"]
    assert set(codes) == set(ErrorCode.__args__)  # type: ignore[attr-defined]
    assert len(codes) == 22
