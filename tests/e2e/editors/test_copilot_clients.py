"""Neovim's own inline completion, set up for Copilot's language server, with this one in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import BUNDLED, Model, fake
from .nvim import VARIANTS, Neovim
from .tools import fimble
from .wire import Wire

pytestmark = pytest.mark.e2e

CODE = "def add(a, b):\n    return a + b\n\n\n"
INLINE = "textDocument/inlineCompletion"
INIT = """
vim.opt.swapfile = false
vim.cmd('filetype plugin on | filetype indent off | set noautoindent')
_G.told, _G.statuses = {}, {}
vim.notify = function(message) table.insert(_G.told, message) end
local me = { name = 'Neovim', version = tostring(vim.version()) }
vim.lsp.config('copilot', {
  cmd = vim.json.decode(vim.env.SETUP).cmd,
  root_markers = { '.git' },
  init_options = { editorInfo = me, editorPluginInfo = me },
  settings = { telemetry = { telemetryLevel = 'all' } },
  handlers = { didChangeStatus = function(_, status) table.insert(_G.statuses, status) end },
  on_attach = function(client, buffer)
    vim.api.nvim_buf_create_user_command(buffer, 'LspCopilotSignIn', function()
      client:request('signIn', vim.empty_dict(), function(failed, result)
        vim.notify(failed and failed.message or (result.status .. ': ' .. result.user))
      end)
    end, {})
  end,
})
vim.lsp.enable('copilot')
vim.lsp.inline_completion.enable()
vim.keymap.set('i', '<Tab>', function()
  return vim.lsp.inline_completion.get() and '' or '<Tab>'
end, { expr = true })
"""
ATTACHED = "local c = vim.lsp.get_clients({ name = 'copilot' })[1] return c and c.initialized"
Open = Callable[[Model], Neovim]


@pytest.fixture
def open_editor(start: Callable[..., Neovim], tmp_path: Path) -> Open:
    def make(model: Model) -> Neovim:
        command = Wire(tmp_path / "wire.jsonl").command(fimble(), "lsp", "--stdio")
        nvim = start(VARIANTS["0.12"], model, init=INIT, setup={"cmd": command}, text=CODE)
        nvim.until(lambda: nvim.lua(ATTACHED), "the server")
        return nvim

    return make


def grey(nvim: Neovim) -> str:
    """The grey text at the cursor."""

    def at_the_cursor() -> str | None:
        ghost = nvim.ghost()
        at = nvim.api.current.window.cursor
        return ghost.text if ghost and (ghost.row + 1, ghost.col) == tuple(at) else None

    return nvim.until(at_the_cursor, "grey text")


def test_grey_text_is_seen_and_taken(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    nvim.type("Gototal = ")
    assert grey(nvim) == "add(1, 2)"
    assert nvim.line == "total = "
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "total = add(1, 2)", "acceptance")
    nvim.wire.wait_for("workspace/executeCommand")
    assert nvim.wire.commands() == ["fimble.accepted"]
    assert nvim.told == []


def test_the_user_is_signed_in(open_editor: Open) -> None:
    nvim = open_editor(fake("x"))
    nvim.api.command("LspCopilotSignIn")
    nvim.until(lambda: nvim.told, "the answer")
    assert nvim.told == ["AlreadySignedIn: fimble"]


def test_the_state_is_told_in_copilots_words(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    nvim.type("Gototal = ")
    grey(nvim)
    ready = {"busy": False, "kind": "Normal", "message": ""}
    nvim.until(lambda: ready in nvim.lua("return _G.statuses"), "the state")


def test_typing_along_shortens_and_typing_on_asks_anew(open_editor: Open) -> None:
    nvim = open_editor(fake("add(1, 2)"))
    nvim.type("Gototal = ")
    grey(nvim)
    nvim.type("add")
    assert grey(nvim) == "(1, 2)"
    nvim.type("(0) + ")
    assert grey(nvim) == "add(1, 2)"
    nvim.until(lambda: all(nvim.wire.answers(INLINE)) or None, "an answer to every request")
    assert not [each for each in nvim.wire.answers(INLINE) if each and "error" in each]
    assert nvim.told == []


def test_of_requests_while_typing_the_last_counts(open_editor: Open) -> None:
    nvim = open_editor(fake("result", token_ms=30, prompt_token_ms=1))
    nvim.type("Go")
    typed = "value = compute_something_long(1) + other + "
    for key in typed:
        nvim.type(key)
    nvim.until(lambda: nvim.line == typed, "typing")
    shown = grey(nvim)
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == typed + shown, "acceptance")
    nvim.until(lambda: all(nvim.wire.answers(INLINE)) or None, "an answer to every request")


def test_the_bundled_model_suggests(open_editor: Open) -> None:
    nvim = open_editor(BUNDLED)
    nvim.type("Godef subtract(a, b):\n    return a")
    nvim.until(lambda: nvim.line == "    return a", "typing")
    shown, before = grey(nvim), nvim.text
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.text == before + shown, "acceptance")
    nvim.wire.wait_for("workspace/executeCommand")
    assert nvim.told == []
