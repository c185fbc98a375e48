"""``POST /complete``: text around a cursor, and what belongs there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from fimble.engine.types import Eagerness, FimRequest, Sampling, Snippet

from ..limits import MAX_CONTEXT_FILES
from .base import WHOLE, Body, FilePath, Name, Seed, StopString, Temperature, Text, Whole, Word

CONFIDENCE = "With `details`: how likely the completion is to be taken; left out where nothing is known"
UPSTREAM = "With `details`: which of the model's upstreams answered, `local` for the model beside them"
FROM_MEMORY = "With `details`: true where an earlier answer was right and the model was not asked"


class ContextFile(Body):
    """A piece of another file that may help."""

    file_path: FilePath
    content: Text
    kind: Word = "file"


class CompleteRequest(Body):
    """Text around a cursor. Fields after ``file_path`` are extensions of this server."""

    prefix: Text = Field(description="All text before the cursor; may be empty")
    suffix: Text = Field(description="All text after the cursor; may be empty")
    language: Word = Field(description="Language id, such as python or typescript")
    file_path: FilePath = Field("", description="Relative path, used as context only")
    model: Name = Field("", description="A model of /v1/models; the default one when left out")
    max_tokens: Annotated[int, Field(ge=0, le=8000), WHOLE] | None = Field(
        None, description="0 evaluates the prompt and answers at once"
    )
    temperature: Temperature = Field(0.0, description="0 is deterministic")
    seed: Seed | None = None
    stop: list[StopString] = Field(default_factory=list, max_length=8, fail_fast=True)
    n: Whole = Field(1, ge=1, le=8, description="How many different completions; more than 1: `completions`")
    stream: bool = Field(False, description="Server-sent events of `delta`, then [DONE]")
    context: list[ContextFile] = Field(default_factory=list, max_length=MAX_CONTEXT_FILES, fail_fast=True)
    deadline_ms: Annotated[int, Field(ge=1, le=600_000), WHOLE] | None = Field(
        None, description="Answer within this time, or fail"
    )
    generate_ms: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = Field(
        None, description="Time for its text once the prompt is read; after that it ends with its line"
    )
    mode: Literal["auto", "line", "block"] = Field("auto", description="One line, a block, or by the syntax")
    details: bool = Field(False, description="Tell model, usage and timings as well")
    trim: bool = Field(True, description="False: the model's text as it came")
    document: Word = Field(
        "",
        description="A name for what is edited: a newer request with it ends the older one, and typing an "
        "answer is answered without the model",
    )
    workspace: Word = Field("", description="A name for the project that `document` is in")
    left_out: Annotated[int, Field(ge=0, le=1 << 31), WHOLE] = Field(
        0, description="How many characters of the file come before `prefix` and were not sent"
    )

    invoked: bool = Field(
        False, description="Asked for by hand, and not by typing: the server may have another model for it"
    )

    eagerness: Eagerness | None = Field(
        None, description="How sure the completion must be: it is cut short, or empty, where it is not"
    )
    min_confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="The same as a probability; the stricter of the two counts"
    )

    def to_engine(self, user: str, max_tokens: int | None) -> FimRequest:
        """The engine's own request."""
        return FimRequest(
            prefix=self.prefix,
            suffix=self.suffix,
            language=self.language,
            path=self.file_path,
            snippets=tuple(Snippet(c.file_path, c.content) for c in self.context),
            mode=self.mode,
            max_tokens=max_tokens,
            sampling=Sampling(temperature=self.temperature, seed=self.seed),
            stop=tuple(self.stop),
            deadline_ms=self.deadline_ms,
            generate_ms=self.generate_ms,
            model=self.model or None,
            document=self._whole_name(user) if self.document else None,
            workspace=self.workspace or None,
            user=user,
            trim=self.trim,
            left_out=self.left_out,
            invoked=self.invoked,
            eagerness=self.eagerness,
            min_confidence=self.min_confidence,
        )

    def _whole_name(self, user: str) -> str:
        """The document's name among those of all people and workspaces. The length tells where a workspace's
        name ends, which may have slashes too."""
        return f"{user}/{len(self.workspace)}/{self.workspace}/{self.document}"


class UsageBody(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class TimingsBody(BaseModel):
    """Milliseconds."""

    queue_ms: float
    prompt_ms: float
    generate_ms: float
    total_ms: float


class CompleteResponse(BaseModel):
    """Exactly ``completion`` and ``finish_reason`` unless more was asked for."""

    completion: str = Field(description="The text to insert at the cursor")
    finish_reason: Literal["stop", "length"]
    completions: list[str] | None = Field(None, description="With n > 1: all different ones, the best first")
    model: str | None = None
    upstream: str | None = Field(None, description=UPSTREAM)
    usage: UsageBody | None = None
    timings: TimingsBody | None = None
    confidence: float | None = Field(None, description=CONFIDENCE)
    from_memory: bool | None = Field(None, description=FROM_MEMORY)


class CompleteEvent(BaseModel):
    """A piece of the completion; with ``details`` the last one tells the rest."""

    delta: str
    finish_reason: Literal["stop", "length"] | None = None
    model: str | None = None
    upstream: str | None = Field(None, description=UPSTREAM)
    usage: UsageBody | None = None
    timings: TimingsBody | None = None
    confidence: float | None = Field(None, description=CONFIDENCE)
    from_memory: bool | None = Field(None, description=FROM_MEMORY)
