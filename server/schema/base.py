"""What all request bodies have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ..limits import MAX_DESCRIPTION, MAX_NAME, MAX_PATH, MAX_PROPERTIES, MAX_STOP, MAX_TEXT, MAX_WORD


def _whole(value: object) -> object:
    """JSON does not tell 100.0 from 100, and some languages write the former."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Comes after the bounds, or they are missing from the JSON schema."""
Whole = Annotated[int, WHOLE]
Number = Annotated[float, Field(allow_inf_nan=False)]
Temperature = Annotated[Number, Field(ge=0, le=2)]
Penalty = Annotated[Number, Field(ge=-2, le=2)]
Share = Annotated[Number, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**64), WHOLE]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Name = Annotated[str, Field(max_length=MAX_NAME)]
Word = Annotated[str, Field(max_length=MAX_WORD)]
FilePath = Annotated[str, Field(max_length=MAX_PATH)]
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION)]
JsonObject = Annotated[dict[str, Any], Field(max_length=MAX_PROPERTIES)]
StopString = Annotated[str, Field(min_length=1, max_length=MAX_STOP)]
Stops = Annotated[StopString | Annotated[list[StopString], Field(max_length=16, fail_fast=True)], Field()]


class Body(BaseModel):
    """Types are strict, unknown fields are ignored, and null for an optional field is its default.

    Every text, list and object has a bound, and a list ends at its first wrong element: what is wrong
    with a body costs no more than the body."""

    model_config = ConfigDict(strict=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_the_default(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        required = {name for name, info in cls.model_fields.items() if info.is_required()}
        return {name: value for name, value in data.items() if value is not None or name in required}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        found = handler.resolve_ref_schema(schema)
        required = found.get("required", [])
        for name, field in found.get("properties", {}).items():
            if name not in required:
                found["properties"][name] = _nullable(field)
        return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null; what describes the field stays outside."""
    if any(each == {"type": "null"} for each in schema.get("anyOf", [])):
        return schema
    outside = {key: value for key, value in schema.items() if key in ("title", "description", "default")}
    inside = {key: value for key, value in schema.items() if key not in outside}
    return {**outside, "anyOf": [*inside.get("anyOf", [inside]), {"type": "null"}]}


def stop_strings(stop: str | list[str] | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


class Usage(BaseModel):
    """Tokens that the model really saw and made."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CachedTokens(BaseModel):
    cached_tokens: int = Field(description="Tokens of the prompt that had been evaluated before")


class DetailedUsage(Usage):
    prompt_tokens_details: CachedTokens


class StreamOptions(Body):
    include_usage: bool = Field(False, description="A last event with the usage of the whole request")
