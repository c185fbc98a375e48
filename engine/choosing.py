"""Which model a suggestion is asked of: the first rule that fits decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .model_settings import Rule
from .privacy.patterns import Pattern, names, parse_pattern
from .types import FimRequest

_SEPARATORS = re.compile(r"[/\\]+")


class Rules:
    """The rules, ready to be asked with every key."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [_Conditions.of(rule) for rule in rules]

    def model_for(self, request: FimRequest) -> str | None:
        """The model of the first rule that fits; None when none does."""
        path = [part for part in _SEPARATORS.split(request.path) if part not in ("", ".")]
        return next((rule.model for rule in self._rules if rule.fit(request, path)), None)


@dataclass(frozen=True, slots=True)
class _Conditions:
    """A rule with its patterns read; what is empty or None fits everything."""

    model: str
    languages: frozenset[str]
    patterns: tuple[Pattern, ...]
    by_hand: bool | None

    @classmethod
    def of(cls, rule: Rule) -> _Conditions:
        languages = frozenset(language.casefold() for language in rule.languages)
        patterns = tuple(filter(None, map(parse_pattern, rule.paths)))
        return cls(rule.model, languages, patterns, rule.trigger and rule.trigger == "by hand")

    def fit(self, request: FimRequest, path: list[str]) -> bool:
        if self.by_hand is not None and self.by_hand != request.invoked:
            return False
        if self.languages and request.language.casefold() not in self.languages:
            return False
        return not self.patterns or names(self.patterns, path)
