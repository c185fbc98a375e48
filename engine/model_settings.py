"""Several models in one engine: the tables ``[models.NAME]`` and the ``[[rules]]`` that choose among them.

As with every setting, what cannot be used is told and left out. A rule is left out as a whole: with one
condition less it would choose for files that it was not written for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from .limits import (
    MODEL_NAME_CHARACTERS,
    MODEL_RULES,
    MODEL_TABLES,
    MODEL_UPSTREAMS,
    RULE_CHARACTERS,
    RULE_LANGUAGES,
    RULE_PATHS,
)
from .privacy.patterns import BadPattern, parse_pattern
from .wrong_values import quoted, reason_of, shown, unknown

DEFAULT = "default"
"""What a request may call the model that is used when it names none."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_PRIVATE = ("model", "key", "address")
"""Settings whose values may have a password in them."""
_Word = Annotated[str, Field(min_length=1, max_length=RULE_CHARACTERS)]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


class ModelSettings(BaseModel):
    """One ``[models.NAME]``. What is left out is as the setting of that name says for all models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        "",
        max_length=4096,
        description="`bundled`, a catalogue name, or the path of a GGUF file; "
        "with `upstreams`, what answers while none of them can",
    )
    upstreams: tuple[_Word, ...] = Field(
        (), max_length=MODEL_UPSTREAMS, description="Names of `[upstreams.NAME]` that have the model"
    )
    runtime: Literal["auto", "llamacpp", "ctransformers"] | None = None
    gpu_layers: int | None = Field(None, ge=-1, le=1000)
    cache_tokens: int | None = Field(None, ge=0, le=16_777_216)
    threads: int | None = Field(None, ge=0, le=256)
    window_tokens: int | None = Field(None, ge=0, le=131_072)

    def overrides(self) -> dict[str, Any]:
        """The settings that differ for this model."""
        return {key: value for key, value in self if value is not None and key != "upstreams"}


class Rule(BaseModel):
    """One of ``[[rules]]``: the model for suggestions that fit every condition. Without one it fits all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: _Word = Field(description="The name of a `[models.NAME]`, or what `model` may be")
    languages: Annotated[tuple[_Word, ...], BeforeValidator(_one_or_more)] = Field(
        (), max_length=RULE_LANGUAGES, description="Language ids, such as python"
    )
    paths: Annotated[tuple[_Word, ...], BeforeValidator(_one_or_more)] = Field(
        (), max_length=RULE_PATHS, description="Files, as patterns like those of .gitignore"
    )
    trigger: Literal["automatic", "by hand"] | None = Field(
        None, description="Whether the suggestion was asked for by typing or by hand"
    )

    @field_validator("paths")
    @classmethod
    def _patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                if parse_pattern(pattern) is None:
                    raise BadPattern("it names nothing")
            except BadPattern as error:
                raise ValueError(f"the pattern {quoted(pattern)} cannot be used: {error}") from error
        return value


def read_models(sent: object, source: str, problems: list[str]) -> dict[str, ModelSettings]:
    """The tables that can be used; a sentence for everything else goes to ``problems``."""
    if not isinstance(sent, Mapping):
        problems.append(f"`models` is {shown('models', sent)} in {source}, and no tables. It is ignored.")
        return {}
    found: dict[str, ModelSettings] = {}
    for name, table in sent.items():
        if len(found) == MODEL_TABLES:
            problems.append(f"`models` has more than {MODEL_TABLES} tables in {source}; the rest is ignored.")
            break
        if problem := bad_name(name):
            problems.append(f"The table {quoted(f'models.{name}')} in {source} is ignored: {problem}.")
        elif (read := _read_table(name, table, source, problems)) is not None:
            found[name] = read
    return found


def read_rules(sent: object, source: str, problems: list[str]) -> tuple[Rule, ...]:
    """The rules that can be used, in their order."""
    if not isinstance(sent, list | tuple):
        problems.append(f"`rules` is {shown('rules', sent)} in {source}, and no list. It is ignored.")
        return ()
    if len(sent) > MODEL_RULES:
        problems.append(f"`rules` has more than {MODEL_RULES} entries in {source}; the rest is ignored.")
    return tuple(_read_rules(sent[:MODEL_RULES], source, problems))


def bad_name(name: str) -> str:
    """What is wrong with a table's name, as the end of a sentence."""
    if len(name) > MODEL_NAME_CHARACTERS or not _NAME.fullmatch(name):
        return (
            f"a name has at most {MODEL_NAME_CHARACTERS} letters, digits, dots, dashes and underscores, "
            "and begins with a letter or digit"
        )
    return f"`{DEFAULT}` means the model of `model`; choose another name" if name == DEFAULT else ""


def _read_table(name: str, table: object, source: str, problems: list[str]) -> ModelSettings | None:
    """A table without what is wrong in it; None when that is its model."""
    within = f"models.{name}"
    if not isinstance(table, Mapping):
        problems.append(f"`{within}` is {quoted(table)} in {source}, and no table. It is ignored.")
        return None
    values = dict(table)
    if not values.get("upstreams") and values.get("model") in (None, ""):
        problems.append(f"`{within}.model` is missing in {source}. The model is ignored.")
        return None
    try:
        return ModelSettings.model_validate(values)
    except ValidationError as error:
        wrong = {str(each["loc"][0]): each for each in without_context(error)}
    for key, each in wrong.items():
        instead = "The model is ignored" if key == "model" else "It is ignored"
        if key in ModelSettings.model_fields and key != "model":
            instead = f"What `{key}` is for all models is used"
        problems.append(problem_of(within + ".", key, each, ModelSettings, source, instead))
        values.pop(key, None)
    return None if "model" in wrong else ModelSettings.model_validate(values)


def _read_rules(sent: list[Any] | tuple[Any, ...], source: str, problems: list[str]) -> Iterator[Rule]:
    for number, rule in enumerate(sent, 1):
        if isinstance(rule, Rule):
            yield rule
            continue
        if not isinstance(rule, Mapping):
            problems.append(f"Rule {number} in {source} is {quoted(rule)}, and no table. It is ignored.")
            continue
        try:
            yield Rule.model_validate(dict(rule))
        except ValidationError as error:
            each = without_context(error)[0]
            key = str(each["loc"][0])
            problems.append(problem_of(f"rule {number}: ", key, each, Rule, source, "The rule is ignored"))


def without_context(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong, as far as messages tell of it."""
    return error.errors(include_url=False, include_context=False)


def problem_of(
    within: str, key: str, error: ErrorDetails, kind: type[BaseModel], source: str, instead: str
) -> str:
    """The sentence for a value that cannot be used, and what is done ``instead``."""
    if key not in kind.model_fields:
        return f"{unknown(key, kind.model_fields, source, within)} {instead}."
    if error["type"] == "missing":
        return f"`{within}{key}` is missing in {source}. {instead}."
    value = shown(key, error["input"]) if key in _PRIVATE else quoted(error["input"])
    return f"`{within}{key}` is {value} in {source}: {reason_of(error['msg'])}. {instead}."
