"""What users see: editors in a terminal, with the bundled model. ``make screenshots`` keeps the pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import BUNDLED
from .nvim import PLUGIN
from .picture import take_picture
from .terminal import Terminal
from .tools import environment, tool

pytestmark = pytest.mark.e2e

CODE = '''\
class Stack:
    """Last in, first out."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
'''
TYPED = "        return self."
INIT = """
vim.opt.rtp:prepend(vim.env.PLUGIN)
vim.o.number = true
vim.o.fillchars = 'eob: '
vim.o.statusline = ' %f %m%=%{v:lua.require("fimble").status()} '
vim.api.nvim_set_hl(0, 'StatusLine', { fg = '#c4c6cd', bg = '#2c2e33' })
vim.api.nvim_set_hl(0, 'FimbleGhost', { fg = '#8b94a8', italic = true })
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go: a temporary folder, unless somebody wants to have them."""
    return Path(os.environ.get("FIMBLE_PICTURES") or tmp_path)


@pytest.fixture
def neovim(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "stack.py").write_text(CODE)
    (tmp_path / "init.lua").write_text(INIT)
    colours = {"COLORTERM": "truecolor"}
    env = environment(tmp_path, PLUGIN=str(PLUGIN), VIMRUNTIME=tool("NVIM_RUNTIME"), **colours, **BUNDLED)
    command = [tool("NVIM"), "-u", str(tmp_path / "init.lua"), "-i", "NONE", "-n", "stack.py"]
    terminal = Terminal(command, env, tmp_path, rows=15)
    yield terminal
    terminal.close()


def test_neovim(neovim: Terminal, pictures: Path) -> None:
    neovim.wait_for("class Stack")
    neovim.type("Go" + TYPED.strip())
    ghost = neovim.wait_for_ghost(TYPED)
    take_picture(neovim, pictures / "neovim.svg", "stack.py — Neovim", bar=True)
    neovim.press("Tab")
    neovim.wait_for(TYPED + ghost)
