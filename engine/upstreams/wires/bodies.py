"""What all requests to upstreams have in common: how tokens are chosen, and how bodies are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from ...errors import UnsupportedParameter
from ...types import Dry, Sampling

_NEUTRAL = Sampling()


@dataclass(frozen=True, slots=True)
class Knobs:
    """Which ways of choosing tokens an API knows, and what it calls them. ``always`` is sent with every
    request, where what the API does by itself is not what leaving a parameter out means to us. ``biases`` is
    how it writes ``logit_bias``; ``dry`` tells whether it has that sampler, by llama-server's names."""

    names: Mapping[str, str] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)
    biases: Literal["object", "pairs"] | None = None
    dry: bool = False


def unsupported(program: str, param: str) -> UnsupportedParameter:
    """The error for what an upstream cannot be asked for; it is never dropped."""
    return UnsupportedParameter(
        f"`{param}`: {program}, which answers for this model, cannot be asked for it. Leave it out.", param
    )


def sampling_body(sampling: Sampling, knobs: Knobs, program: str) -> dict[str, Any]:
    """How tokens are chosen, as an API writes it. The most likely token needs no seed."""
    body: dict[str, Any] = {**knobs.always, "temperature": sampling.temperature}
    for name in (each.name for each in fields(sampling)):
        value = getattr(sampling, name)
        if name == "temperature" or value == getattr(_NEUTRAL, name):
            continue
        if name in knobs.names:
            body[knobs.names[name]] = value
        elif name == "logit_bias" and knobs.biases:
            pairs = sampling.logit_bias
            body[name] = {str(key): bias for key, bias in pairs} if knobs.biases == "object" else pairs
        elif isinstance(value, Dry) and knobs.dry:
            body |= _dry(value)
        elif name != "seed" or sampling.temperature > 0:
            raise unsupported(program, name)
    return body


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body as JSON, without what is None."""
    sent = {key: value for key, value in body.items() if value is not None}
    # half a surrogate pair, which an editor may hold, is no UTF-8: a question mark takes its place
    return json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def _dry(dry: Dry) -> dict[str, Any]:
    return {
        "dry_multiplier": dry.multiplier,
        "dry_base": dry.base,
        "dry_allowed_length": dry.allowed_length,
        "dry_sequence_breakers": list(dry.sequence_breakers),
    }
