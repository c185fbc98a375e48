"""The Vim plugin in a real Vim, with a server that it starts by itself."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import BUNDLED, fake
from .processes import running
from .serving import serving
from .tools import fimble
from .vim import PLUGIN, Vim
from .wire import Wire

pytestmark = pytest.mark.e2e

Start = Callable[..., Vim]
CODE = "def add(a, b):\n    return a + b\n\n"
BLOCK = "total = a + b\n    return total"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    vims: list[Vim] = []

    def make(model: dict[str, str], **more: str) -> Vim:
        vims.append(Vim(tmp_path, model, **more))
        return vims[-1]

    yield make
    for vim in vims:
        vim.close()


def test_tab_takes_what_the_ghost_shows(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    ghost = vim.wait_for_ghost()
    assert vim.terminal.behind_cursor("total = ") == ghost
    vim.press("Tab")
    vim.wait_for_line("total = " + ghost)
    assert vim.cursor == (4, len("total = " + ghost))


def test_the_bundled_model_suggests(start: Start) -> None:
    vim = start(BUNDLED, text=CODE)
    vim.type("Godef subtract(a, b):\n    return a")
    ghost = vim.wait_for_ghost()
    vim.press("Tab")
    vim.until(lambda: "\n".join(vim.lines).endswith("    return a" + ghost), "acceptance")


def test_characters_of_many_bytes(start: Start) -> None:
    vim = start(fake('"🙂" * 2'), text=CODE)
    vim.type('Gos = "🙂é" + ')
    ghost = vim.wait_for_ghost()
    vim.press("Tab")
    vim.wait_for_line('s = "🙂é" + ' + ghost)
    vim.press("Escape")
    vim.type(":write\n")
    vim.until(lambda: vim.file.read_text() == CODE + 's = "🙂é" + ' + ghost + "\n", "the file")


def test_several_lines_with_windows_line_ends(start: Start) -> None:
    vim = start(fake(BLOCK), text=CODE.replace("\n", "\r\n"))
    vim.type("Godef sum(a, b):\n    ")
    assert vim.wait_for_ghost() == BLOCK
    vim.press("Tab")
    vim.until(lambda: vim.lines[-2:] == ["    total = a + b", "    return total"], "acceptance")
    assert vim.cursor == (6, len("    return total"))
    vim.press("Escape")
    vim.type(":write\n")
    written = (CODE + "def sum(a, b):\n    " + BLOCK + "\n").replace("\n", "\r\n").encode()
    vim.until(lambda: vim.file.read_bytes() == written, "the file")


def test_words_and_lines_are_taken_one_by_one(start: Start) -> None:
    vim = start(fake("né = add(a, b)\n    return né"), text=CODE)
    vim.type("Godef sum(a, b):\n    ")
    vim.wait_for_ghost()
    for taken in ["né", "né =", "né = add", "né = add("]:
        vim.press("C-Right")
        vim.wait_for_line("    " + taken)
    vim.press("C-Down")
    vim.wait_for_line("    né = add(a, b)")
    assert vim.ghost() == "\n    return né"
    vim.press("C-Down")
    vim.wait_for_line("    return né")


def test_typing_on_and_accepting_at_once(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.type("ad\t;")
    vim.wait_for_line("total = add(1, 2);")


def test_typing_something_else_and_accepting_at_once(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.type("x\t;")
    vim.wait_for_line("total = x\t;")


def test_undo_takes_back_the_suggestion_alone(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.press("Tab")
    vim.wait_for_line("total = add(1, 2)")
    vim.press("Escape")
    vim.type("u")
    vim.wait_for_line("total = ")


def test_a_dismissed_suggestion_gives_its_key_back(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.press("C-]")
    vim.until(lambda: vim.ghost() == "", "no ghost")
    vim.press("Tab")
    vim.wait_for_line("total = \t")


@pytest.mark.parametrize("key", ["Escape", "C-c"])
def test_leaving_insert_mode_hides_the_suggestion(start: Start, key: str) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.press(key)
    vim.until(lambda: vim.ghost() == "", "no ghost")


@pytest.mark.parametrize(
    "mapping",
    [
        "inoremap <Tab> (tab)",
        "inoremap <expr> <Tab> '(tab)'",
        "inoremap <Tab> <Cmd>call feedkeys('(tab)', 'n')<CR>",
        "autocmd FileType python inoremap <buffer> <Tab> (tab)",
    ],
)
def test_tab_falls_through_to_an_earlier_mapping(start: Start, mapping: str) -> None:
    vim = start(fake("add(1, 2)"), vimrc=mapping, text="\n")
    vim.type("i\t")
    vim.wait_for_line("(tab)")
    vim.type(" + ")
    ghost = vim.wait_for_ghost()
    vim.press("Tab")
    vim.wait_for_line("(tab) + " + ghost)


def test_of_requests_while_typing_fast_the_last_counts(start: Start, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "wire.jsonl")
    command = json.dumps(wire.command(fimble(), "lsp"))
    vim = start(
        fake("result", token_ms=30, prompt_token_ms=1), vimrc=f"let g:fimble_cmd = {command}", text=CODE
    )
    vim.type("Go")
    typed = "value = compute_something_long(1) + other + "
    for at, key in enumerate(typed):
        vim.type(key)
        vim.wait_for_line(typed[: at + 1])
    ghost = vim.wait_for_ghost()
    vim.press("Tab")
    vim.wait_for_line(typed + ghost)
    vim.until(lambda: all(wire.answers("textDocument/inlineCompletion")), "an answer to every request")
    vim.until(lambda: "fimble.accepted" in wire.commands(), "the acceptance to be told")


def test_the_server_has_the_text_however_it_is_edited(start: Start, tmp_path: Path) -> None:
    """What the server would make of the messages is what Vim has."""
    wire = Wire(tmp_path / "wire.jsonl")
    command = json.dumps(wire.command(fimble(), "lsp"))
    vim = start(fake("add(1, 2)"), vimrc=f"let g:fimble_cmd = {command}", text=CODE + "x = 1\n" * 40)
    for number, edit in enumerate(
        ["3GOabove", "dd", "Gdd", "ggdG", "u", "5Gyy9p", ":g/x/m0\n", ":%s/=/é/\n"]
    ):
        vim.type(edit)
        vim.press("Escape")
        vim.type(f"ggOlast{number} = ")
        vim.wait_for_ghost()
        vim.press("Escape")
    text = replayed(wire)
    assert text == "\n".join(vim.lines) + "\n"


def replayed(wire: Wire) -> str:
    """The document after all of Vim's changes, each of whole lines."""
    lines: list[str] = []
    for message in wire.messages("editor"):
        if message.get("method") == "textDocument/didOpen":
            lines = message["params"]["textDocument"]["text"].splitlines(keepends=True)
        elif message.get("method") == "textDocument/didChange":
            (change,) = message["params"]["contentChanges"]
            start, end = change["range"]["start"]["line"], change["range"]["end"]["line"]
            lines[start:end] = change["text"].splitlines(keepends=True)
    return "".join(lines)


def test_off_means_that_nothing_runs(start: Start, tmp_path: Path) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.ex("Fimble toggle")
    vim.until(lambda: not running(tmp_path, "fimble", "lsp"), "the end of the server")
    vim.type("1 + ")
    vim.wait_for_line("total = 1 + ")
    assert vim.eval("fimble#Status()") == "fimble off"
    assert vim.ghost() == ""
    assert not running(tmp_path, "fimble", "lsp")
    vim.ex("Fimble toggle")
    vim.type("2 + ")
    vim.wait_for_ghost()


def test_one_buffer_can_be_switched_off(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.ex("Fimble toggle buffer")
    assert vim.ghost() == ""
    vim.press("Tab")
    vim.wait_for_line("total = \t")


@pytest.mark.parametrize("file", [".env", "server.pem", "id_rsa"])
def test_files_with_secrets_are_left_alone(start: Start, file: str) -> None:
    vim = start(fake("secret"), file=file, text="\n")
    vim.type("iKEY=")
    vim.wait_for_line("KEY=")
    vim.until(lambda: "secrets" in vim.eval("execute('Fimble')"), "the reason")
    assert vim.eval("fimble#Status()") == "fimble off"
    assert vim.ghost() == ""


def test_a_missing_server_is_told_once_with_the_next_step(start: Start) -> None:
    vim = start(fake("x"), vimrc="let g:fimble_cmd = ['no-such-program']", text=CODE)
    vim.type("Gox = 1 + 2")
    (told,) = vim.until(lambda: vim.told, "a message")
    assert "pipx install fimble" in told
    vim.forget_told()
    vim.type(" + 3")
    vim.wait_for_line("x = 1 + 2 + 3")
    assert vim.told == []
    assert vim.eval("fimble#Status()") == "fimble !"


def test_a_server_that_dies_can_be_restarted(start: Start, tmp_path: Path) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    for process in running(tmp_path, "fimble", "lsp"):
        os.kill(process, signal.SIGKILL)
    told = vim.until(lambda: vim.told, "a message")
    assert ":Fimble restart" in told[0]
    vim.ex("Fimble restart")
    vim.type("1 + ")
    vim.wait_for_ghost()


def test_nobody_answers_at_an_address(start: Start) -> None:
    options = "let g:fimble_options = {'engine': 'http://127.0.0.1:9', 'fallback': v:false}"
    vim = start({}, vimrc=options, text=CODE)
    vim.type("Gox = ")
    told = vim.until(lambda: vim.told, "a message")
    assert "http://127.0.0.1:9 cannot be reached" in told[0]


def test_a_server_elsewhere_is_used(start: Start, tmp_path: Path) -> None:
    with serving(tmp_path / "elsewhere", fake("add(1, 2)")) as address:
        options = f"let g:fimble_options = {{'engine': '{address}', 'fallback': v:false}}"
        vim = start({}, vimrc=options, text=CODE)
        vim.type("Gototal = ")
        assert vim.wait_for_ghost() == "add(1, 2)"


@pytest.mark.parametrize(
    ("answer", "typed", "after_tab"),
    [("    return a", "", "    "), ("return a", "    ", "    return a"), ("return a", "", "return a")],
)
def test_tab_indents_where_the_suggestion_begins_with_a_level_of_indentation(
    start: Start, answer: str, typed: str, after_tab: str
) -> None:
    vim = start(fake(answer), vimrc="set shiftwidth=4 softtabstop=4 expandtab", text="if a:\n")
    vim.type("Go" + typed)
    vim.wait_for_ghost()
    vim.press("Tab")
    vim.wait_for_line(after_tab)


def test_the_status_names_the_engine_and_its_model(start: Start) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    vim.until(lambda: "model: fake" in vim.eval("execute('Fimble')"), "the model")


def test_the_server_ends_with_vim(start: Start, tmp_path: Path) -> None:
    vim = start(fake("add(1, 2)"), text=CODE)
    vim.type("Gototal = ")
    vim.wait_for_ghost()
    assert running(tmp_path, "fimble", "lsp")
    vim.press("Escape")
    vim.type(":qall!\n")
    vim.until(lambda: not running(tmp_path, "fimble", "lsp"), "the end of the server")


def test_help_tags(start: Start) -> None:
    vim = start(fake("x"))
    written = (PLUGIN / "doc" / "fimble.txt").read_text()
    defined = set(re.findall(r"(?<!\S)\*([^*\s]+)\*", written))
    assert set(re.findall(r"\|(fimble[^|\s]*)\|", written)) <= defined
    vim.ex(f"helptags {PLUGIN / 'doc'}")
    try:
        for tag in sorted(defined):
            vim.ex(f"help {tag}")
            assert vim.eval("expand('%:p')") == str(PLUGIN / "doc" / "fimble.txt")
    finally:
        (PLUGIN / "doc" / "tags").unlink()
