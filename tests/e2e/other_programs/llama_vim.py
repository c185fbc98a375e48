"""llama.vim in the real Vim and in the real Neovim, with nothing but the server's address and key set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from tests.e2e.editors.nvim import VARIANTS, Neovim
from tests.e2e.editors.vim import Vim

T = TypeVar("T")

INFO = "   | c:"
"""What its line of figures begins with, behind the grey text."""
HINTS = "len(prop_list(1, {'end_lnum': -1, 'types': ['llama_hl_fim_hint']}))"
RUNNING = "len(filter(job_info(), {_, job -> job_status(job) ==# 'run'}))"
MARKS = """
local namespace = vim.api.nvim_create_namespace('vt_fim')
local lines, info = {}, ''
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  for at, piece in ipairs(mark[4].virt_text or {}) do
    if at == 1 then table.insert(lines, piece[1]) else info = piece[1] end
  end
end
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  for _, line in ipairs(mark[4].virt_lines or {}) do
    table.insert(lines, line[1][1])
  end
end
return { table.concat(lines, '\\n'), info }
"""


class Editor(Protocol):
    """What the tests need of both."""

    def type(self, text: str) -> None: ...
    def tab(self) -> None: ...
    def hint(self) -> str: ...
    def info(self) -> str: ...
    def asking(self) -> bool: ...
    def messages(self) -> str: ...
    def command(self, text: str) -> None: ...
    def until(self, condition: Callable[[], T | None], what: str) -> T: ...
    def close(self) -> None: ...

    @property
    def lines(self) -> list[str]: ...

    @property
    def line(self) -> str: ...


def configuration(address: str, key: str) -> str:
    return f"let g:llama_config = {{'endpoint_fim': '{address}/infill', 'api_key': {json.dumps(key)}}}\n"


class LlamaInVim(Vim):
    def __init__(self, home: Path, plugin: Path, address: str, key: str, text: str) -> None:
        vimrc = f"let g:loaded_fimble = v:true\nlet &runtimepath = '{plugin},' .. &runtimepath\n"
        super().__init__(home, {}, vimrc=vimrc + configuration(address, key), text=text)
        self.until(self._begun, "the end of what it says at its start")

    def _begun(self) -> bool:
        """It wants a newer Vim than the oldest that it runs in; the user has read that."""
        if self.eval("mode()") == "r":
            self.press("Enter")
        return bool(self.eval("v:vim_did_enter && mode() ==# 'n'"))

    def tab(self) -> None:
        self.press("Tab")

    def hint(self) -> str:
        lines = int(self.eval(HINTS))
        if not lines:
            return ""
        column, row = self.terminal.cursor()
        shown = self._shown(row, column).partition(INFO)[0].rstrip()
        return "\n".join([shown, *(self._shown(row + at, 0) for at in range(1, lines))])

    def info(self) -> str:
        _, row = self.terminal.cursor()
        return "".join(self._shown(row, 0).partition(INFO)[1:])

    def asking(self) -> bool:
        return bool(self.eval(RUNNING))

    def messages(self) -> str:
        return str(self.eval("execute('messages')"))

    def command(self, text: str) -> None:
        self.ex(text)


class LlamaInNeovim(Neovim):
    def __init__(self, home: Path, plugin: Path, address: str, key: str, text: str) -> None:
        init = (
            f"vim.opt.rtp:prepend('{plugin}')\nvim.opt.swapfile = false\n"
            f"vim.cmd([[filetype plugin on | set noautoindent\n{configuration(address, key)}]])\n"
        )
        super().__init__(home, VARIANTS["0.12"], {}, init=init, text=text)

    def type(self, keys: str) -> None:
        super().type(keys.replace("<", "<lt>").replace("\n", "<CR>"))

    def tab(self) -> None:
        super().type("<Tab>")

    def hint(self) -> str:
        return str(self.lua(MARKS)[0])

    def info(self) -> str:
        return str(self.lua(MARKS)[1])

    def asking(self) -> bool:
        return bool(
            self.lua(
                "return #vim.tbl_filter(function(c) return c.stream == 'job' end, vim.api.nvim_list_chans())"
            )
        )

    def messages(self) -> str:
        return str(self.api.command_output("messages"))

    def command(self, text: str) -> None:
        self.api.command(text)


EDITORS = {"Vim": LlamaInVim, "Neovim": LlamaInNeovim}
