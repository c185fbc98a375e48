"""What the user configures, resolved: defaults < TOML file < environment ``FIMBLE_*`` < flags.

A bad value never stops an editor: it is reported with the key and the default that is used instead.
Layers are read here and not with pydantic-settings, which would stop at the first bad value and adds a
tenth of a second to every start.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .errors import SettingsError
from .model_settings import ModelSettings, Rule, read_models, read_rules
from .types import Eagerness
from .upstream_settings import UpstreamSettings, checked_address, read_upstreams, with_known
from .wrong_values import reason_of, shown, unknown

PREFIX = "FIMBLE_"
OTHER_TABLES = ("server",)
"""Tables of the same file that belong to other rooms."""
TABLES = ("models", "rules", "upstreams")
"""Settings that no flag and no environment variable can say."""


class Settings(BaseModel):
    """Every key with its default and meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str = Field(
        "local",
        description="`local`; `shared`, one for all editors; `ray`, a cluster; "
        "or the address of a fimble server",
    )
    key: str | None = Field(None, description="Key for that server", repr=False)
    fallback: bool = Field(True, description="Use the local model while that server is away")
    timeout_ms: int = Field(
        5000,
        ge=100,
        le=600_000,
        description="How long that server may be silent, over all keys; "
        "after a fifth of it the local model is asked as well",
    )
    model: str = Field(
        "bundled",
        description="A name of `models` or of `fimble models list`, `bundled`, "
        "owner/repository/file.gguf of the hub, or the path of a GGUF file",
    )
    models: dict[str, ModelSettings] = Field({}, description="Further models by name, each with settings")
    rules: tuple[Rule, ...] = Field((), description="Which model suggests where; the first that fits counts")
    upstreams: dict[str, UpstreamSettings] = Field(
        {}, description="Servers by name, which tables of `models` may ask"
    )
    isolation: Literal["process", "thread"] = Field(
        "process", description="Where models run; `thread` saves memory, but a damaged model is fatal"
    )
    runtime: Literal["auto", "llamacpp", "ctransformers"] = Field(
        "auto", description="What runs the model; `auto`: llama.cpp where it can, else ctransformers"
    )
    gpu_layers: int = Field(
        -1, ge=-1, le=1000, description="Layers of the model on the GPU; -1: all that fit"
    )
    cache_tokens: int = Field(
        0, ge=0, le=16_777_216, description="What the model remembers, in tokens; 0: fits the free memory"
    )
    sequences: int = Field(
        0,
        ge=0,
        le=64,
        description="Places in code that the model keeps at hand; 0: 8, and 64 in `fimble serve`",
    )
    threads: int = Field(
        0,
        ge=0,
        le=256,
        description="Threads for the model; 0: half the cores, at most 4; 1 for a small model on 2",
    )
    workers: int = Field(
        1,
        ge=0,
        le=64,
        description="Processes with the model loaded; 0, as in `fimble serve`: a small model has one a core",
    )
    window_tokens: int = Field(
        0, ge=0, le=131_072, description="Size of the prompt; 0: fits the model and this machine"
    )
    batch: int = Field(128, ge=8, le=4096, description="Tokens evaluated in one call of the model, at most")
    idle_minutes: float = Field(15, ge=0, description="Free the model's memory after this; 0: never")
    eagerness: Eagerness = Field(
        "balanced", description="How sure a suggestion must be to be shown while typing"
    )
    comments: Literal["off", "on", "manual"] = Field(
        "manual", description="Suggestions in comments and strings; `manual`: only those asked for by hand"
    )
    memory: bool = Field(True, description="Let what the project says help the model")
    memory_megabytes: int = Field(64, ge=1, le=1024, description="Text of a project that is remembered")
    memory_files: int = Field(
        20_000, ge=1, le=1_000_000, description="Files of a project that are remembered"
    )
    memory_folders: tuple[str, ...] = Field(
        (),
        max_length=16,
        description="Projects that `fimble serve` remembers: whole paths; "
        "requests name one as their `workspace`, by the path or its last part",
    )
    queue: int = Field(32, ge=1, le=10_000, description="How many requests may wait")

    @field_validator("memory_folders", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        """The environment has one text for all of them, parted as in ``PATH``."""
        return [each for each in value.split(os.pathsep) if each] if isinstance(value, str) else value

    @field_validator("memory_folders")
    @classmethod
    def _whole_paths(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(os.path.normpath(os.path.expanduser(each)) for each in value)
        if not all(os.path.isabs(each) for each in found):
            raise ValueError("should be a list of whole paths, such as /home/me/project")
        return found

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value in ("local", "shared", "ray"):
            return value
        try:
            return checked_address(value)
        except ValueError as error:
            raise ValueError(
                str(error).replace("should be an address", "should be `local`, `shared`, `ray` or an address")
            ) from error

    @property
    def remote(self) -> bool:
        """Whether a server is asked, which has models and rules of its own."""
        return self.engine not in ("local", "shared", "ray")

    @property
    def asks_others(self) -> bool:
        """Whether all models are on other machines, which know nothing of this one's folders."""
        return self.remote or self.engine == "ray"

    @property
    def names(self) -> list[str]:
        """What all models are called here, the default one first: those with a table, and those that only a
        rule names. A server that is asked has its own."""
        further = () if self.remote else (*self.models, *(rule.model for rule in self.rules))
        return list(dict.fromkeys((self.model, *further)))

    @property
    def tables(self) -> dict[str, str]:
        """What the names of `models` stand for on this machine; empty where only upstreams have the model."""
        return {name: table.model for name, table in self.models.items()}

    def for_model(self, name: str) -> Settings:
        """The settings with which a model is opened: ``model`` is what its table says, if it has one."""
        table = self.models.get(name)
        return self.model_copy(update=table.overrides() if table else {"model": name})

    def stands_in(self, name: str) -> bool:
        """Whether the model on this machine answers while all upstreams of ``name`` are away."""
        table = self.models.get(name)
        return self.fallback and (self.asks_others or table is None or bool(table.model))

    def upstreams_of(self, name: str) -> dict[str, UpstreamSettings]:
        """The servers that have a model, by name; none for one that runs on this machine."""
        if self.remote:
            return {self.engine: UpstreamSettings(kind="fimble", address=self.engine, key=self.key)}
        if self.engine == "ray":
            return {"ray": UpstreamSettings(kind="ray", model=name if name in self.models else "")}
        table = self.models.get(name)
        return {each: self.upstreams[each] for each in (table.upstreams if table else ())}

    @property
    def thread_count(self) -> int:
        cores = os.cpu_count() or 1
        return self.threads or (cores if cores <= 2 else min(4, cores // 2))

    @property
    def answering_models(self) -> int:
        """How many models may give long answers at the same time: as many as the cores have threads for."""
        return max(1, (os.cpu_count() or 1) // self.thread_count)


def config_file() -> Path:
    """Where the TOML file is looked for: ``FIMBLE_CONFIG``, or the platform's folder."""
    named = os.environ.get(PREFIX + "CONFIG")
    return Path(named).expanduser() if named else user_config_path("fimble") / "config.toml"


def load_settings(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> tuple[Settings, list[str]]:
    """The settings and a list of problems, each a sentence that names key, source and default used.

    ``defaults`` are a caller's own, for keys that the user has not set anywhere.
    """
    environment = os.environ if environment is None else environment
    problems: list[str] = []
    path = config_file()
    layers: dict[str, Mapping[str, Any]] = {
        "the defaults": defaults or {},
        str(path): _read_file(path, problems),
        "the environment": _read_environment(environment),
        "the options": {k: v for k, v in (flags or {}).items() if v is not None},
    }
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers.items():
        for key, value in layer.items():
            values[key], sources[key] = value, source
    return _validated(values, sources, problems), problems


def require_settings(
    flags: Mapping[str, Any] | None = None, defaults: Mapping[str, Any] | None = None
) -> Settings:
    """As :func:`load_settings`, for commands that had better stop: raises :class:`SettingsError`."""
    settings, problems = load_settings(flags, defaults=defaults)
    if problems:
        raise SettingsError(problems[0])
    return settings


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
        return {key: value for key, value in found.items() if key not in OTHER_TABLES}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"The settings file {path} cannot be used ({error}); defaults are used.")
        return {}


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """``FIMBLE_MODEL`` sets ``model`` and so on; names that are no setting, or are tables, are left alone."""
    return {
        name: environment[PREFIX + name.upper()]
        for name in Settings.model_fields
        if name not in TABLES and PREFIX + name.upper() in environment
    }


def _validated(values: dict[str, Any], sources: Mapping[str, str], problems: list[str]) -> Settings:
    """Drop every key that does not validate, with a problem each."""
    if "models" in values:
        values["models"] = read_models(values["models"], sources["models"], problems)
    if "upstreams" in values:
        values["upstreams"] = read_upstreams(values["upstreams"], sources["upstreams"], problems)
    if "models" in values:
        values["models"] = with_known(values["models"], values.get("upstreams", {}), problems)
    if "rules" in values:
        values["rules"] = read_rules(values["rules"], sources["rules"], problems)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        for each in error.errors():
            key = str(each["loc"][0])
            if key in values:
                problems.append(_problem(key, values.pop(key), each["msg"], sources[key]))
        return Settings.model_validate(values)


def _problem(key: str, value: object, reason: str, source: str) -> str:
    if key not in Settings.model_fields:
        return unknown(key, Settings.model_fields, source)
    default = json.dumps(Settings.model_fields[key].default)
    return f"`{key}` is {shown(key, value)} in {source}: {reason_of(reason)}. The default {default} is used."
