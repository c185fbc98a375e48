"""What was chosen for each document. It is chosen in a pause, by a thread of its own, and never for a key: a
key gets what is there, so that the beginning of its prompt stays as it was."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from ..privacy.rules import PrivacyRules
from ..types import FimRequest, Snippet
from .choose import Chosen, Place, choose
from .definitions import wanted_names
from .files import Files, HeldFiles, WorkspaceFiles
from .limits import DOCUMENTS_KEPT, MOVED_CHARACTERS, PAUSE_SECONDS
from .plan import Plan

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A choice and what it was made for."""

    at: int
    names: frozenset[str]
    beside: tuple[Snippet, ...]
    plan: Plan
    chosen: tuple[Chosen, ...]


class Contexts:
    """Choices of one engine. Use from one event loop; ``close`` it at the end."""

    def __init__(self, warm: Callable[[FimRequest], Awaitable[None]], pause: float = PAUSE_SECONDS) -> None:
        """``warm`` is told of a request whose prompt begins in another way now."""
        self._warm, self._pause = warm, pause
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._privacy = PrivacyRules()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._choosing = False
        self._next: tuple[FimRequest, Plan] | None = None

    def enriched(self, request: FimRequest, plan: Plan) -> FimRequest:
        """The request with what was chosen for its document. Nothing is read; another choice is made when
        nothing more is asked for a while."""
        if not request.context or request.document is None or not plan.characters:
            return request
        if not request.ahead:
            self._later(request, plan)
        kept = self._kept.get(request.document)
        if kept is None or not kept.chosen:
            return request
        self._kept.move_to_end(request.document)
        return replace(request, snippets=(*request.snippets, *(each.snippet for each in kept.chosen)))

    async def now(self, request: FimRequest, plan: Plan) -> tuple[Chosen, ...]:
        """What is chosen for a request at once; for who can wait."""
        if not request.context or not plan.characters:
            return ()
        return await in_thread(lambda: chosen_for(request, plan, self._privacy))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()

    def _later(self, request: FimRequest, plan: Plan) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = self._pause if request.document in self._kept else 0.0
        self._timer = asyncio.get_running_loop().call_later(delay, self._begin, request, plan)

    def _begin(self, request: FimRequest, plan: Plan) -> None:
        """One choice at a time: where a disk does not answer, no second one waits for it."""
        if self._choosing:
            self._next = request, plan
        elif self._stale(request, plan):
            self._choosing = True
            task = asyncio.create_task(self._choose(request, plan))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _stale(self, request: FimRequest, plan: Plan) -> bool:
        kept = self._kept.get(request.document or "")
        return (
            kept is None
            or kept.plan != plan
            or kept.beside != request.beside
            or self._moved(kept, request)
            or not kept.names.issuperset(wanted_names(request.prefix, request.suffix))
        )

    def _moved(self, kept: _Kept, request: FimRequest) -> bool:
        return abs(kept.at - request.left_out - len(request.prefix)) > MOVED_CHARACTERS

    async def _choose(self, request: FimRequest, plan: Plan) -> None:
        before = self._kept.get(request.document or "")
        try:
            chosen = await in_thread(lambda: chosen_for(request, plan, self._privacy))
        except Exception:
            log.exception("Choosing from other files failed")
            chosen = ()
        self._choosing = False
        changed = self._keep(request, plan, chosen, before)
        following, self._next = self._next, None
        if following is not None:
            self._begin(*following)
        if changed:
            await self._warm(request)

    def _keep(
        self, request: FimRequest, plan: Plan, chosen: tuple[Chosen, ...], before: _Kept | None
    ) -> bool:
        """Take a choice, or stay with the one before; tells whether prompts begin in another way now."""
        at = request.left_out + len(request.prefix)
        if before is not None and before.plan == plan and not self._moved(before, request):
            at = before.at
            if not _adds(chosen, before.chosen):
                chosen = before.chosen
        names, document = frozenset(wanted_names(request.prefix, request.suffix)), request.document or ""
        self._kept[document] = _Kept(at, names, request.beside, plan, chosen)
        self._kept.move_to_end(document)
        while len(self._kept) > DOCUMENTS_KEPT:
            self._kept.popitem(last=False)
        return chosen != (before.chosen if before is not None else ())


def chosen_for(request: FimRequest, plan: Plan, privacy: PrivacyRules) -> tuple[Chosen, ...]:
    """What is chosen for a request now; reads files."""
    held = HeldFiles(request.beside)
    files: Files = held
    if request.workspace:
        files = WorkspaceFiles(Path(request.workspace), privacy, held)
    head = (files.text(request.path) or "") if request.left_out else ""
    opened = tuple(each.path for each in request.beside)
    place = Place(request.path, request.prefix, request.suffix, request.language, opened, head)
    return choose(place, files, plan)


def _adds(new: tuple[Chosen, ...], old: tuple[Chosen, ...]) -> bool:
    """Whether a choice for nearly the same place has what is worth reading a prompt anew: another definition,
    or a text where one was changed."""
    paths = {each.snippet.path: each for each in old}
    return any(
        each.snippet.path not in paths or (each.reason == "definitions" and each != paths[each.snippet.path])
        for each in new
        if each.reason != "similar"
    )


async def in_thread(work: Callable[[], tuple[Chosen, ...]]) -> tuple[Chosen, ...]:
    """Run something that may read files. Nobody waits for such a thread when the process ends: a disk that is
    away may hold it for ever."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Chosen, ...]] = loop.create_future()

    def tell(result: tuple[Chosen, ...] | Exception) -> None:
        if done.done():
            return
        if isinstance(result, Exception):
            done.set_exception(result)
        else:
            done.set_result(result)

    def run() -> None:
        result: tuple[Chosen, ...] | Exception
        try:
            result = work()
        except Exception as error:
            result = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result)

    Thread(target=run, name="fimble-context", daemon=True).start()
    return await done
