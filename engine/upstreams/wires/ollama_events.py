"""Lines of Ollama's streams, and what it tells of models (``docs/api.md``)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from ...limits import UPSTREAM_MODELS
from ...types import FinishReason, Timings, Usage
from ..failures import Failure, Told, failure_in
from ..json_values import read
from .openai_events import Probable
from .pieces import Piece
from .values import Count, Name

Nanoseconds = Annotated[int, Meta(ge=0, le=1 << 62)]
_USUAL_CONTEXT = 4096
"""``num_ctx`` of a model whose file does not set it, on a small machine."""
_NUM_CTX = re.compile(r"^num_ctx\s+(\d{1,8})\s*$", re.MULTILINE)


class OllamaLine(Struct):
    """A piece; the last one is ``done`` and tells what it took."""

    response: str | UnsetType = UNSET
    thinking: str | None = None
    done: bool = False
    done_reason: str | None = None
    load_duration: Nanoseconds = 0
    prompt_eval_count: Count = 0
    prompt_eval_duration: Nanoseconds = 0
    eval_count: Count = 0
    eval_duration: Nanoseconds = 0
    total_duration: Nanoseconds = 0
    logprobs: list[Probable] | None = None
    model: Name | None = None
    error: Raw | UnsetType = UNSET


class Shown(Struct):
    """A model; ``capabilities`` are told since 0.6.4, before that the template tells."""

    capabilities: list[str] = field(default_factory=list)
    template: str = ""
    parameters: str = ""
    model_info: dict[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> int:
        """What Ollama gives the model: the setting in its file, else its own usual one."""
        if found := _NUM_CTX.search(self.parameters):
            return int(found[1])
        trained = [each for key, each in self.model_info.items() if key.endswith(".context_length")]
        longest = next((each for each in trained if type(each) is int and each > 0), _USUAL_CONTEXT)
        return min(longest, _USUAL_CONTEXT)


class Tag(Struct):
    name: Name


class Tags(Struct):
    models: Annotated[list[Tag], Meta(min_length=1, max_length=UPSTREAM_MODELS)]


def ollama_piece(data: bytes) -> Piece:
    """One line. Raises :class:`~..failures.Told` for one that tells of an error."""
    line = read(data, OllamaLine)
    if not isinstance(line.response, str):
        if failure := failure_in(data):
            raise Told(failure)
        raise ValueError("a line has no `response`")
    if line.done and line.done_reason in ("load", "unload"):
        raise Told(Failure("It only loaded the model."))
    ended: FinishReason = "length" if line.done_reason == "length" else "stop"
    return Piece(
        line.response,
        line.thinking or "",
        [each.to_engine() for each in line.logprobs or ()],
        ended=ended if line.done else None,
        usage=Usage(line.prompt_eval_count, line.eval_count) if line.done else None,
        timings=_timings(line) if line.done else None,
        model=line.model or "",
    )


def shown(data: bytes) -> Shown:
    """What Ollama tells of a model. Raises ``ValueError``."""
    told = read(data, Shown)
    if not told.capabilities and ".Suffix" in told.template:
        told.capabilities = ["completion", "insert"]
    return told


def names_of(data: bytes) -> list[str]:
    """The models that there are. Raises ``ValueError`` where there is none."""
    return [each.name for each in read(data, Tags).models]


def _timings(line: OllamaLine) -> Timings:
    times = (line.load_duration, line.prompt_eval_duration, line.eval_duration, line.total_duration)
    return Timings(*(each / 1e6 for each in times))
