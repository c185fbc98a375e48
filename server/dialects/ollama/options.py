"""``options`` of a request: how tokens are chosen, and much that only tells Ollama how to load a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fimble.engine.types import Sampling

from ...errors import unsupported
from ...limits import MAX_STOP
from ...schema.base import WHOLE, Body, Number, Penalty, Seed, Share, Whole, stop_strings

_OFF = {"typical_p": 1, "mirostat": 0, "tfs_z": 1}
"""Samplers that this engine has not, with the value that does nothing."""
_COLD = 0.02
"""Below this temperature the likeliest token is practically always taken. Continue asks for 0.01 where it
means 0, and only an answer without chance in it can be remembered for typing along."""
_HOTTEST = 2.0
MAX_STOPS = 64
"""Continue sends its own beside those of the model and the language: more than the 16 of other APIs."""
Tokens = Annotated[int, Field(ge=-2, le=1_000_000), WHOLE]
Stop = Annotated[str, Field(max_length=MAX_STOP)]


class OllamaOptions(Body):
    """Unknown options are ignored, as are those that only tell how a model is loaded: ``num_ctx``,
    ``num_gpu``, ``num_thread`` and the like."""

    temperature: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        None, description="Left out: 0.8, and 0 where a hole is filled"
    )
    top_p: Share = 0.9
    top_k: Whole = Field(40, ge=-1, le=1_000_000, description="0 or -1: off")
    min_p: Share = 0.0
    seed: Seed = Field(-1, description="Negative: another one each time")
    num_predict: Tokens = Field(-1, description="How many tokens at most; below 1: as many as fit")
    stop: Stop | Annotated[list[Stop], Field(max_length=MAX_STOPS, fail_fast=True)] | None = None
    repeat_penalty: Number = Field(1.0, ge=0, le=2, description="Multiplicative; 1 (or 0): off")
    presence_penalty: Penalty = 0.0
    frequency_penalty: Penalty = 0.0
    repeat_last_n: Whole = Field(
        64, ge=-1, le=1_000_000, description="0: no penalties; else all is looked at"
    )
    typical_p: Number = 1.0
    tfs_z: Number = 1.0
    mirostat: Whole = 0

    def check(self) -> None:
        """Raises for what would be dropped silently otherwise."""
        for name, off in _OFF.items():
            if getattr(self, name) != off:
                param = f"options.{name}"
                raise unsupported(param, f"`{param}`: this server has no such sampler. Leave it out.")

    @property
    def limit(self) -> int | None:
        """How many tokens to make; None is as many as fit, which 0 is for Ollama too."""
        return self.num_predict if self.num_predict > 0 else None

    @property
    def stops(self) -> tuple[str, ...]:
        return tuple(filter(None, stop_strings(self.stop)))

    def sampling(self, default: float) -> Sampling:
        """As the engine has it, with ``default`` for a temperature that was not given."""
        temperature = default if self.temperature is None else self.temperature
        penalties = self.repeat_last_n != 0
        return Sampling(
            temperature=0.0 if temperature < _COLD else min(temperature, _HOTTEST),
            top_k=max(0, self.top_k),
            top_p=self.top_p,
            min_p=self.min_p,
            seed=None if self.seed < 0 else self.seed,
            repetition_penalty=(self.repeat_penalty or 1.0) if penalties else 1.0,
            frequency_penalty=self.frequency_penalty if penalties else 0.0,
            presence_penalty=self.presence_penalty if penalties else 0.0,
        )
