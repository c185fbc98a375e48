"""What came of people typing at a server."""

from __future__ import annotations

from dataclasses import dataclass, field

from .clients import Answer
from .tables import percentile


@dataclass
class Load:
    """Latencies in milliseconds; ``asked`` are those of what the client did not know itself, and ``outside``
    is the part of each that was not the engine's. ``keys`` are
    the seconds at which each one came, and whether it was answered before the next one. ``generator`` and
    ``server`` are processor seconds a second."""

    people: int
    latencies: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    keys: list[tuple[float, bool]] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    generator: float = 0.0
    server: float = 0.0

    def add(self, answer: Answer | None, milliseconds: float) -> None:
        """Count an answer, or with None a refusal."""
        if answer is None:
            self.refused += 1
            return
        self.latencies.append(milliseconds)
        if not answer.known:
            self.asked.append(milliseconds)
            self.outside.append(milliseconds - answer.engine_ms)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def refusals(self) -> float:
        """The share of keys that were refused an answer."""
        return self.refused / max(1, len(self.latencies) + self.refused)

    @property
    def known_share(self) -> float:
        """The share of answers that the client had itself."""
        return (len(self.latencies) - len(self.asked)) / max(1, len(self.latencies))

    def latency(self, share: float) -> float:
        return percentile(self.latencies, share)

    def in_time(self, since: float = 0.0) -> float:
        """The share of the keys from that second on that were answered before the next key."""
        judged = [answered for at, answered in self.keys if at >= since]
        return sum(judged) / max(1, len(judged))
