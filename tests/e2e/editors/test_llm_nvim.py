"""Hugging Face's llm.nvim as it is published, with ``fimble-lsp`` in the place of llm-ls."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import client

from .conftest import BUNDLED, Model, fake
from .nvim import Ghost, Neovim, Variant
from .processes import running
from .wire import Wire

pytestmark = pytest.mark.e2e

CODE = "def add(a, b):\n    return a + b\n\n\n"
ASK, ACCEPT, REJECT = (f"llm-ls/{name}Completion" for name in ("get", "accept", "reject"))
ASK += "s"
INIT = """
vim.opt.rtp:prepend(vim.env.CLIENT)
vim.opt.swapfile = false
vim.cmd('filetype plugin on | filetype indent off | set noautoindent')
_G.told = {}
vim.notify = function(message) table.insert(_G.told, message) end
require('llm').setup({ lsp = { bin_path = vim.env.SERVER } })
"""
GHOST = """
local namespace = vim.api.nvim_get_namespaces()['llm.suggestion']
local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
for _, mark in ipairs(marks) do
  local lines = { mark[4].virt_text[1][1] }
  for _, line in ipairs(mark[4].virt_lines or {}) do table.insert(lines, line[1][1]) end
  return { mark[2], mark[3], table.concat(lines, '\\n') }
end
return vim.NIL
"""
ATTACHED = "local c = vim.lsp.get_clients({ name = 'llm-ls' })[1] return c and c.initialized"
SUGGESTED = "return require('llm.completion').shown_suggestion ~= nil"
Open = Callable[[Model], Neovim]


@pytest.fixture
def open_editor(start: Callable[..., Neovim], variant: Variant, tmp_path: Path) -> Open:
    def make(model: Model) -> Neovim:
        env = {"CLIENT": str(client("llm.nvim", tmp_path / "clients")), "SERVER": str(server(tmp_path))}
        nvim = start(variant, {**model, **env}, init=INIT, text=CODE)
        nvim.until(lambda: nvim.lua(ATTACHED), "the server")
        return nvim

    return make


def server(home: Path) -> Path:
    """A program that starts ``fimble-lsp`` without arguments, and notes what is said to it."""
    program = shutil.which("fimble-lsp", path=str(Path(sys.executable).parent))
    assert program is not None, "fimble-lsp is not installed beside this Python; `make dev` does it"
    script = home / "server"
    script.write_text("#!/bin/sh\nexec " + " ".join(Wire(home / "wire.jsonl").command(program)) + "\n")
    script.chmod(0o755)
    return script


def shown(nvim: Neovim) -> Ghost | None:
    found = nvim.lua(GHOST)
    return Ghost(*found) if found and found[2] else None


def ghost(nvim: Neovim) -> Ghost:
    """The text that is shown at the cursor."""

    def at_the_cursor() -> Ghost | None:
        found, at = shown(nvim), nvim.api.current.window.cursor
        return found if found and (found.row + 1, found.col) == tuple(at) else None

    return nvim.until(at_the_cursor, "text at the cursor")


def trouble(nvim: Neovim) -> list[str]:
    """What the client complains of. Newer Neovims tell that it calls them in an old way, too."""
    failed = str(nvim.lua("return vim.v.errmsg"))
    return [told for told in (*nvim.told, failed) if told and not told.startswith("position_encoding")]


def typed(nvim: Neovim, text: str) -> None:
    """Type in a new line at the end."""
    nvim.type("Go" + text)
    nvim.until(lambda: nvim.line == text.rpartition("\n")[2], "typing")


def test_text_is_shown_and_tab_takes_it(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    typed(nvim, "total = ")
    assert ghost(nvim).text == "add(1, 2)"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = add(1, 2)", "acceptance")
    nvim.wire.wait_for(ACCEPT)
    nvim.until(lambda: all(nvim.wire.answers(ACCEPT)) or None, "an answer")
    assert trouble(nvim) == []


def test_several_lines(open_editor: Open) -> None:
    nvim = open_editor(fake("total = a + b\n    return total"))
    typed(nvim, "def sum(a, b):\n    ")
    assert ghost(nvim).text == "total = a + b\n    return total"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[-2:] == ["    total = a + b", "    return total"], "acceptance")


@pytest.mark.parametrize("answer", ["add(1, 2)", "1, 2"])
def test_inside_brackets(open_editor: Open, answer: str) -> None:
    """The client puts the line's rest behind what is taken only where that does not end with it."""
    nvim = open_editor(fake(answer))
    nvim.type("Gototal = add()<Left>")
    nvim.until(lambda: nvim.line == "total = add()", "typing")
    assert ghost(nvim).text == answer + ")"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == f"total = add({answer})", "acceptance")
    assert trouble(nvim) == []


def test_behind_a_character_of_many_bytes(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    typed(nvim, 's = "é" + ')
    nvim.until(lambda: shown(nvim), "text")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == 's = "é" + add(1, 2)', "acceptance")


def test_typing_along_shortens_and_typing_on_asks_anew(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    typed(nvim, "total = ")
    ghost(nvim)
    nvim.type("add")
    nvim.until(lambda: nvim.line == "total = add", "typing")
    assert ghost(nvim).text == "(1, 2)"
    nvim.type("(0) + ")
    nvim.until(lambda: nvim.line == "total = add(0) + ", "typing")
    assert ghost(nvim).text == "add(1, 2)"
    nvim.wire.wait_for(REJECT, 2)
    assert trouble(nvim) == []


def test_a_request_that_is_cancelled_ends_and_the_next_is_answered(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)", token_ms=200))
    typed(nvim, "total = ")
    nvim.wire.wait_for(ASK)
    nvim.type("1 + ")
    nvim.wire.wait_for("$/cancelRequest")
    nvim.until(lambda: nvim.line == "total = 1 + ", "typing")
    assert ghost(nvim).text == "add(1, 2)"
    first = nvim.wire.answers(ASK)[0]
    assert first is not None
    assert first["error"]["code"] == -32800
    assert trouble(nvim) == []


def test_where_nothing_is_suggested_the_client_has_no_trouble(open_editor: Open) -> None:
    nvim = open_editor(fake(""))
    typed(nvim, "total = ")
    nvim.until(lambda: nvim.lua(SUGGESTED), "an answer")
    nvim.type("<Tab>")
    nvim.wire.wait_for(ACCEPT)
    nvim.until(lambda: all(nvim.wire.answers(ACCEPT)) or None, "an answer")
    nvim.type("1")
    nvim.until(lambda: nvim.line == "total = 1", "typing")
    assert trouble(nvim) == []


def test_a_server_that_ends_leaves_the_editor_alone(open_editor: Open, tmp_path: Path) -> None:
    """The client starts none in its place."""
    nvim = open_editor(fake("add(1, 2)"))
    typed(nvim, "total = ")
    ghost(nvim)
    for process in running(tmp_path, "fimble-lsp"):
        os.kill(process, signal.SIGKILL)
    nvim.until(lambda: not nvim.lua(ATTACHED), "the end of the client")
    nvim.type("1 + 2")
    nvim.until(lambda: nvim.line == "total = 1 + 2", "typing")
    (told,) = trouble(nvim)
    assert "signal 9" in told


def test_the_bundled_model_suggests(open_editor: Open) -> None:
    nvim = open_editor(BUNDLED)
    typed(nvim, "def subtract(a, b):\n    return a")
    text, before = ghost(nvim).text, nvim.text
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.text == before + text, "acceptance")
    assert trouble(nvim) == []
