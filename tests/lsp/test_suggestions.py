"""The life of a suggestion: found again, offered, accepted."""

from __future__ import annotations

from fimble.lsp.positions import Place
from fimble.lsp.snapshot import Snapshot
from fimble.lsp.suggestions import SuggestionMemory


def snapshot(prefix: str, suffix: str = "") -> Snapshot:
    place = Place(0, len(prefix))
    return Snapshot("u", 1, "python", prefix, suffix, 0, len(suffix), place, place)


def test_memory_finds_the_newest_that_fits() -> None:
    memory = SuggestionMemory()
    memory.add("old", snapshot("a"))
    new = memory.add("bcd", snapshot("a"))
    found = memory.find(snapshot("ab"))
    assert found is not None
    assert (found.id, found.text, found.before) == (new.id, "cd", 2)


def test_memory_goes_back_to_an_earlier_one_after_a_correction() -> None:
    memory = SuggestionMemory()
    memory.add("print(x)", snapshot(""))
    memory.add("nothing", snapshot("pq"))
    found = memory.find(snapshot("p"))
    assert found is not None
    assert found.text == "rint(x)"


def test_memory_knows_that_there_was_nothing() -> None:
    memory = SuggestionMemory()
    memory.add("", snapshot("a"))
    found = memory.find(snapshot("a"))
    assert found is not None
    assert found.text == ""
    assert memory.find(snapshot("ab")) is None


def test_memory_is_bounded() -> None:
    memory = SuggestionMemory()
    for i in range(100):
        memory.add("x", snapshot(f"{i} "))
    assert memory.find(snapshot("0 ")) is None


def test_an_acceptance_is_told_once() -> None:
    memory = SuggestionMemory()
    made = memory.add("abc", snapshot("x = "))
    assert memory.accept(made.id) is None, "it was not offered"
    memory.offer(made)
    assert memory.accept(made.id) == made
    assert memory.accept(made.id) is None
