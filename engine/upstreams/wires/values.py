"""Values that several APIs have in their answers, as they are read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ...types import Usage

Count = Annotated[int, Meta(ge=0, le=1 << 31)]
Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Milliseconds = Annotated[float, Meta(ge=0, le=1e9)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]


class CachedBody(Struct):
    cached_tokens: Count | None = None


class UsageBody(Struct):
    """OpenAI's; DeepSeek tells what was cached under a name of its own."""

    prompt_tokens: Count = 0
    completion_tokens: Count | None = None
    prompt_tokens_details: CachedBody | None = None
    prompt_cache_hit_tokens: Count | None = None

    def to_engine(self) -> Usage:
        details = self.prompt_tokens_details
        cached = (details.cached_tokens if details else None) or self.prompt_cache_hit_tokens or 0
        return Usage(self.prompt_tokens, self.completion_tokens or 0, cached)
