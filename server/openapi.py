"""The OpenAPI 3.1 document, from the endpoints and the very models that requests are validated with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, RootModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from fimble.engine.version import VERSION

from .endpoint import AnyEndpoint
from .schema.errors import ErrorResponse

REFERENCE = "#/components/schemas/{model}"
REASONS = {
    400: "The request cannot be served as it is",
    401: "The key is missing, unknown, revoked or expired",
    403: "The key does not allow this",
    404: "There is no such model",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is no JSON",
    422: "The body cannot be served as it is",
    429: "A limit of the key is reached; see `Retry-After`",
    500: "A fault of the server",
    501: "Nothing here can do this",
    503: "Busy, loading or away; see `Retry-After`",
    504: "The time for an answer is over",
}
REQUEST_ID = {"x-request-id": {"description": "Names the request in logs", "schema": {"type": "string"}}}


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


Model = tuple[type[BaseModel], JsonSchemaMode]
References = Mapping[Any, dict[str, Any]]


def document(endpoints: Sequence[AnyEndpoint]) -> dict[str, Any]:
    """The whole document."""
    models: list[Model] = [(ErrorResponse, "serialization")]
    for endpoint in endpoints:
        models += _models(endpoint)
    references, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fimble",
            "version": VERSION,
            "description": "Code completion: fill in the middle, continue, chat.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }


def _models(endpoint: AnyEndpoint) -> list[Model]:
    found: list[Model] = [(endpoint.takes, "validation"), (endpoint.gives, "serialization")]
    found.append((endpoint.dialect.error, "serialization"))
    return found if endpoint.events is None else [*found, (endpoint.events, "serialization")]


def _operation(endpoint: AnyEndpoint, references: References) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "responses": {"200": _answers(endpoint, references)} | _errors(endpoint, references),
    }
    if endpoint.method == "POST":
        content = {"application/json": {"schema": references[endpoint.takes, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.takes.model_fields:
        operation["parameters"] = _parameters(endpoint)
    if endpoint.public:
        operation["security"] = []
    return operation


def _description(endpoint: AnyEndpoint) -> str:
    text = (endpoint.takes.__doc__ or "").strip() if endpoint.takes.model_fields else ""
    scopes = " or ".join(f"`{scope}`" for scope in sorted(endpoint.scopes))
    return text + (f" A key needs the scope {scopes}." if scopes else "")


def _answers(endpoint: AnyEndpoint, references: References) -> dict[str, Any]:
    if endpoint.media == "application/json":
        schema = references[endpoint.gives, "serialization"]
    else:
        schema = {"type": "string"}
    content = {endpoint.media: {"schema": schema}}
    if endpoint.events is not None:
        piece, lines = references[endpoint.events, "serialization"], endpoint.dialect.stream == "lines"
        kind = "application/x-ndjson" if lines else "text/event-stream"
        content[kind] = {"schema": piece if lines else _event(piece)}
    return {"description": "The answer", "headers": REQUEST_ID, "content": content}


def _event(schema: dict[str, Any]) -> dict[str, Any]:
    """One server-sent event of an answer with ``stream``."""
    text = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    data = {"anyOf": [{"const": "[DONE]", "description": "The last event of a whole answer"}, text]}
    return {"type": "object", "properties": {"data": data}, "required": ["data"]}


def _errors(endpoint: AnyEndpoint, references: References) -> dict[str, Any]:
    statuses = {400, 401, 403, 500, 503, 504}
    if endpoint.method == "POST":
        statuses |= {404, 408, 413, 415}
    if "{id}" in endpoint.path:
        statuses.add(404)
    if endpoint.counted:
        statuses.add(429)
    if endpoint.public:
        statuses -= {401, 403}
    content = {"application/json": {"schema": references[endpoint.dialect.error, "serialization"]}}
    statuses |= endpoint.statuses
    return {
        str(status): {"description": REASONS[status], "headers": REQUEST_ID, "content": content}
        for status in sorted(statuses)
    }


def _parameters(endpoint: AnyEndpoint) -> list[dict[str, Any]]:
    """Path and query parameters, from the fields of the model that validates them."""
    schema = endpoint.takes.model_json_schema()
    found = []
    for name, field in schema["properties"].items():
        in_path = f"{{{name}}}" in endpoint.path
        found.append(
            {
                "name": name,
                "in": "path" if in_path else "query",
                "required": in_path or name in schema.get("required", []),
                "schema": field,
            }
        )
    return found
