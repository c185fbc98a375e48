"""How tokens are chosen, as the OpenAI-shaped endpoints write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fimble.engine.types import Dry, Sampling

from ..limits import MAX_BIASES
from .base import Body, Number, Penalty, Seed, Share, Whole

TokenId = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
Bias = Annotated[Number, Field(ge=-100, le=100)]


class SamplingFields(Body):
    """Samplers that both OpenAI-shaped endpoints know."""

    top_p: Share = 1.0
    top_k: Whole = Field(0, ge=-1, le=1_000_000, description="0 or -1: off")
    min_p: Share = 0.0
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    repetition_penalty: Number = Field(1.0, ge=0, le=2, description="Multiplicative; 1 (or 0): off")
    seed: Seed | None = None
    logit_bias: dict[TokenId, Bias] = Field(
        default_factory=dict, max_length=MAX_BIASES, description="Added to tokens' logits, by id"
    )

    def sampling(self, temperature: float, dry: Dry | None = None) -> Sampling:
        return Sampling(
            temperature=temperature,
            top_k=max(0, self.top_k),
            top_p=self.top_p,
            min_p=self.min_p,
            seed=self.seed,
            repetition_penalty=self.repetition_penalty or 1.0,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            dry=dry,
            logit_bias=tuple((int(token), bias) for token, bias in self.logit_bias.items()),
        )


class DryFields(Body):
    """The "don't repeat yourself" sampler."""

    dry_multiplier: Number = Field(0.0, ge=0, le=100, description="0: off")
    dry_base: Number = Field(1.75, ge=1, le=100)
    dry_allowed_length: Whole = Field(2, ge=1, le=1000)
    dry_sequence_breakers: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=lambda: list(Dry().sequence_breakers), max_length=64, fail_fast=True
    )

    def dry(self) -> Dry | None:
        if not self.dry_multiplier:
            return None
        breakers = tuple(self.dry_sequence_breakers)
        return Dry(self.dry_multiplier, self.dry_base, self.dry_allowed_length, breakers)
