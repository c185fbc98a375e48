"""The one shape of every error."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

ErrorType = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "rate_limit_error",
    "api_error",
    "overloaded_error",
    "timeout_error",
]
ErrorCode = Literal[
    "invalid_json",
    "invalid_value",
    "missing_field",
    "context_length_exceeded",
    "unsupported_image_input",
    "unsupported_parameter",
    "plugin_not_configured",
    "invalid_api_key",
    "model_not_allowed",
    "key_scope",
    "model_not_found",
    "not_found",
    "method_not_allowed",
    "request_too_large",
    "unsupported_media_type",
    "rate_limit_exceeded",
    "quota_exceeded",
    "internal_error",
    "overloaded",
    "model_loading",
    "upstream_unavailable",
    "deadline_exceeded",
]


class ErrorDetail(BaseModel):
    message: str = Field(description="One sentence for a person")
    type: ErrorType
    code: ErrorCode
    param: str | None = Field(description="The field at fault, dotted: `messages.2.content`")


class ErrorResponse(BaseModel):
    """What every error looks like; in a stream it is the last event, and no [DONE] follows."""

    error: ErrorDetail
