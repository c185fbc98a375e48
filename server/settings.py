"""What the server is told: defaults < ``[server]`` in the settings file < ``FIMBLE_SERVER_*`` < flags.

Unlike an editor's settings a wrong value stops the start: a server that ignores its limits or its
certificate is worse than none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from fimble.engine.errors import SettingsError
from fimble.engine.settings import config_file
from fimble.engine.types import Eagerness
from fimble.engine.upstream_settings import checked_address

PREFIX = "FIMBLE_SERVER_"
PORTS = {"llama": 8012, "tabby": 8080, "ollama": 11434}
"""Where the clients of other programs look for their server."""


def _programs(value: object) -> object:
    """``llama,tabby:8081``, or a list of these: names, each with a port if it is not the usual one."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = ",".join(value)
    if not isinstance(value, str):
        return value
    found: list[tuple[str, int]] = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, _, port = part.partition(":")
        if name not in PORTS or not (port.isdecimal() or not port):
            raise ValueError(f"should be some of {', '.join(PORTS)}, each with `:PORT` if it is another one")
        found.append((name, int(port or PORTS[name])))
    return tuple(found)


Port = Annotated[int, Field(ge=0, le=65_535)]
Programs = Annotated[tuple[tuple[str, Port], ...], BeforeValidator(_programs)]


class ServerSettings(BaseModel):
    """Every key with its default and meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; other machines need keys")
    port: int = Field(8741, ge=0, le=65_535, description="Port; 0 takes a free one")
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM); with `tls_key`: HTTPS")
    tls_key: Path | None = Field(None, description="The certificate's private key (PEM)")
    database: str = Field("", description="SQLAlchemy URL of keys and usage; empty: SQLite, data folder")
    limits: str = Field("memory", description="Where limits are counted: `memory`, or redis://host:port")
    usage_days: int = Field(400, ge=0, le=4000, description="Days that usage is kept; 0: it is not counted")
    max_body_mb: float = Field(8, gt=0, le=256, description="Largest request body, in megabytes")
    request_seconds: float = Field(120, gt=0, le=3600, description="Longest time for one answer")
    eagerness: Eagerness | Literal["off"] = Field(
        "balanced",
        description="How sure suggestions are for other programs' clients; `off`: none is held back",
    )
    raw_prompts: bool = Field(
        False, description="Read control tokens in all prompts, not only with keys of the scope `raw`"
    )
    compat: Programs = Field(
        (), description="Programs whose clients find this server on their usual ports: `llama,tabby,ollama`"
    )
    search: str = Field(
        "",
        description="URL of a SearXNG-compatible search, for the plugin `web`: GET ?q=…&format=json",
    )
    shutdown_seconds: float = Field(5, ge=0, le=600, description="Time for answers under way at the end")

    @field_validator("search")
    @classmethod
    def _sound_address(cls, value: str) -> str:
        try:
            return checked_address(value) if value else ""
        except ValueError:
            example = "http://127.0.0.1:8888/search"
            raise ValueError(f"should be the bare address of a search, such as {example}") from None

    @model_validator(mode="after")
    def _both_halves_of_tls(self) -> ServerSettings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("`tls_cert` and `tls_key` belong together")
        return self

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{user_data_path('fimble') / 'server.db'}"

    @property
    def max_body_bytes(self) -> int:
        return int(self.max_body_mb * 1_000_000)


def server_settings(
    flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> ServerSettings:
    """The resolved settings; raises :class:`SettingsError` that names the first wrong key."""
    environment = os.environ if environment is None else environment
    layers = (_read_file(config_file()), _read_environment(environment), flags or {})
    values = {key: value for layer in layers for key, value in layer.items() if value is not None}
    try:
        return ServerSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"Server setting `{name}`: {reason}." if name else f"{reason}.") from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("server", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be used: {error}.") from error
    if not isinstance(table, dict):
        raise SettingsError(f"`server` in {path} should be a table: [server].")
    return table


def _read_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {name: PREFIX + name.upper() for name in ServerSettings.model_fields}
    return {name: environment[variable] for name, variable in names.items() if variable in environment}
