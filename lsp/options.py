"""What an editor sends as options, at the start and later: everything optional, nothing fatal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_camel, to_snake

from fimble.engine.privacy.patterns import BadPattern, Pattern, parse_pattern
from fimble.engine.settings import Settings
from fimble.engine.wrong_values import reason_of

from . import limits


class Options(BaseModel):
    """Editor options; the engine's settings may stand beside them and win over file and environment."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)

    enabled: bool = Field(True, description="Whether suggestions are made at all")
    disabled_languages: tuple[str, ...] = Field((), description="Language ids without suggestions")
    disabled_paths: tuple[str, ...] = Field(
        (), description="Files without suggestions, as patterns like those of .gitignore"
    )
    completion: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Offer suggestions in the completion menu: `auto` if the editor has no inline ones",
    )
    context_files: bool = Field(True, description="Tell the model about other open files")
    candidates: int = Field(3, ge=1, le=8, description="How many suggestions to make when asked by hand")
    prefetch: bool = Field(True, description="Prepare the next suggestion while one is shown")
    debounce: Literal["auto", "off"] | Annotated[int, Field(ge=0, le=limits.DEBOUNCE_MS)] = Field(
        "auto",
        description="How long to wait for the next key, in milliseconds; `auto`: by how fast somebody types",
    )
    statistics: bool = Field(True, description="Keep local statistics; nothing leaves the machine")

    @field_validator("debounce", mode="wrap")
    @classmethod
    def _debounce(cls, value: object, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            most = f"{limits.DEBOUNCE_MS:,}"
            raise ValueError(f"should be `auto`, `off` or milliseconds from 0 to {most}") from error

    @cached_property
    def path_patterns(self) -> tuple[Pattern, ...]:
        """``disabled_paths``, which :func:`read_options` has checked."""
        return tuple(filter(None, map(parse_pattern, self.disabled_paths)))


def read_options(sent: object) -> tuple[Options, dict[str, Any], list[str]]:
    """Options, engine settings found beside them, and a sentence for every value that is not usable."""
    values: dict[str, Any] = dict(sent) if isinstance(sent, dict) else {}
    problems = [] if sent is None or isinstance(sent, dict) else ["The options are not an object; ignored."]
    names = {name: to_camel(name) for name in Settings.model_fields}
    engine = {name: values.pop(sent_as) for name, sent_as in names.items() if values.get(sent_as) is not None}
    if isinstance(engine.get("models"), dict):
        engine["models"] = {name: _in_snake_case(table) for name, table in engine["models"].items()}
    values = {key: value for key, value in values.items() if value is not None}
    options = _validated(values, problems)
    patterns = tuple(_usable(options.disabled_paths, problems))
    return options.model_copy(update={"disabled_paths": patterns}), engine, problems


def _in_snake_case(table: object) -> object:
    """A model's own settings as the settings file has them."""
    return {to_snake(key): value for key, value in table.items()} if isinstance(table, dict) else table


def _validated(values: dict[str, Any], problems: list[str]) -> Options:
    """Drop every key that does not validate, with a problem each."""
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            key = str(each["loc"][0])
            if key in values:
                shown = _shortened(values.pop(key))
                problems.append(
                    f"The option `{key}` is {shown}: {reason_of(each['msg'])}. The default is used."
                )
        return Options.model_validate(values)


def _usable(patterns: tuple[str, ...], problems: list[str]) -> Iterator[str]:
    """The patterns that can be matched, at most so many."""
    if len(patterns) > limits.PATTERNS:
        problems.append(f"`disabledPaths` has more than {limits.PATTERNS:,} patterns; the rest is ignored.")
    for pattern in patterns[: limits.PATTERNS]:
        try:
            if len(pattern) > limits.PATTERN_CHARACTERS:
                raise BadPattern(f"it has more than {limits.PATTERN_CHARACTERS} characters")
            parse_pattern(pattern)
        except BadPattern as error:
            problems.append(f"The pattern {_shortened(pattern)} in `disabledPaths` is ignored: {error}.")
        else:
            yield pattern


def _shortened(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= limits.OPTION_CHARACTERS else shown[: limits.OPTION_CHARACTERS] + "…"
