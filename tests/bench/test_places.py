"""Where people type in the benchmarks."""

from __future__ import annotations

from pathlib import Path

from bench.http import KEYS, PLACES
from bench.places import place_in, places
from bench.switch import order_of


def test_there_are_enough_places_and_each_is_another_one() -> None:
    found = places(PLACES + 1, KEYS)
    assert len({place.before for place in found}) == PLACES + 1
    for place in found:
        assert len(place.typed) >= KEYS
        assert place.before.endswith(":\n")
        assert place.after.startswith("\n")
        assert len(place.before) * 2 >= len(place.before + place.typed + place.after)


def test_a_file_without_a_function_behind_its_middle_has_no_place(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n" * 300)
    assert place_in(path, 40) is None
    path.write_text("x = 1\n" * 300 + 'def f():\n    """Text."""\n\ndef g(x):\n' + "    x += 1\n" * 20)
    place = place_in(path, 40)
    assert place is not None
    assert place.before.endswith("def g(x):\n")
    assert place.typed == "\n".join(["    x += 1"] * 4)
    path.write_text("x = 1\n" * 30 + "def g(x):\n" + "    x += 1\n" * 20)
    assert place_in(path, 40) is None


def test_two_files_are_visited_in_turn_or_one_after_the_other() -> None:
    assert order_of(2, True) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert order_of(2, False) == [(0, 0), (0, 1), (1, 0), (1, 1)]
