"""What the engine is told of the workspace, other open files, the settings and what was taken."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.types import FimRequest
from fimble.lsp.context.beside import BesideCache
from fimble.lsp.document import Document
from fimble.lsp.limits import BESIDE_CHARACTERS, BESIDE_EACH, BESIDE_FILES
from fimble.lsp.positions import Place

from .conftest import Start
from .editor import ANSWER, Editor

U = "file:///w/a.py"
QUIET = {"prefetch": False}


def last(editor: Editor) -> FimRequest:
    return editor.backend.asked[-1]


async def in_folder(start: Start, folder: Path, options: dict[str, object]) -> Editor:
    editor = await start(options={**QUIET, **options})
    editor.server.session.set_folders([folder.as_uri()])
    return editor


class TestSettings:
    @pytest.mark.parametrize(
        ("comments", "typing", "by_hand"),
        [("on", True, True), ("manual", False, True), ("off", False, False)],
    )
    async def test_comments(self, start: Start, comments: str, typing: bool, by_hand: bool) -> None:
        editor = await start(options={**QUIET, "comments": comments, "candidates": 1})
        editor.open(U, "x = \n")
        await editor.texts(U, (0, 4))
        assert last(editor).in_comments is typing
        await editor.texts(U, (0, 4), invoked=True)
        assert last(editor).in_comments is by_hand

    async def test_by_hand_everything_is_shown(self, start: Start) -> None:
        editor = await start(options={**QUIET, "eagerness": "subtle", "candidates": 1})
        editor.open(U, "x = \n")
        await editor.texts(U, (0, 4))
        assert last(editor).eagerness == "subtle"
        await editor.texts(U, (0, 4), invoked=True)
        assert last(editor).eagerness is None

    async def test_no_memory_looks_into_no_other_file(self, start: Start) -> None:
        editor = await start(options={**QUIET, "memory": False})
        editor.open("file:///w/b.py", "b = 1\n")
        editor.open(U, "x = \n")
        await editor.texts(U, (0, 4))
        assert last(editor).beside == ()

    async def test_what_the_engine_may_choose_from(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "m.py").write_text("def closed(first): ...\n")
        for wanted in (True, False):
            editor = await in_folder(start, tmp_path, {"contextFiles": wanted, "memory": False})
            uri = (tmp_path / "a.py").as_uri()
            editor.open(uri, "from .m import closed\n\nclosed(\n")
            await editor.texts(uri, (2, 7))
            for line in itertools.count():  # it is chosen beside the requests
                await editor.texts(uri, (line % 2, 0), invoked=True)
                if last(editor).snippets or not wanted:
                    break
            text = [each.text for each in last(editor).snippets]
            assert text == (["def closed(first):\n"] if wanted else [])


class TestWorkspace:
    async def test_the_folder_that_holds_the_document(self, start: Start, tmp_path: Path) -> None:
        editor = await in_folder(start, tmp_path, {})
        for uri, folder in (((tmp_path / "a.py").as_uri(), str(tmp_path)), ("file:///b.py", None)):
            editor.open(uri, "x = \n")
            await editor.texts(uri, (0, 4))
            assert last(editor).workspace == folder

    async def test_only_files_of_the_same_folder_that_may_be_read(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / ".fimbleignore").write_text("private.py\n")
        editor = await in_folder(start, tmp_path, {"disabledPaths": ["off.py"]})
        for name in ("b.py", "private.py", "off.py", ".env", "a.py"):
            editor.open((tmp_path / name).as_uri(), f"{name} = 1\n")
        editor.open("file:///elsewhere/c.py", "c = 1\n")
        await editor.texts((tmp_path / "a.py").as_uri(), (0, 4))
        assert [(each.path, each.text) for each in last(editor).beside] == [("b.py", "b.py = 1\n")]


class TestTaken:
    async def test_taken_typed_over_and_typed_to_the_end(self, start: Start) -> None:
        editor = await start(options=QUIET)
        editor.open(U, "x = \n")
        (item,) = await editor.items(editor.ask(U, (0, 4)))
        await editor.command("fimble.accepted", *item["command"]["arguments"])
        editor.change(U, "y = \n")
        await editor.texts(U, (0, 4))
        assert last(editor).taken == (True,)
        editor.change(U, ((0, 4), (0, 4), "no"))
        await editor.texts(U, (0, 6))
        assert last(editor).taken == (False, True)
        editor.change(U, ((0, 6), (0, 6), ANSWER))
        await editor.texts(U, (0, 6 + len(ANSWER)))
        assert last(editor).taken == (True, False, True)


class TestBeside:
    def made(self, name: str, text: str, touched: int, language: str = "python") -> Document:
        document = Document(f"file:///w/{name}", language, "utf-16", name)
        document.replace(text)
        document.touched = touched
        return document

    def test_the_same_language_then_what_was_in_use_last(self) -> None:
        current = self.made("main.py", "main\n", 9)
        others = [
            self.made("a.py", "a\n", 1),
            self.made("b.js", "b\n", 8, "javascript"),
            self.made("c.py", "c\n", 3),
        ]
        found = BesideCache().get(current, [current, *others], lambda other: True)
        assert [each.path for each in found] == ["c.py", "a.py", "b.js"]

    def test_made_again_only_when_another_one_changes(self) -> None:
        current, other = self.made("main.py", "main\n", 2), self.made("a.py", "a\n", 1)
        cache = BesideCache()
        first = cache.get(current, [other], lambda other: True)
        current.change(Place(0, 0), Place(0, 0), "x")
        assert cache.get(current, [other], lambda other: True) is first
        other.change(Place(0, 0), Place(0, 0), "b")
        assert [each.text for each in cache.get(current, [other], lambda other: True)] == ["ba\n"]
        assert cache.get(current, [other], lambda other: False) == ()

    def test_is_bounded(self) -> None:
        long = "a line of text\n" * 10_000
        others = [self.made(f"{n}.py", long, n) for n in range(8)]
        texts = [
            each.text for each in BesideCache().get(self.made("m.py", "", 9), others, lambda other: True)
        ]
        assert max(map(len, texts)) <= BESIDE_EACH
        assert BESIDE_CHARACTERS - 15 * len(texts) <= sum(map(len, texts)) <= BESIDE_CHARACTERS

    def test_no_more_is_asked_than_there_is_room_for(self) -> None:
        asked: list[str] = []

        def may_read(other: Document) -> bool:
            asked.append(other.path)
            return other.path != "39.py"

        for length, most in ((10, BESIDE_FILES + 1), (50_000, 5)):
            others = [self.made(f"{n}.py", "x" * 9 + "\n" + "y\n" * length, n) for n in range(40)]
            asked.clear()
            BesideCache().get(self.made("m.py", "", 99), others, may_read)
            assert len(asked) == most

    @given(
        st.lists(st.text("ab", max_size=12), min_size=1, max_size=12), st.integers(0, 11), st.integers(0, 60)
    )
    def test_lines_around_the_cursor(self, lines: list[str], at: int, most: int) -> None:
        at = min(at, len(lines) - 1)
        document = self.made("a.py", "\n".join(lines), 1)
        text = document.around(Place(at, 0), most)
        assert len(text) <= most
        assert text in document.text
        own = document.lines[at]
        if len(own) > most:
            assert text == ""
        else:
            assert own in text
        if len(document.text) <= most:
            assert text == document.text
