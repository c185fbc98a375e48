"""Suggestions in real Neovims: 0.12 and 0.10."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import BUNDLED, fake
from .nvim import Neovim, Variant

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]
CODE = "def add(a, b):\n    return a + b\n\n\n"
INLINE = "textDocument/inlineCompletion"
SHOWN = "return require('fimble.suggest').shown()"
PARTLY = "textDocument/didPartiallyAcceptCompletion"


def insert(nvim: Neovim, text: str) -> None:
    """Open a line at the end of the buffer and type."""
    nvim.wait_for_server()
    nvim.type("Go" + text.replace("<", "<lt>"))


def test_tab_takes_what_the_ghost_shows(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    ghost = nvim.wait_for_ghost()
    assert (ghost.row, ghost.col) == (4, len("total = "))
    assert nvim.line == "total = "
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = " + ghost.text, "acceptance")
    assert nvim.api.current.window.cursor == (5, len(nvim.line))
    nvim.wire.wait_for("workspace/executeCommand")
    assert nvim.wire.commands() == ["fimble.accepted"]


def test_the_bundled_model_suggests(start: Start, variant: Variant) -> None:
    nvim = start(variant, BUNDLED, text=CODE)
    insert(nvim, "def subtract(a, b):<CR>".replace("<CR>", "\n") + "    return a")
    before, ghost = nvim.text, nvim.wait_for_ghost()
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.text == before + ghost.text, "acceptance")


def test_columns_behind_characters_of_many_bytes(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake('"🙂" * 2'), text=CODE)
    insert(nvim, 's = "🙂é" + ')
    ghost = nvim.wait_for_ghost()
    assert ghost.col == len(nvim.line.encode())
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == 's = "🙂é" + ' + ghost.text, "acceptance")


def test_several_lines(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("total = a + b\n    return total"), text=CODE)
    insert(nvim, "def sum(a, b):\n    ")
    ghost = nvim.wait_for_ghost()
    assert ghost.text == "total = a + b\n    return total"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[-2:] == ["    total = a + b", "    return total"], "acceptance")
    assert nvim.api.current.window.cursor == (len(nvim.lines), len("    return total"))


def test_windows_line_ends_stay_what_they_are(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("total = a + b\n    return total"), text=CODE.replace("\n", "\r\n"))
    insert(nvim, "def sum(a, b):\n    ")
    assert "\r" not in nvim.wait_for_ghost().text
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[-1] == "    return total", "acceptance")
    nvim.type("<Esc>:write<CR>")
    written = CODE + "def sum(a, b):\n    total = a + b\n    return total\n"
    nvim.until(lambda: nvim.file.read_bytes() == written.replace("\n", "\r\n").encode(), "the file")


def test_words_are_taken_one_by_one(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(é𝑥, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    steps = ["add", "(", "é𝑥", ",", " 2", ")"]
    for end in range(1, len(steps) + 1):
        nvim.type("<C-Right>")
        taken = "total = " + "".join(steps[:end])
        nvim.until(lambda taken=taken: nvim.line == taken, "a word")  # type: ignore[misc]
        nvim.until(lambda: nvim.wire.messages("editor") or None, "a message")
    nvim.wire.wait_for("workspace/executeCommand")
    lengths = [params["acceptedLength"] for params in nvim.wire.sent(PARTLY)]
    assert lengths == [3, 4, 7, 8, 10]  # the second letter of é𝑥 is two UTF-16 units
    assert nvim.wire.commands() == ["fimble.accepted"]


def test_words_taken_faster_than_anything_is_drawn(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(first, second)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("<C-Right><C-Right><C-Right>")
    nvim.until(lambda: nvim.line == "total = add(first", "three words")
    assert nvim.wait_for_ghost().text == ", second)"


def test_lines_are_taken_one_by_one(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("total = a + b\n    return total"), text=CODE)
    insert(nvim, "def sum(a, b):\n    ")
    nvim.wait_for_ghost()
    nvim.type("<M-l>")
    nvim.until(lambda: nvim.lines[-1] == "    total = a + b", "the first line")
    nvim.until(lambda: nvim.ghost(), "the second line")
    nvim.type("<M-l>")
    nvim.until(lambda: nvim.lines[-2:] == ["    total = a + b", "    return total"], "the second line")
    nvim.wire.wait_for("workspace/executeCommand")


def test_typing_on_and_accepting_at_once(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("ad<Tab>;")
    nvim.until(lambda: nvim.line == "total = add(1, 2);", "acceptance of the rest")


def test_typing_something_else_and_accepting_at_once(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("x<Tab>;")
    nvim.until(lambda: nvim.line.endswith(";"), "the keys")
    assert nvim.line.split() == ["total", "=", "x", ";"]
    assert nvim.wire.commands() == []


def test_what_is_typed_along_shortens_the_ghost(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("add")
    nvim.until(lambda: nvim.line == "total = add", "typing")
    assert nvim.wait_for_ghost().text == "(1, 2)"


def test_a_bracket_put_in_behind_the_cursor_drops_the_old_ghost(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("add()<Left>")
    nvim.until(lambda: nvim.line == "total = add()", "typing")
    nvim.type("<Tab>;")
    nvim.until(lambda: ";" in nvim.line, "the keys")
    assert "2))" not in nvim.line


def test_undo_takes_back_the_suggestion_and_then_what_was_typed(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = add(1, 2)", "acceptance")
    nvim.type("<Esc>u")
    nvim.until(lambda: nvim.line == "total = ", "undo")
    nvim.type("u")
    nvim.until(lambda: nvim.text == CODE.rstrip("\n") + "\n\n", "undo of the line")


def test_dismissed_suggestions_stay_away_until_something_is_typed(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("<C-]>")
    nvim.until(lambda: nvim.ghost() is None, "an empty line")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = \t", "an ordinary Tab")
    nvim.type("2 + ")
    nvim.wait_for_ghost()


def test_leaving_insert_mode_hides_the_ghost(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    nvim.wait_for_ghost()
    nvim.type("<Esc>")
    nvim.until(lambda: nvim.ghost() is None, "no ghost")
    assert nvim.line == "total = "


def test_of_requests_while_typing_fast_the_last_counts(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("result", token_ms=30, prompt_token_ms=1), text=CODE)
    nvim.wait_for_server()
    nvim.type("Go")
    typed = "value = compute_something_long(1) + other + "
    for key in typed:
        nvim.type(key)
    ghost = nvim.wait_for_ghost()
    assert (ghost.row, ghost.col) == (4, len(typed))
    nvim.until(lambda: all(nvim.wire.answers(INLINE)), "an answer to every request")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == typed + ghost.text, "acceptance")


def test_asked_by_hand(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE, setup={"auto": False})
    insert(nvim, "total = ")
    nvim.until(lambda: nvim.line == "total = ", "typing")
    nvim.lua("require('fimble').suggest()")
    nvim.wait_for_ghost()
    assert [params["context"]["triggerKind"] for params in nvim.wire.sent(INLINE)] == [1]


def test_another_suggestion_is_asked_for_by_hand(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    insert(nvim, "total = ")
    ghost = nvim.wait_for_ghost()
    nvim.type("<M-n>")
    nvim.until(lambda: 1 in [params["context"]["triggerKind"] for params in nvim.wire.sent(INLINE)], "asking")
    nvim.until(lambda: all(nvim.wire.answers(INLINE)) or None, "an answer")
    assert nvim.wait_for_ghost().text == ghost.text  # this model has no other


def test_turning_over_several_suggestions(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)", other_starts="bcdefghijk"), text=CODE)
    insert(nvim, "total = ")
    first = nvim.wait_for_ghost().text
    nvim.type("<M-n>")
    nvim.until(lambda: nvim.lua(SHOWN) not in (None, first), "another suggestion")
    second = str(nvim.lua(SHOWN))
    assert nvim.wait_for_ghost().text == second
    nvim.type("<M-p>")
    nvim.until(lambda: nvim.lua(SHOWN) == first, "the first one again")
    nvim.type("<M-n>")
    nvim.until(lambda: nvim.lua(SHOWN) == second, "the second one again")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = " + second, "acceptance")
    nvim.wire.wait_for("workspace/executeCommand")
