"""What users see: editors in a terminal, with the bundled model. ``make screenshots`` keeps the pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import BUNDLED
from .emacs import WITH_FIMBLE, Emacs
from .nvim import PLUGIN
from .picture import take_picture
from .terminal import Terminal
from .tools import environment, tool
from .vim import Vim

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
VIMRC = """
set background=dark number laststatus=2 fillchars=eob:\\  noruler noshowcmd
set statusline=\\ %f\\ %m%=%{fimble#Status()}\\ 
highlight StatusLine cterm=NONE ctermfg=251 ctermbg=236
highlight LineNr ctermfg=240
highlight FimbleGhost cterm=NONE ctermfg=245
"""
EMACS_INIT = """
(setq frame-background-mode 'dark)
(mapc #'frame-set-background-mode (frame-list))
(global-display-line-numbers-mode 1)
(global-eldoc-mode -1)
(set-face-attribute 'mode-line nil :foreground "color-251" :background "color-236" :inverse-video nil)
(set-face-attribute 'line-number nil :foreground "color-240")
(setq-default mode-line-format '(" %b " (:eval (if (buffer-modified-p) "[+]" "")) mode-line-format-right-align
                                 (:eval (fimble--lighter)) " "))
(with-eval-after-load 'fimble (set-face-attribute 'fimble-ghost nil :foreground "color-245"))
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


def test_vim(tmp_path: Path, pictures: Path) -> None:
    vim = Vim(tmp_path, BUNDLED, vimrc=VIMRC, file="stack.py", text=CODE, rows=15)
    try:
        vim.type("Go" + TYPED)
        ghost = vim.terminal.wait_for_ghost(TYPED)
        take_picture(vim.terminal, pictures / "vim.svg", "stack.py — Vim", bar=True)
        vim.press("Tab")
        vim.terminal.wait_for(TYPED + ghost)
    finally:
        vim.close()


def test_emacs(tmp_path: Path, pictures: Path) -> None:
    emacs = Emacs(tmp_path, BUNDLED, init=EMACS_INIT + WITH_FIMBLE, file="stack.py", text=CODE, rows=15)
    try:
        emacs.wait_until_ready()
        emacs.press("M->")
        emacs.type(TYPED)
        ghost = emacs.terminal.wait_for_ghost(TYPED)
        emacs.eval("(message nil)")
        emacs.terminal.until(lambda: not emacs.terminal.screen().split("\n")[14], "an empty echo area")
        take_picture(emacs.terminal, pictures / "emacs.svg", "stack.py — Emacs")
        emacs.press("Tab")
        emacs.terminal.wait_for(TYPED + ghost)
    finally:
        emacs.close()
