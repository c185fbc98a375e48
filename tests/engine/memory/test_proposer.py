"""What may follow, from the texts of a request and the project: nearest scope, longest match, support."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.proposals import Candidate
from fimble.engine.limits import CANDIDATES, FOLLOWING_BYTES, IMPORT_LINES, MATCHED_BYTES, OTHER_TEXT_BYTES
from fimble.engine.memory.occurrences import Occurrence
from fimble.engine.memory.proposer import ScopedProposer, proposer
from fimble.engine.memory.scopes import Nearness
from fimble.engine.memory.texts import LONG, SHORTEST, OtherTexts, OwnText
from fimble.engine.types import FimRequest, Snippet

SEEN = "total = price * count\nprint(total)\n"


def proposed(request: FimRequest) -> list[Candidate]:
    return list(proposer(request).propose())


def best(prefix: str, suffix: str = "", **more: object) -> str | None:
    found = proposed(FimRequest(prefix, suffix, **more))
    return found[0].text.decode() if found else None


def test_what_followed_the_same_characters_may_follow_again() -> None:
    assert (best(SEEN + "total = pri") or "").startswith("ce * count\nprint(total)\n")


def test_what_stands_below_the_cursor_counts_too() -> None:
    assert best("total = pri", "\n" + SEEN) == SEEN.partition("pri")[2]


def test_the_end_of_the_file_has_nothing_to_say() -> None:
    assert best("total = pri", "\ntotal = pri") is None


def test_two_bytes_are_not_enough() -> None:
    assert SHORTEST == 3
    assert best("abX\nab") is None
    assert best("abcX\nabc") == "X\nabc"


def test_a_word_that_was_begun_is_found_where_it_stands_whole() -> None:
    assert (best("from constants import hbar\n\nnu = m * omega / hb") or "").startswith("ar\n")


def test_places_that_say_the_same_support_each_other() -> None:
    following = "a long expression that is the same"
    text = f"a value={following}\nb value={following}\nc value=another one altogether, really\nd value="
    found = proposed(FimRequest(text, ""))
    assert [(each.text[:6], each.support, each.matched) for each in found] == [
        (b"anothe", 1, 7), (b"a long", 2, 7),
    ]  # fmt: skip


def test_of_equal_matches_the_nearest_comes_first() -> None:
    found = proposed(FimRequest("a=value 1\na=value 2\na=value 3\na=value ", ""))
    assert [each.text[:1] for each in found] == [
        b"3", b"2", b"1",
    ]  # fmt: skip


def test_the_longest_match_comes_first() -> None:
    found = proposed(FimRequest("some long value=1\nx value=2\ny value=3\nsome long value=", ""))
    assert found[0].text.startswith(b"1")
    assert found[0].matched == len("some long value=")


def test_other_open_files_and_snippets_are_looked_at() -> None:
    beside = (Snippet("b.py", "colour = 'red'\n"),)
    found = proposed(FimRequest("colour = ", "", path="a.py", beside=beside))
    assert (found[0].text, found[0].scope) == (b"'red'\n", "open")
    found = proposed(FimRequest("colour = ", "", path="a.py", snippets=beside))
    assert found[0].scope == "open"


def test_no_text_runs_into_the_next() -> None:
    beside = (Snippet("b.py", "x = colour"), Snippet("c.py", " = 'red'"))
    assert proposed(FimRequest("y = colour", "", beside=beside)) == []


def test_only_so_much_of_other_files_is_searched() -> None:
    far = Snippet("b.py", "x" * OTHER_TEXT_BYTES + "colour = 'red'\n")
    assert proposed(FimRequest("colour = ", "", beside=(far,))) == []


def test_no_candidate_begins_inside_a_character() -> None:
    own = OwnText("groß = größer; groß = gr".encode())
    source = ScopedProposer(lambda: own)
    assert source.propose()
    source.accept("ö".encode()[:1])
    assert source.propose() == []
    source.accept("ö".encode()[1:])
    assert source.propose()[0].text.startswith("ßer".encode())


class Project:
    """An index, as far as a proposer sees it."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self.asked: list[tuple[bytes, str]] = []

    def find(self, tail: bytes, limit: int, skipped: str = "") -> Sequence[Occurrence]:
        self.asked.append((tail, skipped))
        others = OtherTexts([(path, text.encode()) for path, text in self._files.items() if path != skipped])
        return others.find(tail, limit)


def test_the_project_knows_which_files_are_near() -> None:
    files = {"pkg/near.py": "width = 1\n", "lib/used.py": "width = 2\n", "far/off.py": "width = 3\n"}
    request = FimRequest("from lib import used\n\nwidth = ", "", path="pkg/main.py")
    found = proposer(request, Project(files)).propose()
    assert [(each.text, each.scope) for each in found] == [
        (b"1\n", "folder"), (b"2\n", "imports"), (b"3\n", "project"),
    ]  # fmt: skip


def test_an_older_copy_of_the_file_itself_is_left_out() -> None:
    project = Project({"a.py": "width = 1\n", "b.py": "width = 2\n"})
    found = proposer(FimRequest("width = ", "", path="a.py"), project).propose()
    assert [each.text for each in found] == [b"2\n"]
    assert project.asked[0][1] == "a.py"


def test_a_file_that_is_open_is_not_counted_again() -> None:
    project = Project({"b.py": "width = 'old value, as it is on disk'\n"})
    request = FimRequest("width = ", "", path="a.py", beside=(Snippet("b.py", "width = 2\n"),))
    found = proposer(request, project).propose()
    assert [(each.text, each.support) for each in found] == [(b"2\n", 1)]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("import json\nfrom .shapes import Circle", "x/shapes.py"),
        ("import { draw } from './canvas/draw'", "src/canvas/draw.ts"),
        ("use crate::shapes::Circle;", "src/shapes.rs"),
        ('#include "shapes.h"', "include/shapes.h"),
        ("from shapes import Circle", "shapes/__init__.py"),
        ("pub use shapes::Circle;", "src/shapes/mod.rs"),
    ],
)
def test_imported_files_are_known_by_their_names(line: str, path: str) -> None:
    assert Nearness("main/here.py", line + "\nshaped = 1\n").scope(path) == "imports"
    assert Nearness("main/here.py", "other = 1\n").scope(path) == "project"


def test_imports_are_looked_for_at_the_beginning_only() -> None:
    late = "\n" * IMPORT_LINES + "import shapes\n"
    assert Nearness("main/here.py", late).scope("lib/shapes.py") == "project"
    assert Nearness("main/here.py", late[1:]).scope("lib/shapes.py") == "imports"


@given(
    st.lists(st.text("ab\né", max_size=60), min_size=1, max_size=3), st.lists(st.text("ab\né"), max_size=4)
)
def test_a_candidate_stands_somewhere_behind_as_much_as_it_says(texts: list[str], answer: list[str]) -> None:
    before, *others = (text.encode() for text in texts)
    known = OtherTexts([(str(number), text) for number, text in enumerate(others)])
    own = before
    source = ScopedProposer(lambda: OwnText(before), known)
    for piece in ["", *answer]:
        source.accept(piece.encode())
        own += piece.encode()
        found = source.propose()
        assert len(found) <= CANDIDATES
        assert [each.matched for each in found] == sorted((each.matched for each in found), reverse=True)
        for each in found:
            assert SHORTEST <= each.matched <= MATCHED_BYTES
            assert 0 < len(each.text) <= FOLLOWING_BYTES
            where = [own] if each.scope == "file" else others
            assert any(own[-each.matched :] + each.text in text for text in where)


def test_a_place_that_goes_on_as_the_answer_does_is_followed_without_a_search() -> None:
    line = "return self.width * self.height + self.depth * self.weight\n" * 2
    project = Project({"b.py": "    def size(self):\n        " + line})
    source = proposer(FimRequest("    def size(self):\n        ", "", path="a.py"), project)
    for at in range(0, 40, 5):
        found = source.propose()
        assert found[0].text.startswith(line[at : at + 20].encode())
        source.accept(line[at : at + 5].encode())
    assert len(project.asked) == 1
    source.accept(b"something else")
    assert not [each for each in source.propose() if each.scope == "folder"]
    assert len(project.asked) == 2


@given(st.lists(st.text("ab\n", min_size=1, max_size=5), max_size=12), st.text("ab\n", max_size=400))
def test_what_is_followed_is_as_good_as_what_is_searched(answer: list[str], other: str) -> None:
    """The best place, and how long its match is."""
    before = "abab\nabaabb\n" * 2
    followed = proposer(FimRequest(before, "", path="a.py"), Project({"b.py": other}))
    for at in range(len(answer) + 1):
        found = [each for each in followed.propose() if each.scope == "folder"]
        fresh = proposer(FimRequest(before + "".join(answer[:at]), "", path="a.py"), Project({"b.py": other}))
        again = [each for each in fresh.propose() if each.scope == "folder"]
        if again and again[0].matched >= LONG:
            assert found
            assert found[0].matched >= again[0].matched
        if at < len(answer):
            followed.accept(answer[at].encode())
