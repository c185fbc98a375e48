"""When the local model answers in the place of a server, and when the server does again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from fimble.engine.errors import FimbleError, ModelNotFound, Overloaded, UpstreamRefused, UpstreamUnavailable
from fimble.engine.serving import Serving
from fimble.engine.types import FimRequest
from fimble.engine.upstreams.gateway import Gateway
from fimble.engine.upstreams.health import LATE_SHARE, RETRY_SECONDS, Health
from fimble.engine.upstreams.member import Member
from fimble.engine.upstreams.stand_in import READ_SECONDS

from ..virtual_time import run
from .scripted import Scripted, until

REQUEST = FimRequest("a", "b", document="d")
TIMEOUT = 5.0


class Scene:
    """A server ``team`` with a local model behind it, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.health = Health(TIMEOUT, lambda: self.now)
        self.team = Scripted(Serving("https://team", "big"))
        self.local = Scripted(Serving("local", "small"))
        self.told: list[str] = []
        self.made = 0
        self.backend = Gateway(
            [Member("https://team", self.team, self.health)],
            self.make_local,
            lambda serving: self.told.append(str(serving)),
        )

    def make_local(self) -> Scripted:
        self.made += 1
        return self.local

    async def ask(self) -> str:
        return "".join([delta.text async for delta in self.backend.generate(REQUEST)])

    async def type_over(self, seconds: float) -> str:
        """A key whose request the next key ends after so long; what was answered by then."""
        before, task = self.team.asked + self.local.asked, asyncio.ensure_future(self.ask())
        await until(lambda: self.team.asked + self.local.asked > before)
        self.now += seconds
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        [answer] = await asyncio.gather(task, return_exceptions=True)
        return answer if isinstance(answer, str) else ""


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    made = Scene()
    yield made
    await made.backend.close()


async def test_the_server_answers_and_the_local_model_only_reads_along(scene: Scene) -> None:
    assert await scene.ask() == "https://team"
    await until(lambda: scene.local.warmed)
    assert (scene.local.asked, scene.told) == (0, [])
    assert scene.backend.serving == Serving("https://team", "big")


async def test_the_local_model_reads_along_now_and_then_only(scene: Scene) -> None:
    for _ in range(5):
        assert await scene.ask() == "https://team"
        await asyncio.sleep(0)
    assert scene.local.warmed == 1


def test_the_local_model_reads_on_when_some_time_has_passed() -> None:
    async def typed() -> int:
        scene = Scene()
        for _ in range(10):
            await scene.ask()
            await asyncio.sleep(READ_SECONDS / 2)
        await scene.backend.close()
        return scene.local.warmed

    assert run(typed()) == 5


def test_a_slow_local_model_reads_a_small_part_of_the_time() -> None:
    async def typed() -> int:
        scene = Scene()
        scene.local.warm_seconds = 5.0
        for _ in range(110):
            await scene.ask()
            await asyncio.sleep(1.0)
        await scene.backend.close()
        return scene.local.warmed

    assert run(typed()) == 2


async def test_a_server_that_is_away_is_replaced_at_once_and_told(scene: Scene) -> None:
    scene.team.error = UpstreamUnavailable("It is off.")
    assert await scene.ask() == "local"
    assert scene.told == ["local, while https://team is away"]
    assert scene.backend.serving == Serving("local", "small", "https://team", "It is off.")
    assert await scene.ask() == "local"
    assert scene.team.asked == 1


class TestSilence:
    async def test_typing_on_reaches_the_local_model(self, scene: Scene) -> None:
        """The time adds up over keys, each of which ends the request before it."""
        scene.team.silent = True
        answers = [await scene.type_over(0.3) for _ in range(6)]
        assert answers == ["", "", "", "", "local", "local"]
        assert 4 * 0.3 >= TIMEOUT * LATE_SHARE > 3 * 0.3

    async def test_makes_the_server_count_as_away(self, scene: Scene) -> None:
        scene.team.silent = True
        for _ in range(100):
            await scene.type_over(0.3)
        assert scene.told == ["local, while https://team is away"]
        assert scene.team.asked == 5

    async def test_of_both_makes_it_so_too(self, scene: Scene) -> None:
        scene.team.silent = scene.local.silent = True
        for _ in range(20):
            await scene.type_over(0.3)
        assert scene.told == ["local, while https://team is away"]

    async def test_that_was_only_slowness_ends_with_the_late_answer(self, scene: Scene) -> None:
        scene.team.silent = True
        for _ in range(6):
            await scene.type_over(0.3)
        assert scene.health.away
        scene.health.heard()
        scene.team.silent = False
        assert await scene.ask() == "https://team"
        assert scene.told[-1] == "https://team"

    async def test_is_only_counted_while_the_server_is_asked(self, scene: Scene) -> None:
        scene.team.silent = True
        for _ in range(3):
            assert await scene.type_over(0.1) == ""
            scene.now += 1000
        assert scene.health.patience > 0

    async def test_ends_with_an_answer(self, scene: Scene) -> None:
        scene.team.silent = True
        for _ in range(3):
            await scene.type_over(0.3)
        scene.team.silent = False
        assert await scene.ask() == "https://team"
        assert scene.health.patience == TIMEOUT * LATE_SHARE

    async def test_ends_with_an_answer_that_nobody_waited_for(self, scene: Scene) -> None:
        scene.team.silent = True
        for _ in range(20):
            assert await scene.type_over(0.3) == ""
            scene.health.heard()

    async def test_the_server_may_still_be_the_faster_one(self, scene: Scene) -> None:
        scene.team.silent = scene.local.silent = True
        scene.health.waited(TIMEOUT * LATE_SHARE)
        task = asyncio.ensure_future(scene.ask())
        await until(lambda: scene.local.asked)
        scene.team.speak.set()
        assert await task == "https://team"

    async def test_a_local_model_that_cannot_be_used_is_no_reason_to_fail(self, scene: Scene) -> None:
        scene.team.silent, scene.local.error = True, ModelNotFound("no such model")
        scene.health.waited(TIMEOUT * LATE_SHARE)
        task = asyncio.ensure_future(scene.ask())
        await until(lambda: scene.local.asked)
        scene.team.speak.set()
        assert await task == "https://team"


class TestErrors:
    async def test_before_the_first_piece_are_not_seen(self, scene: Scene) -> None:
        scene.team.error = UpstreamUnavailable("It answers nonsense.")
        assert await scene.ask() == "local"

    async def test_after_it_are(self, scene: Scene) -> None:
        scene.team.error, scene.team.fails_after = UpstreamUnavailable("It broke off."), 1
        with pytest.raises(UpstreamUnavailable):
            await scene.ask()
        assert await scene.ask() == "local"

    @pytest.mark.parametrize("error", [UpstreamRefused("wrong key"), Overloaded("too many")])
    async def test_that_the_user_should_see_are_shown(self, scene: Scene, error: FimbleError) -> None:
        scene.team.error = error
        for _ in range(3):
            with pytest.raises(type(error)):
                await scene.ask()
        assert scene.made == 0

    async def test_of_both_the_local_one_is_told(self, scene: Scene) -> None:
        scene.team.error, scene.local.error = UpstreamUnavailable("off"), ModelNotFound("no such model")
        with pytest.raises(ModelNotFound):
            await scene.ask()


class TestTheWayBack:
    async def look(self, scene: Scene) -> None:
        """A request that finds the time come to look for the server, and the end of that look."""
        before = scene.team.looked_at
        await scene.ask()
        await until(lambda: scene.team.looked_at > before)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def test_is_found_behind_the_requests(self, scene: Scene) -> None:
        scene.team.error = UpstreamUnavailable("off")
        await scene.ask()
        for _ in range(5):
            assert await scene.ask() == "local"
        assert scene.team.looked_at == 0
        scene.team.error = None
        scene.now += RETRY_SECONDS
        await self.look(scene)
        assert await scene.ask() == "https://team"
        assert scene.told == ["local, while https://team is away", "https://team"]

    async def test_is_looked_for_ever_more_seldom(self, scene: Scene) -> None:
        scene.team.error = UpstreamUnavailable("off")
        for _ in range(400):
            await scene.ask()
            await asyncio.sleep(0)
            scene.now += 1
        assert 5 <= scene.team.looked_at <= 12

    async def test_warming_goes_where_requests_go(self, scene: Scene) -> None:
        await scene.backend.warm(REQUEST)
        scene.team.error = UpstreamUnavailable("off")
        assert (await scene.backend.info()).id == "small"
        await scene.backend.warm(REQUEST)
        assert (scene.team.warmed, scene.local.warmed) == (1, 1)
        scene.team.error = None
        scene.now += RETRY_SECONDS
        await scene.backend.warm(REQUEST)
        await until(lambda: not scene.health.away)
        assert scene.told[-1] == "https://team"
