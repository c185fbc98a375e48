"""Whether suggestions are made: switched off altogether, for a language, for a while, or for a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from fimble.engine.privacy.patterns import Pattern, names

from .context.exclusion import Exclusion

OffKind = Literal["off", "snoozed"]


@dataclass(frozen=True, slots=True)
class Off:
    """Why nothing is suggested, as a sentence with the next step in it where there is one.

    ``until`` is when suggestions come back by themselves, as ISO 8601 with the zone.
    """

    kind: OffKind
    message: str
    until: str = ""


def local_time() -> datetime:
    return datetime.now().astimezone()


class Switches:
    """The switches of one session. Commands win over options until options are sent again."""

    def __init__(self, exclusion: Exclusion, clock: Callable[[], datetime] = local_time) -> None:
        self.exclusion = exclusion
        self._clock = clock
        self._enabled = True
        self._languages: set[str] = set()
        self._paths: tuple[Pattern, ...] = ()
        self._snooze: tuple[datetime, datetime] | None = None

    def configure(self, enabled: bool, languages: Iterable[str], paths: tuple[Pattern, ...]) -> None:
        """Take the options: overall switch, ids of languages that are off, patterns of files that are."""
        self._enabled, self._languages, self._paths = enabled, set(languages), paths

    def toggle(self, language: str | None = None, enabled: bool | None = None) -> bool:
        """Switch everything or one language, to the other side unless told which; returns the new state."""
        if language is None:
            self._enabled = not self._enabled if enabled is None else enabled
            self._snooze = None
            return self._enabled
        on = language in self._languages if enabled is None else enabled
        (self._languages.discard if on else self._languages.add)(language)
        return on

    def snooze(self, minutes: float) -> datetime | None:
        """Be quiet for a while; 0 ends it. Returns until when."""
        now = self._clock()
        self._snooze = (now, now + timedelta(minutes=minutes)) if minutes else None
        return self.snoozed_until

    @property
    def enabled(self) -> bool:
        """Whether anything may be computed at all."""
        return self._enabled and self.snoozed_until is None

    @property
    def snoozed_until(self) -> datetime | None:
        """When a snooze ends; a clock that was set back ends it at once."""
        if self._snooze is None or not self._snooze[0] <= self._clock() < self._snooze[1]:
            return None
        return self._snooze[1]

    def reason(self, uri: str, language: str) -> Off | None:
        """Why a document gets no suggestions; None when it does."""
        if not self._enabled:
            return Off("off", "Suggestions are switched off.")
        if (until := self.snoozed_until) is not None:
            message = f"Suggestions are snoozed until {self._spoken(until)}."
            return Off("snoozed", message, until.isoformat(timespec="seconds"))
        if language in self._languages:
            return Off("off", f"Suggestions are switched off for {language}.")
        if self._paths and names(self._paths, self.exclusion.relative_path(uri).split("/")):
            return Off("off", "Suggestions are switched off for this file by the option disabledPaths.")
        excluded = self.exclusion.reason(uri)
        return Off("off", excluded) if excluded else None

    def _spoken(self, until: datetime) -> str:
        """The time of day, with the day where that is another one."""
        today = self._clock().date() == until.date()
        return until.strftime("%H:%M") if today else until.strftime("%Y-%m-%d %H:%M")
