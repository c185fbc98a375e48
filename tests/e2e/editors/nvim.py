"""Drives a real Neovim over its own protocol: typed keys, insert mode, no terminal."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pynvim  # type: ignore[import-untyped]

from .tools import EDITORS, environment, fimble, tool
from .waiting import until
from .wire import Wire

T = TypeVar("T")
PLUGIN = EDITORS / "neovim"

INIT = """
vim.opt.rtp:prepend(vim.env.PLUGIN)
vim.opt.swapfile = false
vim.g.python_recommended_style = 0 -- so that Tab is a tab
vim.cmd('filetype plugin on | filetype indent off | set noautoindent')
_G.told = {}
vim.notify = function(message) table.insert(_G.told, message) end
if vim.env.SETUP ~= '' then
  require('fimble').setup(vim.json.decode(vim.env.SETUP))
end
"""

GHOST = """
for _, name in ipairs({ 'nvim.lsp.inline_completion', 'fimble' }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
  for _, mark in ipairs(marks) do
    local lines = { mark[4].virt_text or {}, unpack(mark[4].virt_lines or {}) }
    local texts = vim.tbl_map(function(line) return (line[1] or { '' })[1] end, lines)
    return { mark[2], mark[3], table.concat(texts, '\\n') }
  end
end
return vim.NIL
"""


@dataclass(frozen=True)
class Variant:
    """A Neovim: where its program and its runtime files are."""

    program: str
    runtime: str


VARIANTS = {
    "0.12": Variant("NVIM", "NVIM_RUNTIME"),
    "0.10": Variant("NVIM_OLD", "NVIM_OLD_RUNTIME"),
}


@dataclass(frozen=True)
class Ghost:
    """What is shown: row and byte column from 0, and the text."""

    row: int
    col: int
    text: str


def listens(address: str) -> bool:
    """Whether somebody answers at a socket's path; the file is there a little earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address) == 0


class Neovim:
    """One running Neovim with the plugin, and what went over the wire."""

    def __init__(
        self,
        home: Path,
        variant: Variant,
        model: Mapping[str, str],
        setup: Mapping[str, Any] | None = None,
        init: str = INIT,
        file: str = "work.py",
        text: str = "",
    ) -> None:
        self.home, self.file = home, home / file
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(text.encode())
        (home / "init.lua").write_text(init)
        self.wire = Wire(home / "wire.jsonl")
        options = {"cmd": self.wire.command(fimble(), "lsp"), **(setup or {})}
        env = environment(
            home,
            VIMRUNTIME=tool(variant.runtime),
            PLUGIN=str(PLUGIN),
            SETUP="" if setup is None and init != INIT else json.dumps(options),
            **model,
        )
        address = str(home / "nvim.sock")
        program = [tool(variant.program), "--headless", "--listen", address, "-i", "NONE"]
        self._process = subprocess.Popen(
            [*program, "-u", str(home / "init.lua"), str(self.file)],
            cwd=home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: listens(address), "Neovim")
        self.api = pynvim.attach("socket", path=address)

    def close(self) -> None:
        self.api.command("qall!", async_=True)
        self._process.wait(30)
        with contextlib.suppress(
            OSError
        ):  # the loop has to run once more to see the end and close its socket
            self.api.eval("0")
        self.api.close()

    def lua(self, code: str, *arguments: object) -> Any:
        return self.api.exec_lua(code, *arguments)

    def type(self, keys: str) -> None:
        """Key names in angle brackets, as in mappings."""
        self.api.input(keys)

    @property
    def lines(self) -> list[str]:
        return list(self.api.current.buffer)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def line(self) -> str:
        return str(self.api.current.line)

    @property
    def told(self) -> list[str]:
        """Notifications to the user."""
        return [str(each) for each in self.lua("return _G.told or {}")]

    def server(self) -> Any:
        """The running client's id, or None."""
        return self.lua(
            "local c = vim.lsp.get_clients({ name = 'fimble' })[1] return c and c.initialized and c.id or nil"
        )

    def wait_for_server(self) -> None:
        self.until(lambda: self.server(), "the server")

    def ghost(self) -> Ghost | None:
        found = self.lua(GHOST)
        return Ghost(*found) if found and found[2] else None

    def wait_for_ghost(self) -> Ghost:
        """A suggestion at the cursor that can be accepted."""

        def ready() -> Ghost | None:
            ghost = self.ghost()
            shown = self.lua("return require('fimble.suggest').shown()")
            return ghost if ghost and shown == ghost.text else None

        return self.until(ready, "ghost text")

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        return until(condition, what, self.describe)

    def describe(self) -> str:
        return f"buffer: {self.text!r}\nghost: {self.ghost()}\nnotices: {self.told}"
