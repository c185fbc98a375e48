"""Requests of llama-server's endpoints. What only tunes its own cache or tells more while streaming is taken
and not needed; what would change the text and cannot be done is refused."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from fimble.engine.types import Grammar, Sampling

from ...errors import ApiError, unsupported
from ...limits import MAX_BIASES, MAX_CONTEXT_FILES, MAX_FIELDS, MAX_PROMPT_TOKENS, MAX_PROMPTS, MAX_STOP
from ...schema.base import (
    Body,
    FilePath,
    JsonObject,
    Name,
    Number,
    Penalty,
    Text,
    Whole,
    Word,
    stop_strings,
)
from ...schema.messages import Message
from ...schema.sampling import DryFields

MOST_RESULTS = 8
RANDOM = 0xFFFFFFFF
"""The seed that stands for another one each time, beside -1."""
_OFF = {
    "typical_p": 1, "mirostat": 0, "xtc_probability": 0, "dynatemp_range": 0, "top_n_sigma": -1,
    "ignore_eos": False, "post_sampling_probs": False, "adaptive_target": -1,
}  # fmt: skip
"""Options that this engine has not, with the value that does nothing."""
Id = Annotated[int, Field(ge=0, lt=2**31)]


LlamaStop = Annotated[str, Field(max_length=MAX_STOP)]
LlamaStops = Annotated[list[LlamaStop], Field(max_length=16, fail_fast=True)]
Biases = Annotated[list[Any], Field(max_length=MAX_BIASES, fail_fast=True)]


class Extra(Body):
    """A piece of another file."""

    text: Text
    filename: FilePath = ""


class Adapter(Body):
    id: Whole = 0
    scale: Number = 0.0


class LlamaOptions(DryFields):
    """What every request for text may say. Left out, ``temperature`` is 0 for ``/infill`` and 0.8
    otherwise."""

    model: Name = ""
    n_predict: Whole = Field(
        -1, ge=-1, le=1_000_000, description="-1: as many as fit; 0: only read the prompt"
    )
    n_cmpl: Whole = Field(1, ge=1, description="How many results; more than 1: a list of them")
    n_indent: Whole = Field(
        0, ge=0, le=1_000, description="End before a line with less white space ahead of it"
    )
    stop: LlamaStop | LlamaStops | None = None
    stream: bool = False
    seed: Annotated[int, Field(ge=-1, lt=2**64)] = -1
    temperature: Annotated[Number, Field(ge=0, le=100)] | None = None
    top_k: Whole = Field(40, ge=-1, le=1_000_000)
    top_p: Annotated[Number, Field(ge=0, le=1)] = 0.95
    min_p: Annotated[Number, Field(ge=0, le=1)] = 0.05
    repeat_penalty: Annotated[Number, Field(ge=0, le=2)] = 1.0
    presence_penalty: Penalty = 0.0
    frequency_penalty: Penalty = 0.0
    typical_p: Number = 1.0
    mirostat: Whole = 0
    xtc_probability: Number = 0.0
    dynatemp_range: Number = 0.0
    top_n_sigma: Number = -1.0
    adaptive_target: Number = -1.0
    ignore_eos: bool = False
    post_sampling_probs: bool = False
    samplers: Annotated[list[Word], Field(max_length=64)] | Word | None = Field(
        None, description="Which filters are used; unknown names are let pass"
    )
    logit_bias: Biases | JsonObject | None = None
    n_probs: Whole = Field(0, ge=0, le=20)
    grammar: Text = Field("", description="GBNF")
    json_schema: JsonObject | None = None
    t_max_predict_ms: Whole = Field(0, ge=0, le=600_000, description="After so long it ends with its line")
    id_slot: Whole = Field(
        -1, ge=-1, le=1_000_000, description="Documents of another slot are other documents"
    )
    return_tokens: bool = False
    response_fields: Annotated[list[Name], Field(max_length=MAX_FIELDS, fail_fast=True)] | None = Field(
        None, description="Only these fields are answered; `a/b` is the field b of a"
    )
    lora: Annotated[list[Adapter], Field(max_length=64)] | None = None

    def check(self) -> None:
        """Raises for what would be dropped silently otherwise."""
        for name, off in _OFF.items():
            if getattr(self, name) != off:
                raise unsupported(name, f"`{name}`: this server has no such sampler. Leave it out.")
        if any(each.scale for each in self.lora or ()):
            raise unsupported("lora", "`lora`: this server has no adapters. Leave it out.")
        if self.n_cmpl > MOST_RESULTS:
            raise ApiError(
                400, "invalid_request_error", "invalid_value",
                f"Field 'n_cmpl': may be {MOST_RESULTS} at most.", "n_cmpl",
            )  # fmt: skip

    def sampling(self, default: float) -> Sampling:
        """As the engine has it, with ``default`` for a temperature that was not given."""
        named = self.samplers if isinstance(self.samplers, list) else None

        def used(sampler: str) -> bool:
            return named is None or sampler in named

        temperature = default if self.temperature is None else self.temperature
        return Sampling(
            temperature=min(temperature if used("temperature") or not temperature else 1.0, 2.0),
            top_k=max(0, self.top_k) if used("top_k") else 0,
            top_p=self.top_p if used("top_p") else 1.0,
            min_p=self.min_p if used("min_p") else 0.0,
            seed=None if self.seed in (-1, RANDOM) else self.seed,
            repetition_penalty=self.repeat_penalty or 1.0,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            dry=self.dry(),
            logit_bias=self._biases(),
        )

    def stops(self) -> tuple[str, ...]:
        return tuple(filter(None, stop_strings(self.stop)))

    def engine_grammar(self) -> Grammar | None:
        if self.json_schema is not None:
            return Grammar("json_schema", json.dumps(self.json_schema))
        return Grammar("gbnf", self.grammar) if self.grammar else None

    def _biases(self) -> tuple[tuple[int, float], ...]:
        pairs = list(self.logit_bias.items()) if isinstance(self.logit_bias, dict) else self.logit_bias or []
        return tuple(_bias(pair) for pair in pairs)


def _bias(pair: object) -> tuple[int, float]:
    """``[id, bias]``, or of an object ``"id": bias``; ``false`` forbids the token."""
    if isinstance(pair, list | tuple) and len(pair) == 2:
        token, bias = pair
        bias = -100.0 if bias is False else bias
        known = str(token).isascii() and str(token).isdecimal() and len(str(token)) < 10
        if known and not isinstance(bias, bool) and isinstance(bias, int | float) and abs(bias) <= 1e6:
            return int(token), max(-100.0, min(100.0, float(bias)))
    raise ApiError(
        400, "invalid_request_error", "invalid_value",
        "`logit_bias`: should be pairs of a token's id and a number.", "logit_bias",
    )  # fmt: skip


class InfillRequest(LlamaOptions):
    """A hole in a file: ``input_prefix`` and ``prompt`` stand ahead of it, ``input_suffix`` behind it."""

    input_prefix: Text
    input_suffix: Text
    prompt: Text = Field("", description="The cursor's line up to the cursor")
    input_extra: list[Extra] = Field(default_factory=list, max_length=MAX_CONTEXT_FILES, fail_fast=True)


Tokens = Annotated[list[Id | Text], Field(max_length=MAX_PROMPT_TOKENS, fail_fast=True)]


class CompletionRequest(LlamaOptions):
    """A prompt to continue: text, token ids, or both in one list; or a list of such prompts."""

    prompt: Text | Tokens | Annotated[list[Text | Tokens], Field(max_length=MAX_PROMPTS, fail_fast=True)]


class TokenizeRequest(Body):
    content: Text
    add_special: bool = Field(False, description="With the tokens that the model puts ahead of a text")
    parse_special: bool = Field(True, description="Read control tokens, where the caller may")
    with_pieces: bool = False


class DetokenizeRequest(Body):
    tokens: Annotated[list[Id], Field(max_length=MAX_PROMPT_TOKENS, fail_fast=True)]


class TemplateRequest(Body):
    messages: list[Message] = Field(min_length=1, max_length=2_048, fail_fast=True)
