"""How one suggestion came about: the same way as every other one, watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from .backends.base import Backend
from .context.choose import Chosen
from .decode.proposals import Candidate
from .gate import Gate
from .gate.calibration import calibrations
from .gate.weighing import Cut
from .memory.index import OpenIndexes
from .memory.proposer import proposer
from .serving import Serving
from .suggesting import trimmed
from .tokens import Certainty, PromptPart
from .trim import SyntaxChecker
from .types import Delta, FimRequest, ModelInfo, Request, Timings, Usage


@dataclass(frozen=True, slots=True)
class Explanation:
    """``asked`` is what the model was asked, None where it was not; ``prompt`` is empty where another machine
    made it. ``written`` is the model's text, of the tokens of ``certainties``; ``trimmed`` what of it belongs
    there; ``cuts`` are the places where the gate might have ended it, and ``shown`` is what it let pass.
    ``threshold`` None: everything passes."""

    asked: FimRequest | None
    model: str
    chosen: tuple[Chosen, ...] = ()
    prompt: tuple[PromptPart, ...] = ()
    proposals: tuple[Candidate, ...] = ()
    written: str = ""
    finish_reason: str = ""
    certainties: tuple[Certainty, ...] = ()
    trimmed: str = ""
    cuts: tuple[Cut, ...] = ()
    threshold: float | None = None
    shown: str = ""
    confidence: float | None = None
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)


class Watched:
    """A backend whose answers to suggestions are remembered."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.asked: FimRequest | None = None
        self.deltas: list[Delta] = []

    @property
    def slots(self) -> int:
        return self._backend.slots

    @property
    def trims(self) -> bool:
        return self._backend.trims

    @property
    def serving(self) -> Serving:
        return self._backend.serving

    async def info(self) -> ModelInfo:
        return await self._backend.info()

    async def check(self) -> ModelInfo:
        return await self._backend.check()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if isinstance(request, FimRequest):
            self.asked = request
        async with aclosing(self._backend.generate(request)) as deltas:
            async for delta in deltas:
                self.deltas.append(delta)
                yield delta

    async def warm(self, request: FimRequest) -> None:
        await self._backend.warm(request)

    async def close(self) -> None:
        await self._backend.close()


async def explained(
    backend: Backend,
    suggest: Callable[[Backend], AsyncGenerator[Delta]],
    chosen: tuple[Chosen, ...] = (),
    file: str = "",
) -> Explanation:
    """Watch what ``suggest`` makes of a backend's answer. ``file`` is the model's, if it is known."""
    watched = Watched(backend)
    async with aclosing(suggest(watched)) as deltas:
        made = [delta async for delta in deltas]
    shown, model = "".join(delta.text for delta in made), backend.serving.model
    confidence = made[-1].confidence if made else None
    asked, written = watched.asked, watched.deltas
    if asked is None or not written:
        return Explanation(None, model, chosen, shown=shown, confidence=confidence)
    certainties = tuple(each for delta in written for each in delta.certainties)
    text = "".join(delta.text for delta in written)
    kept = text if backend.trims else await _trimmed(asked, written)
    gate = Gate(asked, calibrations().of(model, file))
    return Explanation(
        asked=asked,
        model=model,
        chosen=chosen,
        prompt=next((delta.prompt for delta in written if delta.prompt), ()),
        proposals=await asyncio.to_thread(_proposals, asked),
        written=text,
        finish_reason=written[-1].finish_reason or "",
        certainties=certainties,
        trimmed=kept,
        cuts=tuple(gate.cuts(kept, certainties)) if certainties and kept else (),
        threshold=gate.threshold,
        shown=shown,
        confidence=confidence,
        usage=written[-1].usage or Usage(),
        timings=written[-1].timings or Timings(),
    )


async def _trimmed(request: FimRequest, deltas: list[Delta]) -> str:
    async def again() -> AsyncGenerator[Delta]:
        for delta in deltas:
            yield delta

    return "".join([delta.text async for delta in trimmed(again(), request, SyntaxChecker(request))])


def _proposals(request: FimRequest) -> tuple[Candidate, ...]:
    """What is proposed at the cursor, by the file, other texts and the project's index."""
    return tuple(proposer(request, OpenIndexes().get(request.index)).propose())
