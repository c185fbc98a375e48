"""Lists of models, as OpenAI's API and the many like it tell them. Beside its name, each tells of a model
what it likes; what cannot be understood is passed over."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from ...errors import UpstreamUnavailable
from ...limits import UPSTREAM_MODELS
from ..json_values import read
from .known import Known
from .values import Name

_NAMED = 5
"""So many of the models that there are get named in a message."""
_CONTEXT_KEYS = ("max_model_len", "max_context_length", "context_window", "context_length")
"""vLLM's word, Mistral's, and those of gateways."""
_MOST_CONTEXT = 1 << 31


class Listed(Struct):
    """A model of a list; ``meta`` is llama-server's, ``capabilities`` Mistral's."""

    id: Name
    aliases: Any = None
    max_model_len: Any = None
    max_context_length: Any = None
    context_window: Any = None
    context_length: Any = None
    capabilities: Any = None
    meta: Any = None

    @property
    def context(self) -> int:
        """Tokens, or 0 where they are not told."""
        meta = self.meta if isinstance(self.meta, dict) else {}
        told = [getattr(self, key) for key in _CONTEXT_KEYS] + [meta.get("n_ctx"), meta.get("n_ctx_train")]
        return next((each for each in told if type(each) is int and 0 < each < _MOST_CONTEXT), 0)

    def can(self, capability: str) -> bool | None:
        """Whether it tells of itself that it can do something."""
        told = self.capabilities.get(capability) if isinstance(self.capabilities, dict) else None
        return told if isinstance(told, bool) else None


class Models(Struct):
    data: Annotated[list[Listed], Meta(min_length=1, max_length=UPSTREAM_MODELS)]


def listed(data: bytes, known: Known) -> Listed:
    """The model that settings name, else the first one of a list."""
    found = read(data, Models).data
    wanted = known.upstream.model
    if not wanted:
        return found[0]
    for each in found:
        if wanted == each.id or (isinstance(each.aliases, list) and wanted in each.aliases):
            return each
    raise lacking(known, [each.id for each in found])


def lacking(known: Known, there: list[str]) -> UpstreamUnavailable:
    """The error for an upstream without the model that settings name."""
    names = ", ".join(repr(name[:80]) for name in there[:_NAMED])
    others = " and others" if len(there) > _NAMED else ""
    return UpstreamUnavailable(
        f"{known.upstream.url} has no model {known.upstream.model!r}"
        + (f"; it has {names}{others}" if names else "")
        + ". Set `model` in its table of `upstreams`."
    )
