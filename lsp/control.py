"""Whether suggestions are made: switched off altogether, for a language, for a while, or for a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from pathspec import GitIgnoreSpec

from .context.exclusion import Exclusion

OffKind = Literal["off", "snoozed"]


@dataclass(frozen=True, slots=True)
class Off:
    """Why nothing is suggested, as a sentence with the next step in it where there is one."""

    kind: OffKind
    message: str


class Control:
    """The switches of one session. Commands win over options until options are sent again."""

    def __init__(self, exclusion: Exclusion, clock: Callable[[], float] = time.monotonic) -> None:
        self.exclusion = exclusion
        self._clock = clock
        self._enabled = True
        self._languages: set[str] = set()
        self._paths = GitIgnoreSpec([])
        self._snoozed_until = 0.0

    def configure(self, enabled: bool, languages: Iterable[str], paths: Iterable[str]) -> None:
        """Take the options: overall switch, ids of languages that are off, patterns of files that are."""
        self._enabled, self._languages = enabled, set(languages)
        self._paths = GitIgnoreSpec.from_lines(paths)

    def toggle(self, language: str | None = None, enabled: bool | None = None) -> bool:
        """Switch everything or one language, to the other side unless told which; returns the new state."""
        if language is None:
            self._enabled = not self._enabled if enabled is None else enabled
            self._snoozed_until = 0.0
            return self._enabled
        on = language in self._languages if enabled is None else enabled
        (self._languages.discard if on else self._languages.add)(language)
        return on

    def snooze(self, minutes: float) -> float:
        """Be quiet for a while; 0 ends it. Returns the seconds that it lasts."""
        self._snoozed_until = self._clock() + 60 * minutes
        return 60 * minutes

    @property
    def enabled(self) -> bool:
        """Whether anything may be computed at all."""
        return self._enabled and not self.snoozed

    @property
    def snoozed(self) -> bool:
        return self._clock() < self._snoozed_until

    def reason(self, uri: str, language: str) -> Off | None:
        """Why a document gets no suggestions; None when it does."""
        if not self._enabled:
            return Off("off", "Suggestions are switched off.")
        if self.snoozed:
            minutes = (self._snoozed_until - self._clock()) / 60
            return Off("snoozed", f"Suggestions are back in {minutes:.0f} min.")
        if language in self._languages:
            return Off("off", f"Suggestions are switched off for {language}.")
        if self._paths.match_file(self.exclusion.relative_path(uri)):
            return Off("off", "Suggestions are switched off for this file by the option disabledPaths.")
        excluded = self.exclusion.reason(uri)
        return Off("off", excluded) if excluded else None
