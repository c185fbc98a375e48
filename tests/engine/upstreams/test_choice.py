"""In which order upstreams are asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.routing import Price, Routing
from fimble.engine.types import ChatRequest, FimRequest, Message
from fimble.engine.upstreams.choice import allows, in_order
from fimble.engine.upstreams.health import BUSY_SECONDS, Health
from fimble.engine.upstreams.member import Member

from .scripted import Scripted

NAMES = ["a", "b", "c", "d", "e"]
CHAT = ChatRequest((Message("user", "hello"),))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def members(clock: Clock) -> list[Member]:
    return [Member(name, Scripted.named(name), Health(5.0, clock)) for name in NAMES]


def names(members: list[Member], request: FimRequest | ChatRequest) -> list[str]:
    return [member.name for member in in_order(members, request)]


def typing(document: str, user: str = "") -> FimRequest:
    return FimRequest("x = ", "", document=document, user=user)


def asked_with(**routing: object) -> ChatRequest:
    return replace(CHAT, routing=Routing(**routing))


def by_name(members: list[Member]) -> dict[str, Member]:
    return {member.name: member for member in members}


class TestADocument:
    def test_stays_where_it_was_read(self, members: list[Member]) -> None:
        first = names(members, typing("file:///a.py"))
        assert names(members[::-1], replace(typing("file:///a.py"), prefix="y = f(")) == first

    def test_is_one_person_s(self, members: list[Member]) -> None:
        firsts = {names(members, typing("file:///a.py", user))[0] for user in map(str, range(50))}
        assert firsts == set(NAMES)

    @given(st.integers(0, 4), st.lists(st.text(), min_size=1, max_size=20, unique=True))
    def test_moves_only_when_its_own_upstream_is_away(self, which: int, documents: list[str]) -> None:
        members = [Member(name, Scripted.named(name), Health(5.0)) for name in NAMES]
        before = {document: names(members, typing(document)) for document in documents}
        members[which].health.lost("off")
        for document, line in before.items():
            now = names(members, typing(document))
            assert now == [name for name in line if name != NAMES[which]] + [NAMES[which]]
        members[which].health.heard()
        assert before == {document: names(members, typing(document)) for document in documents}

    def test_documents_are_spread_evenly(self, members: list[Member]) -> None:
        firsts = [names(members, typing(f"file:///{n}.py"))[0] for n in range(1000)]
        assert all(150 < firsts.count(name) < 250 for name in NAMES)


class TestThoseThatCannotAnswerNow:
    def test_are_asked_last(self, members: list[Member], clock: Clock) -> None:
        line = names(members, CHAT)
        found = by_name(members)
        found[line[0]].health.lost("off")
        found[line[1]].health.refused("wrong key")
        found[line[2]].health.took_no_more()
        found[line[3]].running = found[line[3]].backend.slots
        assert names(members, CHAT) == [line[4], line[2], line[3], line[1], line[0]]
        clock.now += BUSY_SECONDS
        assert names(members, CHAT)[0] == line[2]

    def test_a_backup_is_asked_behind_the_others_even_when_they_are_full(self, members: list[Member]) -> None:
        first = by_name(members)[names(members, CHAT)[0]]
        first.backup = True
        for member in members:
            member.running = 0 if member.backup else member.backend.slots
        assert names(members, CHAT)[-1] == first.name


class TestWhatARequestSays:
    def test_only_and_ignore_choose(self, members: list[Member]) -> None:
        assert set(names(members, asked_with(only=("a", "c")))) == {"a", "c"}
        assert set(names(members, asked_with(ignore=("a", "c")))) == {"b", "d", "e"}
        assert names(members, asked_with(only=("local",))) == []
        assert allows("local", asked_with(only=("local",)))
        assert not allows("local", asked_with(only=("a",)))

    def test_order_comes_first(self, members: list[Member]) -> None:
        assert names(members, asked_with(order=("d", "unknown", "b")))[:2] == ["d", "b"]
        by_name(members)["d"].health.lost("off")
        line = names(members, asked_with(order=("d", "b")))
        assert (line[0], line[-1]) == ("b", "d")

    def test_prices(self, members: list[Member]) -> None:
        prices = [Price(3, 15), Price(0.5, 1), None, Price(0.5, 1, 4), Price(prompt=20)]
        for member, price in zip(members, prices, strict=True):
            member.price = price
        assert names(members, asked_with(sort="price")) == ["c", "b", "d", "a", "e"]
        assert names(members, asked_with(sort="price", max_price=Price(completion=1))) == ["c", "b", "d", "e"]
        assert names(members, asked_with(sort="price", max_price=Price(prompt=1, request=1))) == ["c", "b"]

    def test_what_was_measured(self, members: list[Member]) -> None:
        for member, first, speed in zip(
            members, (0.2, 0.1, None, 0.4, 0.3), (50, 90, None, 20, 70), strict=True
        ):
            member.first_seconds, member.tokens_per_second = first, speed
        assert names(members, asked_with(sort="latency")) == ["c", "b", "a", "e", "d"]
        assert names(members, asked_with(sort="throughput")) == ["c", "b", "e", "a", "d"]
