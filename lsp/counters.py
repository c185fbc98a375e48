"""What happened in a session, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fimble.engine.types import Usage


@dataclass
class Counters:
    """Keys and requests, what was suggested, and the model's work.

    ``model_runs`` counts what the engine was asked, ahead of time too; ``from_memory`` counts requests that
    needed no model. A suggestion is ``shown`` with each request that it answers. It has ``changed`` when it
    is not what is left of the one that was shown before, and counts among ``suggestions`` once, however many
    keys it was typed along with.
    """

    keys: int = 0
    requests: int = 0
    model_runs: int = 0
    shown: int = 0
    changed: int = 0
    suggestions: int = 0
    from_memory: int = 0
    accepted: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def add(self, usage: Usage) -> None:
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens
        self.completion_tokens += usage.completion_tokens

    def to_wire(self) -> dict[str, int]:
        return asdict(self)
