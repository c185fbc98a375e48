"""Parameters of a gateway, where there are no upstreams to choose from: told, never dropped."""

from __future__ import annotations

from ..errors import ApiError, invalid, unsupported
from ..schema.chat import ChatCompletionsRequest, GatewayFields

ALTERNATIVES = {
    "models": "there are no upstreams to fall back to; name one model in `model`",
    "route": "there are no upstreams to fall back to",
    "provider": "there are no upstreams to choose from",
    "reasoning": "the models here do not reason before they answer",
}


def check_gateway(body: GatewayFields) -> None:
    """Raises 400 for what needs an upstream, and for plugins that are not set up."""
    for index, plugin in enumerate(body.plugins):
        if plugin.id == "web" and plugin.enabled:
            raise ApiError(
                400,
                "invalid_request_error",
                "plugin_not_configured",
                "The plugin `web` has no search endpoint to ask on this server.",
                f"plugins.{index}.id",
            )
    for name, reason in ALTERNATIVES.items():
        if getattr(body, name) and not (name == "reasoning" and _without_reasoning(body)):
            raise unsupported(name, f"`{name}`: {reason}.")


def _without_reasoning(body: GatewayFields) -> bool:
    """Whether ``reasoning`` asks for none, which every model here can do."""
    return body.reasoning is not None and body.reasoning.effort == "none"


def check_combinations(body: ChatCompletionsRequest) -> None:
    """Raises 400 for fields that contradict each other or that no model here can honour."""
    if body.reasoning_effort != "none":
        raise unsupported("reasoning_effort", f"`reasoning_effort`: {ALTERNATIVES['reasoning']}.")
    if body.top_logprobs and not body.logprobs:
        raise invalid("`top_logprobs`: set `logprobs` to true as well.", "top_logprobs")
    if problem := body.choice_problem():
        raise invalid(problem, "tool_choice")
    form = body.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        raise invalid(
            "`response_format.json_schema` is required.", "response_format.json_schema", "missing_field"
        )
