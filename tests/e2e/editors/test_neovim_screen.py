"""What Neovim shows, frame by frame: grey text that no longer fits is never seen, not for one frame."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from .conftest import fake
from .nvim import INIT, VARIANTS, Neovim
from .processes import running
from .screen import Screen

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]
BEFORE = "total = "
ANSWER = "add(first, second)"
COLOUR = 0x123456


@contextmanager
def held(nvim: Neovim) -> Iterator[None]:
    """The server answers nothing while this lasts, so that what is seen was suggested before."""
    servers = running(nvim.home, "fimble", "lsp")
    for server in servers:
        os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        for server in servers:
            os.kill(server, signal.SIGCONT)


EDITS = (
    "xyz",
    "adx",
    "add(<BS><BS>x",
    "<BS>x",
    "<CR>    more = 1",
    "add<CR>",
    "<CR><Up><Down>",
    "ad<C-w>",
    "ad<C-o>u",
    "<C-u>",
    "<Esc>ua",
    "<Esc>o",
    "<Left>",
    "<Left>q",
    "ad<Left>",
    "<C-r>=1<CR>",
    "a(b)<Left>",
    "<C-o>O",
    "<C-o>:call append(0, 'above')<CR>z",
    "add<C-n>",
)


def test_what_no_longer_fits_is_never_seen(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake(ANSWER))
    nvim.wait_for_server()
    nvim.api.command(f"highlight FimbleGhost guifg=#{COLOUR:06x}")
    screen = Screen(nvim.api, COLOUR)
    dead = {edit: seen for edit in EDITS if (seen := dead_frames(nvim, screen, edit))}
    assert not dead


def dead_frames(nvim: Neovim, screen: Screen, edit: str) -> list[str]:
    """Lines with grey text in them that are seen during an edit and are not what was suggested."""
    nvim.type("<Esc>")
    nvim.api.current.buffer[:] = ["addition = 1", ""]
    nvim.type("Go" + BEFORE)
    nvim.wait_for_ghost()
    screen.look()
    with held(nvim):
        assert screen.frames.pop() == BEFORE + ANSWER
        screen.frames.clear()
        for key in split(edit):
            nvim.type(key)
            screen.look()
            screen.look()  # the first may come before the key is drawn
    return [frame for frame in screen.frames if frame != BEFORE + ANSWER]


def split(keys: str) -> list[str]:
    """Keys one by one; Neovim answers nothing between ``<C-r>`` and its register."""
    return re.findall(r"<C-r>=|<[^>]+>|.", keys)


def test_neovims_own_client_does_not_draw_the_same_again(start: Start) -> None:
    init = INIT + "vim.lsp.inline_completion.enable()"
    nvim = start(VARIANTS["0.12"], fake(ANSWER), init=init, setup={}, text="\n")
    nvim.wait_for_server()
    nvim.type("Go" + BEFORE)
    nvim.wait_for_ghost()
    assert (
        nvim.lua("return vim.lsp.inline_completion.is_enabled({ client_id = ... })", nvim.server()) is False
    )
