"""One of those that can answer for a model: its backend, and what is known of how it answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from ..backends.base import Backend
from ..errors import FimbleError, Overloaded, UpstreamRefused, UpstreamUnavailable
from ..routing import Price
from ..serving import UpstreamState
from ..types import Delta, Request, Usage
from .health import Health

NEWEST_SHARE = 0.2
"""How much the newest answer counts in what is known of an upstream's speed."""


@dataclass(eq=False, slots=True)
class Member:
    """``name`` is what settings and requests call it. ``backup``: asked when no other can answer.
    ``first_seconds`` is how long it took to say something lately, ``tokens_per_second`` how fast it went on;
    None while nobody knows."""

    name: str
    backend: Backend
    health: Health
    price: Price | None = None
    backup: bool = False
    first_seconds: float | None = None
    tokens_per_second: float | None = None
    running: int = 0
    requests: int = 0
    failures: int = 0
    hedged: int = 0
    used: Usage = field(default_factory=Usage)

    @property
    def full(self) -> bool:
        """Whether it has as much to do as it takes."""
        return self.running >= self.backend.slots or self.health.busy

    async def ask(self, request: Request) -> AsyncGenerator[Delta]:
        """Its answer, and a note of how it answered. Any error of its own is an answer too."""
        answer = _Answer(self)
        self.requests += 1
        self.running += 1
        try:
            async with aclosing(self.backend.generate(request)) as deltas:
                async for delta in deltas:
                    answer.heard(delta)
                    yield delta
        except FimbleError as error:
            answer.failed(error)
            raise
        finally:
            self.running -= 1
            answer.ended()

    def late(self) -> None:
        """Another one has answered in its place."""
        self.hedged += 1
        self.health.late()

    def state(self, model: str) -> UpstreamState:
        first = None if self.first_seconds is None else self.first_seconds * 1000
        health = self.health
        return UpstreamState(
            self.name, model, not health.away, health.why or health.refusal, self.running, self.requests,
            self.failures, self.hedged, self.used.prompt_tokens, self.used.completion_tokens, first,
            self.tokens_per_second,
        )  # fmt: skip


class _Answer:
    """What one answer says of a member."""

    def __init__(self, member: Member) -> None:
        self._member, self._health = member, member.health
        self._asked_at = self._health.clock()
        self._first_at: float | None = None
        self._usage = Usage()
        self._answered = False

    def heard(self, delta: Delta) -> None:
        self._usage = delta.usage or self._usage
        if self._first_at is None:
            self._answered, self._first_at = True, self._health.clock()
            self._health.heard()
            seconds = self._first_at - self._asked_at
            self._member.first_seconds = _blended(self._member.first_seconds, seconds)
        elif delta.finish_reason is not None:
            self._note_speed(self._health.clock() - self._first_at)

    def failed(self, error: FimbleError) -> None:
        if isinstance(error, UpstreamUnavailable):
            self._member.failures += 1
            self._health.lost(error.message)
            return
        self._answered = True
        if isinstance(error, UpstreamRefused):
            self._health.refused(error.message)
        elif isinstance(error, Overloaded):
            self._health.took_no_more()
        else:
            self._health.heard()

    def ended(self) -> None:
        health, used = self._health, self._member.used
        if not self._answered and not health.away:
            health.waited(health.clock() - self._asked_at)
        self._member.used = Usage(
            used.prompt_tokens + self._usage.prompt_tokens,
            used.completion_tokens + self._usage.completion_tokens,
        )

    def _note_speed(self, seconds: float) -> None:
        further = self._usage.completion_tokens - 1
        if further > 0 and seconds > 0:
            member = self._member
            member.tokens_per_second = _blended(member.tokens_per_second, further / seconds)


def _blended(before: float | None, newest: float) -> float:
    return newest if before is None else before + (newest - before) * NEWEST_SHARE
