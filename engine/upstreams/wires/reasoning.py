"""How an upstream is told how much to reason before it answers."""

from __future__ import annotations

from typing import Any

from ...routing import Reasoning
from .apis import Api
from .bodies import unsupported
from .known import Known

_SWITCH = ("none", "high")
"""All that Mistral's API knows."""


def reasoning_body(known: Known, api: Api, reasoning: Reasoning | None, able: bool) -> dict[str, Any]:
    """Fields of a request; none where nothing is asked for. ``able``: the model may reason."""
    if reasoning is None or (not able and reasoning.effort == "none"):
        return {}
    if not able:
        raise unsupported(known.program, "reasoning")
    if api.effort == "ours":
        return {"reasoning": {"effort": reasoning.effort, "max_tokens": reasoning.max_tokens}}
    body: dict[str, Any] = {}
    if reasoning.max_tokens is not None:
        if api.effort != "vllm":
            raise unsupported(known.program, "reasoning.max_tokens")
        body["thinking_token_budget"] = reasoning.max_tokens
    effort = reasoning.effort
    if effort is None:
        return body
    if api.effort == "switch" and effort not in _SWITCH:
        raise unsupported(known.program, "reasoning.effort")
    if api.effort == "deepseek":
        switch = {"thinking": {"type": "disabled" if effort == "none" else "enabled"}}
        return switch if effort == "none" else switch | {"reasoning_effort": effort}
    if api.effort in ("vllm", "template"):
        # what a template makes of these depends on the model: Qwen3's reads the first, gpt-oss's the second
        told = {"enable_thinking": effort != "none"}
        body["chat_template_kwargs"] = told if effort == "none" else told | {"reasoning_effort": effort}
    if api.effort != "template":
        body["reasoning_effort"] = effort
    return body
