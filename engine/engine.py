"""The engine: one façade over models, schedules and trimming. Both doors call it, and nothing below."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from .backends.base import Backend
from .errors import ModelNotFound
from .limits import CONTEXT_CHARACTERS
from .opening import open_backend
from .privacy.guard import guarded
from .prompt.window import clip, reach_of
from .scheduler import Scheduler
from .serving import Serving
from .settings import Settings
from .syntax.cursor import wants_block
from .trim import Trimmer
from .turns import in_turn, warm_in_turn
from .types import ChatRequest, Completion, Delta, FimRequest, ModelInfo, TextRequest, Timings, Usage
from .workers.worker import OnState

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class _Served:
    backend: Backend
    scheduler: Scheduler


class Engine:
    """Answers requests with the configured model. Use from one event loop; ``close`` it at the end."""

    def __init__(
        self,
        settings: Settings,
        on_state: OnState = lambda state, detail: None,
        backend: Backend | None = None,
    ) -> None:
        """``on_state`` hears of a model being loaded, ready, stopped or failed, and of another engine that
        answers from now on (see :attr:`serving`); ``backend`` replaces the configured one."""
        self.settings = settings
        backend = backend or open_backend(settings, on_state)
        self._default = _Served(backend, Scheduler(backend.slots, settings.queue))
        self._reach = reach_of(settings.window_tokens)

    async def complete(self, request: FimRequest) -> Completion:
        """The whole suggestion; see :mod:`.errors` for what it raises."""
        return await self._whole(self.stream(request))

    def stream(self, request: FimRequest) -> AsyncGenerator[Delta]:
        """The suggestion in pieces, which joined are what :meth:`complete` gives. Closing the iterator
        stops the model within one token."""
        served = self._serve(request.model)
        return in_turn(
            served.scheduler, guarded(request), lambda turn: suggested(served.backend, turn, self._reach)
        )

    def answered(self, request: FimRequest) -> None:
        """Told of a request that was answered without the model: it ends what is under way for its document,
        as if it had been asked here."""
        self._serve(request.model).scheduler.end(request.document, request.user)

    async def complete_text(self, request: TextRequest) -> Completion:
        """The whole continuation of a prompt."""
        return await self._whole(self.stream_text(request))

    def stream_text(self, request: TextRequest) -> AsyncGenerator[Delta]:
        """The continuation of a prompt in pieces, as :meth:`stream` gives a suggestion."""
        served = self._serve(request.model)
        return in_turn(served.scheduler, request, served.backend.generate)

    async def complete_chat(self, request: ChatRequest) -> Completion:
        """The whole answer to a conversation."""
        return await self._whole(self.stream_chat(request))

    def stream_chat(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """The answer to a conversation in pieces; each tool call comes whole, in one piece."""
        served = self._serve(request.model)
        return in_turn(served.scheduler, request, served.backend.generate)

    async def warm(self, request: FimRequest) -> None:
        """Evaluate a request's prompt ahead of time; gives way to every real request, and never fails."""
        served = self._serve(request.model)
        await warm_in_turn(served.scheduler, prepare(guarded(request), self._reach)[0], served.backend.warm)

    async def models(self) -> list[ModelInfo]:
        """The models that can be asked for, the default one first."""
        return [await self._default.backend.info()]

    async def check(self) -> ModelInfo:
        """The default model; raises within seconds why it cannot answer now."""
        return await self._default.backend.check()

    @property
    def serving(self) -> Serving:
        """Which engine answers now, with which model, and in whose place."""
        return self._default.backend.serving

    async def close(self) -> None:
        """Stop everything, for good: what runs or waits ends with :class:`~.errors.EngineClosed`."""
        self._default.scheduler.close()
        await self._default.backend.close()

    async def _whole(self, stream: AsyncGenerator[Delta]) -> Completion:
        async with aclosing(stream) as deltas:
            made = [delta async for delta in deltas]
        last = made[-1] if made else Delta("")
        return Completion(
            "".join(delta.text for delta in made),
            last.finish_reason or "stop",
            self._default.backend.serving.model,
            last.usage or Usage(),
            last.timings or Timings(),
            tuple(each for delta in made for each in delta.logprobs),
            tuple(call for delta in made for call in delta.tool_calls),
        )

    def _serve(self, model: str | None) -> _Served:
        if model in (None, "", DEFAULT, self._default.backend.serving.model, self.settings.model):
            return self._default
        raise ModelNotFound(f"There is no model {model!r} here. Leave the model out to use the default.")


async def suggested(
    backend: Backend, request: FimRequest, reach: int = CONTEXT_CHARACTERS
) -> AsyncGenerator[Delta]:
    """A request's suggestion, trimmed where the backend does not, with the file's own line ends."""
    request, newline = prepare(request, reach)
    as_it_came = not request.trim or request.logprobs is not None or request.grammar is not None
    async with aclosing(backend.generate(request)) as pieces:
        kept = pieces if as_it_came or backend.trims else trimmed(pieces, request)
        async with aclosing(kept) as deltas:
            async for delta in deltas:
                yield replace(delta, text=delta.text.replace("\n", newline))


async def trimmed(pieces: AsyncIterator[Delta], request: FimRequest) -> AsyncGenerator[Delta]:
    """Pass pieces through the trimmer; ends as soon as the suggestion is complete."""
    trimmer = Trimmer(request)
    async for delta in pieces:
        text, reason = trimmer.feed(delta.text), delta.finish_reason
        if trimmer.done:
            reason = "stop"
        if reason is not None:
            yield replace(delta, text=text + trimmer.finish(reason), finish_reason=reason)
            return
        if text:
            yield replace(delta, text=text)


def prepare(request: FimRequest, reach: int = CONTEXT_CHARACTERS) -> tuple[FimRequest, str]:
    """The request as a backend gets it, and the line end that its answer must have.

    Texts are cut to ``reach`` characters, line ends become ``\\n``, and "auto" becomes "line" or
    "block".
    """
    newline = "\r\n" if "\r\n" in request.prefix or "\r\n" in request.suffix else "\n"
    if newline != "\n":
        request = replace(
            request,
            prefix=request.prefix.replace("\r\n", "\n"),
            suffix=request.suffix.replace("\r\n", "\n"),
        )
    request = clip(request, reach)
    if request.mode == "auto":
        block = wants_block(request.prefix, request.suffix, request.language, request.path, request.left_out)
        request = replace(request, mode="block" if block else "line")
    return request, newline
