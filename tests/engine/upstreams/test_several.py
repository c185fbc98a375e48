"""Several upstreams for one model: who is asked after whom, and what becomes known of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from fimble.engine.errors import (
    FimbleError,
    InvalidRequest,
    Overloaded,
    Superseded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from fimble.engine.routing import Price, Routing
from fimble.engine.serving import Serving
from fimble.engine.types import ChatRequest, FimRequest, Message, Request
from fimble.engine.upstreams.gateway import Gateway
from fimble.engine.upstreams.health import BUSY_SECONDS, LATE_SHARE, QUIET_SECONDS, Health
from fimble.engine.upstreams.member import Member

from .scripted import Scripted, until

TYPED = FimRequest("a", "b", document="d")
CHAT = ChatRequest((Message("user", "hello"),))
TIMEOUT = 5.0


class Scene:
    """Two upstreams and a local model; ``first`` is the one that a request goes to, ``second`` the other."""

    def __init__(self, request: Request = TYPED, local: bool = True) -> None:
        self.now, self.request = 0.0, request
        self.local = Scripted.named("small")
        made = [self._member(name) for name in ("gpu1", "gpu2")]
        self.gateway = Gateway(made, (lambda: self.local) if local else None, name="coder")
        self.members = self._asked_first(made)

    def _member(self, name: str) -> Member:
        return Member(name, Scripted.named(name), Health(TIMEOUT, lambda: self.now))

    def _asked_first(self, made: list[Member]) -> list[Member]:
        from fimble.engine.upstreams.choice import in_order

        return in_order(made, self.request)

    def backend(self, which: int) -> Scripted:
        found = self.members[which].backend
        assert isinstance(found, Scripted)
        return found

    def fails(self, *errors: FimbleError) -> None:
        for which, error in enumerate(errors):
            self.backend(which).error = error

    async def ask(self, request: Request | None = None) -> str:
        """The name of who answered, as the answer has it."""
        deltas = [delta async for delta in self.gateway.generate(request or self.request)]
        [name] = {delta.upstream for delta in deltas}
        return name


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    made = Scene()
    yield made
    await made.gateway.close()


@pytest.fixture
async def chat() -> AsyncGenerator[Scene]:
    made = Scene(CHAT, local=False)
    yield made
    await made.gateway.close()


ANOTHER_MAY_HAVE_AN_ANSWER = [
    UpstreamUnavailable("off"), UpstreamRefused("key"), Overloaded("much"), UnsupportedParameter("top_k"),
]  # fmt: skip


@pytest.mark.parametrize("error", ANOTHER_MAY_HAVE_AN_ANSWER)
async def test_the_next_upstream_is_asked(scene: Scene, error: FimbleError) -> None:
    assert await scene.ask() == scene.members[0].name
    scene.fails(error)
    assert await scene.ask() == scene.members[1].name
    assert scene.local.asked == 0


async def test_an_error_of_the_request_is_no_reason_to_ask_another(scene: Scene) -> None:
    scene.fails(InvalidRequest("no"))
    with pytest.raises(InvalidRequest):
        await scene.ask()
    assert scene.backend(1).asked == 0


async def test_the_local_model_stands_in_for_those_that_are_away(scene: Scene) -> None:
    scene.fails(UpstreamUnavailable("off"), UpstreamUnavailable("off"))
    assert await scene.ask() == "local"
    assert scene.gateway.serving.instead_of == "gpu1"


@pytest.mark.parametrize("error", ANOTHER_MAY_HAVE_AN_ANSWER[1:])
async def test_but_not_for_what_the_user_should_see(scene: Scene, error: FimbleError) -> None:
    scene.fails(error, error)
    with pytest.raises(type(error)):
        await scene.ask()
    assert scene.local.asked == 0


async def test_a_refused_key_is_told_when_nobody_answers(chat: Scene) -> None:
    chat.fails(UpstreamRefused("wrong key"), UpstreamUnavailable("off"))
    with pytest.raises(UpstreamRefused):
        await chat.ask()


async def test_those_that_refused_or_had_too_much_to_do_are_asked_later(scene: Scene) -> None:
    scene.fails(Overloaded("much"))
    await scene.ask()
    await scene.ask()
    assert (scene.backend(0).asked, scene.backend(1).asked) == (1, 2)
    scene.backend(0).error = None
    scene.now += BUSY_SECONDS
    assert await scene.ask() == scene.members[0].name


async def test_a_request_whose_place_a_newer_one_took_is_no_sign_of_much_to_do(scene: Scene) -> None:
    scene.fails(Superseded("A newer request took this one's place."))
    with pytest.raises(Superseded):
        await scene.ask()
    scene.backend(0).error = None
    assert await scene.ask() == scene.members[0].name
    assert scene.backend(1).asked == 0


async def test_all_away_and_no_local_model_the_first_has_another_chance(chat: Scene) -> None:
    chat.fails(UpstreamUnavailable("off"), UpstreamUnavailable("off"))
    with pytest.raises(UpstreamUnavailable):
        await chat.ask()
    chat.backend(0).error = None
    assert await chat.ask() == chat.members[0].name


async def test_after_the_first_piece_nobody_else_is_asked(scene: Scene) -> None:
    scene.fails(UpstreamUnavailable("broke off"))
    scene.backend(0).fails_after = 1
    with pytest.raises(UpstreamUnavailable, match="broke off"):
        await scene.ask()
    assert scene.backend(1).asked == 0


class TestLate:
    """Who is late is not waited for: a suggestion is asked of the next one as well."""

    async def ask_while_silent(self, scene: Scene) -> asyncio.Task[str]:
        scene.backend(0).silent = True
        scene.members[0].health._silent = TIMEOUT * LATE_SHARE  # so late already that nothing is waited for
        task = asyncio.ensure_future(scene.ask())
        await until(lambda: scene.backend(0).asked)
        return task

    async def test_suggestions_are_asked_of_the_next(self, scene: Scene) -> None:
        task = await self.ask_while_silent(scene)
        assert await task == scene.members[1].name
        assert scene.members[0].hedged == 1

    async def test_but_not_of_one_that_costs_money(self, scene: Scene) -> None:
        scene.members[1].price = Price(1)
        task = await self.ask_while_silent(scene)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        scene.backend(0).speak.set()
        assert await task == scene.members[0].name
        assert scene.backend(1).asked == 0

    async def test_and_a_chat_only_of_one(self, chat: Scene) -> None:
        task = await self.ask_while_silent(chat)
        for _ in range(20):
            await asyncio.sleep(0)
        chat.backend(0).speak.set()
        assert await task == chat.members[0].name
        assert chat.backend(1).asked == 0

    async def test_one_that_answers_others_is_not_away(self, scene: Scene) -> None:
        await scene.ask()
        task = await self.ask_while_silent(scene)
        assert await task == scene.members[1].name
        assert not scene.members[0].health.away


class TestWhatIsKnown:
    async def test_of_each_upstream(self, scene: Scene) -> None:
        first = scene.members[0].name
        await scene.ask()
        scene.fails(UpstreamUnavailable("It is off."))
        await scene.ask()
        known = {state.name: state for state in scene.gateway.states}
        assert known.keys() == {"gpu1", "gpu2"}
        lost = known[first]
        assert (lost.up, lost.why, lost.requests, lost.failures) == (False, "It is off.", 2, 1)
        assert {state.model for state in known.values()} == {"coder"}

    async def test_the_model_has_the_gateway_s_name(self, scene: Scene) -> None:
        assert (await scene.gateway.info()).id == "coder"
        assert scene.gateway.serving == Serving("gpu1", "coder")
        assert scene.gateway.slots == 2

    async def test_quiet_ones_are_looked_at(self, scene: Scene) -> None:
        scene.now += QUIET_SECONDS + 1
        scene.fails(UpstreamUnavailable("off"))
        await scene.ask(replace(CHAT, routing=Routing(only=(scene.members[1].name,))))
        await until(lambda: scene.members[0].health.away)
        assert scene.backend(0).asked == 0


async def test_when_a_request_leaves_no_upstream(scene: Scene) -> None:
    with pytest.raises(InvalidRequest, match="gpu1, gpu2") as caught:
        await scene.ask(replace(CHAT, routing=Routing(only=("other",))))
    assert caught.value.param == "provider"
    assert await scene.ask(replace(CHAT, routing=Routing(only=("local",)))) == "local"


async def test_the_next_one_has_the_time_that_is_left(scene: Scene) -> None:
    seen: list[float | None] = []
    backend = scene.backend(1)
    answer = backend.generate

    def noting(request: Request) -> AsyncGenerator[object]:
        seen.append(request.deadline_ms)
        return answer(request)

    backend.generate = noting  # type: ignore[method-assign, assignment]
    scene.fails(UpstreamUnavailable("off"))
    await scene.ask(replace(TYPED, deadline_ms=60_000.0))
    assert seen[0] is not None
    assert 0 < seen[0] <= 60_000
