"""Passages: chosen by the seed alone, and nowhere on the disk."""

from __future__ import annotations

from pathlib import Path

from bench.accept.passages import CHARACTERS, REST, Workplace, workplace
from bench.accept.projects import Project

HERE = Path(__file__).parents[3] / "engine"
PROJECT = Project("engine", "1", "pip", "python", "tune", "apache-2.0", "", "")
FILES = {path.name: path.read_bytes() for path in sorted(HERE.glob("*.py"))}


def made(characters: int = 1500, seed: int = 1) -> Workplace:
    return workplace(PROJECT, FILES, characters, seed)


def test_the_same_seed_chooses_the_same_passages_and_another_one_does_not() -> None:
    assert made() == made()
    assert made().places != made(seed=2).places


def test_about_so_many_characters_are_typed() -> None:
    lengths = [len(place.typed) for place in made().places]
    assert 1500 <= sum(lengths) < 1500 + CHARACTERS.stop
    assert all(length in CHARACTERS or length in REST for length in lengths)
    assert any(length in REST for length in lengths)


def test_a_passage_and_what_is_around_it_are_the_file() -> None:
    for place in made().places:
        assert (place.before + place.typed + place.after).encode() == FILES[place.name]
        assert len(place.kinds) == len(place.typed) + 1


def test_what_is_typed_is_taken_out_of_the_copy_on_disk(tmp_path: Path) -> None:
    work = made()
    work.write(tmp_path)
    for name in {place.name for place in work.places}:
        missing = sum(len(place.typed) for place in work.places if place.name == name)
        text = (tmp_path / name).read_text()
        assert len(text) == len(FILES[name].decode()) - missing
        assert not [
            place
            for place in work.places
            if place.name == name and place.typed in text and len(place.typed) > 60
        ]


def test_files_that_are_named_are_open_first_and_tests_never() -> None:
    files = {
        "a/x.py": b"import z\n",
        "a/y.py": b"y" * 90,
        "b/z.py": b"z",
        "a/tests/t.py": b"t" * 99,
        "a/y.js": b"",
    }
    work = Workplace(PROJECT, [], files)
    place = made().places[0]
    x = type(place)("a/x.py", "import z\n", "x", "\n", "engine", "python", ("", ""))
    assert work.neighbours(x) == ["b/z.py", "a/y.py"]
