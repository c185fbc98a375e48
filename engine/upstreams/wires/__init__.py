"""How each kind of server is asked, and how its answers are read."""

from __future__ import annotations

from collections.abc import Callable

from ...upstream_settings import Kind, UpstreamSettings
from ..base import Wire
from .deepseek import DeepSeekWire
from .fimble import FimbleWire
from .known import PROGRAMS
from .llama import LlamaWire
from .mistral import MistralWire
from .ollama import OllamaWire
from .openai import OpenAiWire

__all__ = ["PROGRAMS", "wire_of"]

_WIRES: dict[Kind, Callable[[UpstreamSettings], Wire]] = {
    "fimble": FimbleWire,
    "llama": LlamaWire,
    "openai": OpenAiWire,
    "vllm": OpenAiWire,
    "ollama": OllamaWire,
    "mistral": MistralWire,
    "deepseek": DeepSeekWire,
}


def wire_of(upstream: UpstreamSettings) -> Wire:
    """The wire to an upstream of any kind that is asked over HTTP. Raises :class:`~...errors.SettingsError`
    for a family of models that nobody knows."""
    return _WIRES[upstream.kind](upstream)
