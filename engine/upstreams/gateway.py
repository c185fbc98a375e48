"""All that can answer for one model: upstreams in the order that suits a request, then the local model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ..backends.base import Backend
from ..deadline import deadline_of, with_rest
from ..errors import FimbleError, InvalidRequest, UpstreamUnavailable
from ..serving import Serving, UpstreamState
from ..types import Delta, FimRequest, ModelInfo, Request
from .choice import allows, in_order
from .member import Member
from .race import AWAY, Attempt, first_to_speak
from .stand_in import LOCAL, StandIn

OnServing = Callable[[Serving], None]


class Gateway:
    """Asks the first member that can answer. Where that one fails before its first piece, or is late with a
    suggestion, the next one is asked; the local model, which ``make_local`` makes on demand, stands in for
    upstreams that are away. A member that is away is looked for behind the requests, so none of them waits
    for it. ``on_serving`` hears whenever another one answers.

    A gateway with a ``name`` calls its model so; without one it has a single upstream, whose model has its
    own name.
    """

    trims = False  # what a fimble trimmed is not changed by trimming it again

    def __init__(
        self,
        members: Iterable[Member],
        make_local: Callable[[], Backend] | None = None,
        on_serving: OnServing = lambda serving: None,
        name: str = "",
    ) -> None:
        self._members, self._name = list(members), name
        self._stand_in = StandIn(make_local) if make_local is not None else None
        self._on_serving = on_serving
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._told = self.serving.engine
        self.slots = sum(member.backend.slots for member in self._members)

    @property
    def serving(self) -> Serving:
        first = self._members[0]
        up = next((member for member in self._members if not member.health.away), None)
        if up is not None:
            serving = self._called(up)
        elif self._stand_in is not None:
            local = self._stand_in.serving
            serving = replace(local, model=self._name or local.model)
        else:
            return self._called(first)
        if up is first:
            return serving
        return replace(serving, instead_of=self._called(first).engine, why=first.health.why)

    @property
    def states(self) -> list[UpstreamState]:
        """What is known of each upstream."""
        self._look_around()
        return [member.state(self.serving.model) for member in self._members]

    async def info(self) -> ModelInfo:
        error: FimbleError | None = None
        for member in [each for each in self._members if not each.health.away]:
            try:
                found = await member.backend.info()
            except UpstreamUnavailable as failed:
                member.health.lost(failed.message)
                error = failed
                self._tell()
                continue
            return replace(found, id=self._name or found.id)
        if self._stand_in is not None:
            local = await self._stand_in.backend.info()
            return replace(local, id=self._name or local.id)
        raise error or UpstreamUnavailable(self._members[0].health.why)

    async def check(self) -> ModelInfo:
        found = await self.info()
        everyone_away = all(member.health.away for member in self._members)
        return await self._stand_in.backend.check() if self._stand_in and everyone_away else found

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self._look_around()
        attempts = self._attempts(request)
        async with aclosing(first_to_speak(attempts)) as deltas:
            async for delta in deltas:
                yield delta

    async def warm(self, request: FimRequest) -> None:
        self._look_around()
        line = [member for member in in_order(self._members, request) if not member.health.away]
        if line:
            await line[0].backend.warm(request)
        elif self._stand_in is not None:
            await self._stand_in.backend.warm(request)

    async def close(self) -> None:
        looks = [*self._looks.values()]
        for task in looks:
            task.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        behind = [member.backend for member in self._members] + ([self._stand_in] if self._stand_in else [])
        await asyncio.gather(*(each.close() for each in behind))

    def _attempts(self, request: Request) -> list[Attempt]:
        """Who is asked, one after the other. Where no upstream is there the local model is asked at once;
        without one, the best of them has another chance."""
        ends_at = deadline_of(request)
        line = in_order(self._members, request)
        there = [member for member in line if not member.health.away]
        stand_in = self._stand_in if allows(LOCAL, request) else None
        if not line and stand_in is None:
            names = ", ".join(member.name for member in self._members)
            raise InvalidRequest(
                f"`provider` leaves none of the upstreams that there are: {names}.", "provider"
            )
        chosen = there or ([] if stand_in else line[:1])
        attempts = [
            self._attempt(member, following, request, ends_at)
            for member, following in zip(chosen, [*chosen[1:], None], strict=False)
        ]
        if stand_in is not None:
            attempts.append(
                Attempt(lambda: self._ask_local(stand_in, with_rest(request, ends_at)), stands_in_for=AWAY)
            )
        return attempts

    def _attempt(
        self, member: Member, following: Member | None, request: Request, ends_at: float | None
    ) -> Attempt:
        return Attempt(
            lambda: self._ask(member, with_rest(request, ends_at)),
            member.health.patience if _may_be_doubled(request, following) else None,
            member.late,
        )

    async def _ask(self, member: Member, request: Request) -> AsyncGenerator[Delta]:
        heard = False
        try:
            async with aclosing(member.ask(request)) as deltas:
                async for delta in deltas:
                    heard = True
                    yield replace(delta, model="", upstream=member.name) if self._name else delta
        finally:
            self._tell()
            if heard and self._stand_in is not None and isinstance(request, FimRequest):
                self._stand_in.read_along(request)

    async def _ask_local(self, local: StandIn, request: Request) -> AsyncGenerator[Delta]:
        async with aclosing(local.backend.generate(request)) as deltas:
            async for delta in deltas:
                yield replace(delta, upstream=LOCAL) if self._name else delta

    def _look_around(self) -> None:
        """Look whether upstreams that are away are back, and whether quiet ones are there."""
        for member in self._members:
            health = member.health
            if health.retry_now() or (health.quiet and not health.away and not member.running):
                self._look(member.name, self._seen(member))

    def _look(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self._looks and not self._looks[name].done():
            work.close()
        else:
            self._looks[name] = asyncio.get_running_loop().create_task(work)

    async def _seen(self, member: Member) -> None:
        try:
            await member.backend.info()
        except UpstreamUnavailable as error:
            member.health.lost(error.message)
        except FimbleError:
            member.health.found()  # it answers again, with an error that the caller should see
        else:
            member.health.found()
        self._tell()

    def _called(self, member: Member) -> Serving:
        """Who a member is, for people."""
        serving = member.backend.serving
        return Serving(member.name, self._name) if self._name else serving

    def _tell(self) -> None:
        serving = self.serving
        if serving.engine != self._told:
            self._told = serving.engine
            self._on_serving(serving)


def _may_be_doubled(request: Request, following: Member | None) -> bool:
    """Whether the next one may be asked while this one is only late: a suggestion of one that costs nothing.
    None is the local model."""
    return isinstance(request, FimRequest) and (following is None or following.price is None)
