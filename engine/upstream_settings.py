"""The tables ``[upstreams.NAME]``: servers that answer in the place of a model on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .limits import SECRET_CHARACTERS, UPSTREAM_TABLES
from .model_settings import ModelSettings, bad_name, problem_of, without_context
from .routing import Price
from .wrong_values import quoted, reason_of, shown

Kind = Literal["fimble", "llama", "openai", "vllm", "ollama", "mistral", "deepseek", "ray"]
USUAL_ADDRESSES: dict[Kind, str] = {
    "fimble": "http://127.0.0.1:8741",
    "llama": "http://127.0.0.1:8012",
    "vllm": "http://127.0.0.1:8000",
    "ollama": "http://127.0.0.1:11434",
    "mistral": "https://api.mistral.ai",
    "deepseek": "https://api.deepseek.com",
    "ray": "auto",
}
_Dollars = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class PriceSettings(BaseModel):
    """In dollars: for a million tokens of the prompt and of the answer, and for each request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: _Dollars | None = None
    completion: _Dollars | None = None
    request: _Dollars | None = None

    def to_engine(self) -> Price:
        return Price(self.prompt, self.completion, self.request)


class UpstreamSettings(BaseModel):
    """One ``[upstreams.NAME]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Field(description="What it speaks")
    address: str = Field("", max_length=2048, description="Its address; empty: the usual one of its kind")
    model: str = Field("", max_length=256, description="What it calls the model; empty: its default one")
    key: str | None = Field(
        None,
        max_length=SECRET_CHARACTERS,
        repr=False,
        description="`env:NAME`, `file:PATH`, `keyring:SERVICE/USER`, or the key itself",
    )
    family: str = Field(
        "", max_length=64, description="Whose fill-in-the-middle tokens the model has; empty: by its name"
    )
    suffix: bool = Field(False, description="It fills in by itself between `prompt` and `suffix`")
    chat: bool = Field(False, description="Its model answers conversations")
    vision: bool = Field(False, description="Its model takes images")
    reasoning: bool = Field(False, description="Its model may reason before it answers")
    context_window: int = Field(
        0, ge=0, le=16_777_216, description="Tokens of prompt and answer; 0: what it tells, or 8192"
    )
    price: PriceSettings | None = Field(None, description="What it costs, in dollars")
    slots: int = Field(16, ge=1, le=10_000, description="Requests that it is given at a time")
    timeout_ms: int | None = Field(
        None, ge=100, le=600_000, description="How long it may be silent; left out: `timeout_ms`"
    )
    backup: bool = Field(False, description="Asked only when no other one can answer")
    certificate: str = Field("", max_length=4096, description="A PEM file with the authority to trust")

    @field_validator("address")
    @classmethod
    def _sound_address(cls, value: str) -> str:
        return checked_address(value) if value.startswith(("http:", "https:")) else value

    @model_validator(mode="after")
    def _has_address(self) -> UpstreamSettings:
        if not self.address and self.kind not in USUAL_ADDRESSES:
            raise ValueError(f"an upstream of the kind `{self.kind}` needs its `address`")
        if self.address and self.kind != "ray" and not self.address.startswith(("http://", "https://")):
            raise ValueError("`address` should begin with http:// or https://")
        return self

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return self.address or USUAL_ADDRESSES[self.kind]


def checked_address(value: str) -> str:
    """An address without a slash at its end. Raises ``ValueError``."""
    try:
        address = urlsplit(value)
        sound = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:
        address, sound = urlsplit(""), None
    if not sound:
        raise ValueError("should be an address that begins with http:// or https://")
    if address.username is not None or address.query or address.fragment:
        raise ValueError(
            "should be a bare address, such as https://team.example:8741; a key belongs into `key`"
        )
    return value.rstrip("/")


def read_upstreams(sent: object, source: str, problems: list[str]) -> dict[str, UpstreamSettings]:
    """The tables that can be used; a sentence for everything else goes to ``problems``. A table with a wrong
    value is left out as a whole: half of an upstream may ask the wrong server."""
    if not isinstance(sent, Mapping):
        problems.append(
            f"`upstreams` is {shown('upstreams', sent)} in {source}, and no tables. It is ignored."
        )
        return {}
    found: dict[str, UpstreamSettings] = {}
    for name, table in sent.items():
        if len(found) == UPSTREAM_TABLES:
            problems.append(
                f"`upstreams` has more than {UPSTREAM_TABLES} tables in {source}; the rest is ignored."
            )
            break
        if problem := bad_name(name):
            problems.append(f"The table {quoted(f'upstreams.{name}')} in {source} is ignored: {problem}.")
        elif (read := _read_table(name, table, source, problems)) is not None:
            found[name] = read
    return found


def with_known(
    models: Mapping[str, ModelSettings], upstreams: Mapping[str, UpstreamSettings], problems: list[str]
) -> dict[str, ModelSettings]:
    """The models with those of their upstreams that there are; one that nothing is left of is left out."""
    found: dict[str, ModelSettings] = {}
    for name, table in models.items():
        missing = [each for each in table.upstreams if each not in upstreams]
        kept = tuple(each for each in table.upstreams if each in upstreams)
        left = kept or table.model
        for each in missing:
            instead = "It is left out" if left else "The model is ignored"
            problems.append(
                f"`models.{name}.upstreams` names {quoted(each)}, but there is no table "
                f"`[upstreams.{each[:80]}]` that can be used. {instead}."
            )
        if left:
            found[name] = table.model_copy(update={"upstreams": kept})
    return found


def _read_table(name: str, table: object, source: str, problems: list[str]) -> UpstreamSettings | None:
    if isinstance(table, UpstreamSettings):
        return table
    within = f"upstreams.{name}"
    if not isinstance(table, Mapping):
        problems.append(f"`{within}` is {quoted(table)} in {source}, and no table. It is ignored.")
        return None
    values: dict[str, Any] = dict(table)
    try:
        return UpstreamSettings.model_validate(values)
    except ValidationError as error:
        first = without_context(error)[0]
        instead = "The upstream is ignored"
        if first["loc"]:
            key = str(first["loc"][0])
            problems.append(problem_of(within + ".", key, first, UpstreamSettings, source, instead))
        else:
            problems.append(f"`{within}` in {source}: {reason_of(first['msg'])}. {instead}.")
        return None
