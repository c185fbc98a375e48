"""``POST /beta/completions``: DeepSeek's fill-in-the-middle, in OpenAI's legacy shape."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ...call import Call
from ...endpoint import Answer, Endpoint
from ...routes.completions import answered
from ...schema.base import Whole
from ...schema.completions import CompletionsRequest, CompletionsResponse

MOST_TOKENS = 4_096


class DeepSeekRequest(CompletionsRequest):
    """A prompt to continue; with ``suffix``, a suggestion as editors get it."""

    gated: ClassVar[bool] = True
    max_tokens: Whole = Field(
        MOST_TOKENS, ge=0, le=MOST_TOKENS, description="0 evaluates the prompt and ends"
    )


async def deepseek(call: Call, body: DeepSeekRequest) -> Answer:
    return await answered(call, await call.model(body.model, any_name=True), body)


def _endpoint(path: str, name: str) -> Endpoint[DeepSeekRequest]:
    return Endpoint(
        method="POST",
        path=path,
        summary="Continue a prompt, or fill in the middle, as DeepSeek does",
        handle=deepseek,
        name=name,
        takes=DeepSeekRequest,
        gives=CompletionsResponse,
        events=CompletionsResponse,
        scopes=frozenset({"complete"}),
        counted=True,
        unauthorized="invalid_request_error",
    )


ENDPOINTS = (
    _endpoint("/beta/completions", "deepseek"),
    _endpoint("/beta/v1/completions", "deepseek_v1"),
)
