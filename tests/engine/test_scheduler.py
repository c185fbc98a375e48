"""Who runs next: newest wins for a document, turns rotate between people, the queue is bounded."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.errors import DeadlineExceeded, EngineClosed, Overloaded, Superseded
from fimble.engine.limits import AHEAD_WAITING
from fimble.engine.scheduler import Scheduler, Ticket
from fimble.engine.urgency import Urgency


def ticket(
    document: str | None = None, user: str = "", warm: bool = False, log: list[str] | None = None
) -> Ticket:
    urgency = Urgency.AHEAD if warm else Urgency.SUGGESTION
    return Ticket(document, user, urgency, lambda reason: (log if log is not None else []).append("out"))


def answer(user: str = "") -> Ticket:
    return Ticket(None, user, Urgency.ANSWER, lambda reason: None)


async def waiting(scheduler: Scheduler, one: Ticket) -> asyncio.Task[None]:
    """Start to wait for a turn, and return once it stands in the queue."""
    task = asyncio.create_task(scheduler.acquire(one))
    before = scheduler.waiting
    while scheduler.waiting == before and not task.done():  # noqa: ASYNC110
        await asyncio.sleep(0)
    return task


async def test_a_free_slot_is_had_at_once() -> None:
    scheduler = Scheduler(1, 4)
    await scheduler.acquire(ticket())
    assert (scheduler.running, scheduler.waiting) == (1, 0)


async def test_a_newer_request_replaces_the_waiting_one_and_stops_the_running_one() -> None:
    scheduler, log = Scheduler(2, 4), list[str]()
    await scheduler.acquire(ticket("other"))
    await scheduler.acquire(ticket("a", log=log))
    await scheduler.acquire(ticket("a"))
    assert log == ["out"]
    assert scheduler.running == 2


def variant(number: int, log: list[str]) -> Ticket:
    return Ticket("a", "", Urgency.SUGGESTION, lambda reason: log.append(f"out {number}"), number)


async def test_variants_of_a_request_replace_nothing_and_are_replaced_together() -> None:
    scheduler, log = Scheduler(2, 4), list[str]()
    for number in range(2):
        await scheduler.acquire(variant(number, log))
    waits = await waiting(scheduler, variant(2, log))
    assert (scheduler.running, scheduler.waiting, log) == (2, 1, [])
    await scheduler.acquire(ticket("a"))
    assert log == ["out 0", "out 1"]
    with pytest.raises(Superseded):
        await waits


async def test_variants_count_once_in_a_queue() -> None:
    scheduler, log = Scheduler(1, 1), list[str]()
    await scheduler.acquire(ticket("busy"))
    tasks = [await waiting(scheduler, variant(number, log)) for number in range(3)]
    assert scheduler.waiting == 3
    with pytest.raises(Overloaded):
        await scheduler.acquire(ticket("other"))
    for task in tasks:
        task.cancel()


async def test_a_document_that_was_answered_elsewhere_ends_its_requests_but_no_work_ahead() -> None:
    scheduler, log = Scheduler(3, 4), list[str]()
    for each in (ticket("a", "ann", log=log), ticket("a", "bob"), ticket()):
        await scheduler.acquire(each)
    waits = await waiting(scheduler, ticket("c", "ann"))
    scheduler.end("c", "ann")
    with pytest.raises(Superseded):
        await waits
    scheduler.end("a", "ann")
    assert log == ["out"]
    await scheduler.acquire(ticket("b", warm=True))
    scheduler.end("b", "")
    scheduler.end(None, "")
    assert scheduler.running == 3


async def test_of_many_requests_for_a_document_only_the_newest_waits() -> None:
    scheduler = Scheduler(1, 4)
    busy = ticket("busy")
    await scheduler.acquire(busy)
    tasks = [await waiting(scheduler, ticket("a")) for _ in range(1)]
    for _ in range(5):
        tasks.append(asyncio.create_task(scheduler.acquire(ticket("a"))))
        await asyncio.sleep(0)
    scheduler.release(busy)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, Superseded) for result in results] == [True] * 5 + [False]


async def test_documents_of_different_people_do_not_replace_each_other() -> None:
    scheduler, log = Scheduler(1, 4), list[str]()
    await scheduler.acquire(ticket("a", "ann", log=log))
    task = await waiting(scheduler, ticket("a", "bob"))
    assert log == []
    assert not task.done()
    task.cancel()


async def test_turns_rotate_between_people() -> None:
    scheduler, order = Scheduler(1, 50), list[str]()
    first = ticket(user="zed")
    await scheduler.acquire(first)

    async def run(user: str) -> None:
        mine = ticket(user=user)
        await scheduler.acquire(mine)
        order.append(user)
        scheduler.release(mine)

    tasks = [asyncio.create_task(run(user)) for user in ["ann"] * 4 + ["bob"] * 2]
    await asyncio.sleep(0)
    scheduler.release(first)
    await asyncio.gather(*tasks)
    assert order == ["ann", "bob", "ann", "bob", "ann", "ann"]


async def test_a_free_slot_counts_as_a_turn() -> None:
    scheduler, order = Scheduler(1, 50), list[str]()
    first = ticket(user="ann")
    await scheduler.acquire(first)

    async def run(user: str) -> None:
        mine = ticket(user=user)
        await scheduler.acquire(mine)
        order.append(user)
        scheduler.release(mine)

    tasks = [asyncio.create_task(run(user)) for user in ("ann", "bob")]
    await asyncio.sleep(0)
    scheduler.release(first)
    await asyncio.gather(*tasks)
    assert order == ["bob", "ann"]


async def test_a_suggestion_does_not_wait_for_an_answer_that_takes_a_while() -> None:
    scheduler = Scheduler(1, 50)
    await scheduler.acquire(answer())
    await scheduler.acquire(ticket())
    waits = await waiting(scheduler, answer())
    assert (scheduler.running, scheduler.waiting) == (2, 1)
    waits.cancel()


async def test_closing_ends_what_runs_and_what_waits() -> None:
    scheduler, log = Scheduler(1, 50), list[str]()
    await scheduler.acquire(ticket(log=log))
    task = await waiting(scheduler, ticket())
    scheduler.close()
    with pytest.raises(EngineClosed):
        await task
    with pytest.raises(EngineClosed):
        await scheduler.acquire(ticket())
    assert log == ["out"]
    assert (scheduler.running, scheduler.waiting) == (0, 0)


async def test_a_full_queue_refuses() -> None:
    scheduler = Scheduler(1, 1)
    await scheduler.acquire(ticket())
    task = await waiting(scheduler, ticket())
    with pytest.raises(Overloaded):
        await scheduler.acquire(ticket())
    task.cancel()


async def test_answers_that_wait_take_no_place_of_a_suggestion_in_the_queue() -> None:
    scheduler = Scheduler(1, 2)
    await scheduler.acquire(answer())
    await scheduler.acquire(ticket())
    tasks = [await waiting(scheduler, answer()) for _ in range(2)]
    with pytest.raises(Overloaded):
        await scheduler.acquire(answer())
    suggestion = await waiting(scheduler, ticket())
    assert not suggestion.done()
    for task in [*tasks, suggestion]:
        task.cancel()


async def test_a_deadline_in_the_queue() -> None:
    scheduler = Scheduler(1, 4)
    await scheduler.acquire(ticket())
    with pytest.raises(DeadlineExceeded):
        await scheduler.acquire(ticket(), deadline_seconds=0)
    assert scheduler.waiting == 0


async def test_who_gives_up_in_the_queue_leaves_no_trace() -> None:
    scheduler = Scheduler(1, 4)
    first = ticket()
    await scheduler.acquire(first)
    task = await waiting(scheduler, ticket())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    scheduler.release(first)
    assert (scheduler.running, scheduler.waiting) == (0, 0)


async def test_a_turn_granted_in_the_moment_of_giving_up_is_passed_on() -> None:
    scheduler = Scheduler(1, 4)
    first = ticket()
    await scheduler.acquire(first)
    task = await waiting(scheduler, ticket())
    scheduler.release(first)  # grants the turn; the task has not run yet
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert scheduler.running == 0


class TestWarming:
    async def test_gives_way_to_requests_in_the_queue(self) -> None:
        scheduler, order = Scheduler(1, 9), list[str]()
        first = ticket("x")
        await scheduler.acquire(first)

        async def run(name: str, warm: bool) -> None:
            mine = ticket(name, warm=warm)
            await scheduler.acquire(mine)
            order.append(name)
            scheduler.release(mine)

        tasks = [asyncio.create_task(run("warm", True)), asyncio.create_task(run("request", False))]
        await asyncio.sleep(0)
        scheduler.release(first)
        await asyncio.gather(*tasks)
        assert order == ["request", "warm"]

    async def test_is_stopped_by_a_request_for_the_same_document(self) -> None:
        scheduler, log = Scheduler(1, 9), list[str]()
        await scheduler.acquire(ticket("a", warm=True, log=log))
        await scheduler.acquire(ticket("a"))
        assert log == ["out"]

    async def test_never_replaces_a_request(self) -> None:
        scheduler, log = Scheduler(1, 9), list[str]()
        await scheduler.acquire(ticket("a", log=log))
        with pytest.raises(Superseded):
            await scheduler.acquire(ticket("a", warm=True))
        assert log == []

    async def test_gives_its_slot_up_to_a_request_for_any_document(self) -> None:
        scheduler, log = Scheduler(1, 9), list[str]()
        await scheduler.acquire(ticket("a", warm=True, log=log))
        await scheduler.acquire(ticket("b"))
        assert log == ["out"]
        assert scheduler.running == 1

    async def test_keeps_its_slot_while_another_one_is_free(self) -> None:
        scheduler, log = Scheduler(2, 9), list[str]()
        await scheduler.acquire(ticket("a", warm=True, log=log))
        await scheduler.acquire(ticket("b"))
        assert log == []

    async def test_replaces_older_warming_of_its_document(self) -> None:
        scheduler, log = Scheduler(1, 9), list[str]()
        await scheduler.acquire(ticket("a", warm=True, log=log))
        await scheduler.acquire(ticket("a", warm=True))
        assert log == ["out"]
        older = await waiting(scheduler, ticket("b", warm=True))
        newer = asyncio.create_task(scheduler.acquire(ticket("b", warm=True)))
        with pytest.raises(Superseded):
            await older
        assert not newer.done()
        newer.cancel()

    async def test_takes_no_place_of_a_request_in_the_queue(self) -> None:
        scheduler = Scheduler(1, 1)
        await scheduler.acquire(ticket("x"))
        many = [asyncio.create_task(scheduler.acquire(ticket(str(i), warm=True))) for i in range(50)]
        await asyncio.sleep(0)
        assert scheduler.waiting == AHEAD_WAITING
        request = await waiting(scheduler, ticket("y"))
        assert not request.done()
        for task in [*many, request]:
            task.cancel()
        await asyncio.gather(*many, return_exceptions=True)


def of_model(
    model: str, urgency: Urgency = Urgency.SUGGESTION, user: str = "", log: list[str] | None = None
) -> Ticket:
    return Ticket(
        None, user, urgency, lambda reason: (log if log is not None else []).append(model), model=model
    )


class TestSeveralModels:
    """Each has slots of its own; the machine is everybody's."""

    async def test_suggestions_of_one_do_not_wait_for_another(self) -> None:
        scheduler = Scheduler(1, 4)
        scheduler.add("wide", 2)
        for model in ("a", "b", "wide", "wide"):
            await scheduler.acquire(of_model(model))
        full = await waiting(scheduler, of_model("wide"))
        assert not full.done()
        full.cancel()

    async def test_who_waits_for_one_holds_nobody_up_who_asks_another(self) -> None:
        scheduler = Scheduler(1, 4)
        await scheduler.acquire(of_model("a"))
        task = await waiting(scheduler, of_model("a", user="first"))
        await scheduler.acquire(of_model("b", user="second"))
        assert not task.done()
        task.cancel()

    async def test_work_ahead_ends_for_a_suggestion_of_another_and_waits_until_that_is_made(self) -> None:
        scheduler, log = Scheduler(2, 4), list[str]()
        await scheduler.acquire(of_model("a", Urgency.AHEAD, log=log))
        suggestion = of_model("b")
        await scheduler.acquire(suggestion)
        assert log == ["a"]
        again = await waiting(scheduler, of_model("a", Urgency.AHEAD))
        await scheduler.acquire(of_model("b", Urgency.AHEAD))  # its own batch knows what goes first
        assert not again.done()
        scheduler.release(suggestion)
        await again

    async def test_work_ahead_goes_on_beside_a_long_answer(self) -> None:
        scheduler = Scheduler(1, 4)
        await scheduler.acquire(of_model("a", Urgency.ANSWER))
        await scheduler.acquire(of_model("b", Urgency.AHEAD))

    async def test_only_so_many_give_long_answers_at_a_time(self) -> None:
        scheduler = Scheduler(2, 8, answering=2)
        answers = [of_model(model, Urgency.ANSWER) for model in ("a", "b")]
        for each in answers:
            await scheduler.acquire(each)
        third = await waiting(scheduler, of_model("c", Urgency.ANSWER, "third"))
        last = await waiting(scheduler, of_model("a", Urgency.ANSWER, "last"))
        assert not last.done(), "a model that is always asked keeps no other out"
        await scheduler.acquire(of_model("c"))
        scheduler.release(answers[0])
        await third
        assert not last.done()
        scheduler.release(answers[1])
        await last

    async def test_the_full_queue_of_one_leaves_the_others_room(self) -> None:
        scheduler = Scheduler(1, 1)
        for model in "ab":
            await scheduler.acquire(of_model(model))
        queued = [await waiting(scheduler, of_model(model)) for model in "ab"]
        with pytest.raises(Overloaded):
            await scheduler.acquire(of_model("b"))
        for task in queued:
            task.cancel()

    async def test_busy_is_what_somebody_waits_for(self) -> None:
        scheduler = Scheduler(1, 4)
        await scheduler.acquire(of_model("a", Urgency.AHEAD))
        await scheduler.acquire(of_model("b"))
        held = await waiting(scheduler, of_model("b"))
        await scheduler.acquire(of_model("c", Urgency.ANSWER))
        assert [scheduler.busy(model) for model in ("a", "b", "c", "d")] == [False, True, True, False]
        held.cancel()


TURNS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abc"), st.sampled_from(Urgency), st.sampled_from(["", "x", "y"])),
        st.integers(0, 20),
    ),
    max_size=60,
)


@given(TURNS)
def test_whatever_comes_and_goes_nobody_waits_for_nothing(
    turns: list[tuple[str, Urgency, str] | int],
) -> None:
    """Tickets of several models come, and those that have a turn go, in any order."""

    async def history() -> None:
        scheduler, tasks = Scheduler(2, 100, answering=2), dict[Ticket, asyncio.Task[None]]()

        def leave(ticket: Ticket) -> None:
            scheduler.release(ticket)
            check()

        def check() -> None:
            running = scheduler._running
            for model in "abc":
                own = [each for each in running if each.model == model]
                assert sum(each.long for each in own) <= 2
                assert sum(not each.long for each in own) <= 2
            hurried = {each.model for each in running if each.hurries}
            assert all(hurried <= {each.model} for each in running if each.ahead)
            assert len({each.model for each in running if each.long}) <= 2

        for turn in turns:
            if isinstance(turn, int):
                if running := [each for each in tasks if each in scheduler._running]:
                    leave(running[turn % len(running)])
                continue
            model, urgency, document = turn
            ticket = Ticket(document or None, "", urgency, lambda reason: None, model=model)
            tasks[ticket] = asyncio.create_task(scheduler.acquire(ticket))
            await asyncio.sleep(0)
            check()
        while scheduler.running:
            leave(scheduler._running[0])
            await asyncio.sleep(0)
        assert scheduler.waiting == 0
        ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert all(isinstance(end, Superseded | None) for end in ends)

    asyncio.run(history())
