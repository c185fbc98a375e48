"""What is wrong with a conversation's parameters beside one another, and with what the models can do."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine import routing as engine
from fimble.engine.types import ModelInfo

from ..errors import ApiError, invalid, unsupported
from ..schema.chat import ChatCompletionsRequest
from ..schema.gateway import GatewayFields
from ..web_search import WebSearch


def check_plugins(body: GatewayFields, search: WebSearch | None) -> None:
    """Raises 400 for plugins that are not set up."""
    for index, plugin in enumerate(body.plugins):
        if plugin.id == "web" and plugin.enabled and search is None:
            raise ApiError(
                400,
                "invalid_request_error",
                "plugin_not_configured",
                "The plugin `web` has no search endpoint to ask on this server.",
                f"plugins.{index}.id",
            )


def check_combinations(body: ChatCompletionsRequest) -> None:
    """Raises 400 for fields that contradict each other."""
    if body.top_logprobs and not body.logprobs:
        raise invalid("`top_logprobs`: set `logprobs` to true as well.", "top_logprobs")
    if problem := body.choice_problem():
        raise invalid(problem, "tool_choice")
    form = body.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        raise invalid(
            "`response_format.json_schema` is required.", "response_format.json_schema", "missing_field"
        )


def reasoning_of(body: ChatCompletionsRequest, models: Sequence[ModelInfo]) -> engine.Reasoning | None:
    """How much the models may think; None leaves it to them. Raises 400 where one of them cannot."""
    wanted, param = _wanted(body)
    if wanted is None or wanted == engine.Reasoning():
        return None
    unable = [model.id for model in models if not model.supports_reasoning]
    if wanted.effort == "none":  # which every model can do; one that thinks has to be told
        return wanted if len(unable) < len(models) else None
    if unable:
        raise unsupported(param, f"`{param}`: the model {unable[0]!r} does not reason before it answers.")
    return wanted


def _wanted(body: ChatCompletionsRequest) -> tuple[engine.Reasoning | None, str]:
    """What either of the two parameters says, and which one does."""
    sent, effort = body.reasoning, body.reasoning_effort
    if sent is None:
        return (engine.Reasoning(effort) if effort else None), "reasoning_effort"
    if effort is not None and sent.effort not in (None, effort):
        raise invalid("`reasoning_effort` is another than `reasoning.effort`; send one.", "reasoning_effort")
    effort = sent.effort or effort
    if effort is not None and sent.max_tokens is not None:
        raise invalid("`reasoning`: send an effort or `max_tokens`, and not both.", "reasoning.max_tokens")
    return engine.Reasoning(effort, sent.max_tokens), "reasoning"
