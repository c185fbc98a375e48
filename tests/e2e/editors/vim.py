"""Drives a real Vim: keys through a terminal, questions over one of Vim's own channels."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .terminal import Terminal
from .tools import EDITORS, environment, tool
from .waiting import PATIENCE_SECONDS, until

T = TypeVar("T")
PLUGIN = EDITORS / "vim"

VIMRC = """
set nocompatible noswapfile shortmess+=I
filetype plugin on
syntax on
set noautoindent
let g:python_recommended_style = 0
let &runtimepath = $PLUGIN .. ',' .. &runtimepath
let g:test_channel = ch_open($CHANNEL, {'mode': 'json'})
"""

POPUPS = r"map(popup_list(), {_, id -> join(getbufline(winbufnr(id), 1, '$'), ' ')})"
GHOST_LINES = "len(prop_list(1, {'end_lnum': -1, 'types': ['fimble_ghost']}))"
"""Vim 9.0 tells where virtual text is, but not what it says: that is read from the screen."""


class Vim:
    """One running Vim with the plugin. ``vimrc`` is added to the one that connects it."""

    def __init__(
        self,
        home: Path,
        model: Mapping[str, str],
        vimrc: str = "",
        file: str = "work.py",
        text: str = "",
        rows: int = 18,
    ) -> None:
        self.home, self.file = home, home / file
        self.file.write_bytes(text.encode())
        (home / "vimrc").write_text(VIMRC + vimrc)
        listener = socket.create_server(("127.0.0.1", 0))
        env = environment(home, PLUGIN=str(PLUGIN), CHANNEL=f"127.0.0.1:{listener.getsockname()[1]}", **model)
        command = [tool("VIM"), "-u", str(home / "vimrc"), "-i", "NONE", str(self.file)]
        self.terminal = Terminal(command, env, home, rows=rows)
        listener.settimeout(PATIENCE_SECONDS)
        self._channel, _ = listener.accept()
        listener.close()
        self._replies = self._channel.makefile("rb")
        self._asked = 0

    def close(self) -> None:
        self._send(["ex", "qall!"])
        self._replies.close()
        self._channel.close()
        self.terminal.close()

    def eval(self, expression: str) -> Any:
        self._asked -= 1
        self._send(["expr", expression, self._asked])
        while True:
            id, value = json.loads(self._replies.readline())
            if id == self._asked:
                return value

    def ex(self, command: str) -> None:
        self.eval(f"execute({json.dumps(command)}, '')")

    def type(self, text: str) -> None:
        self.terminal.type(text)

    def press(self, *keys: str) -> None:
        self.terminal.press(*keys)

    @property
    def line(self) -> str:
        return str(self.eval("getline('.')"))

    @property
    def lines(self) -> list[str]:
        return list(self.eval("getline(1, '$')"))

    @property
    def cursor(self) -> tuple[int, int]:
        """Line from 1 and byte column from 0."""
        line, column = self.eval("[line('.'), col('.') - 1]")
        return line, column

    @property
    def told(self) -> list[str]:
        """Messages to the user that are on the screen."""
        return list(self.eval(POPUPS))

    def forget_told(self) -> None:
        self.ex("call popup_clear()")

    def ghost(self) -> str:
        """What is shown behind the cursor, at a line's end."""
        column, row = self.terminal.cursor()
        lines = int(self.eval(GHOST_LINES))
        return "\n".join(self._shown(row + at, column if at == 0 else 0) for at in range(lines))

    def _shown(self, row: int, column: int) -> str:
        cells = f"map(range({column} + 1, &columns), {{_, c -> screenstring({row} + 1, c)}})"
        return str(self.eval(f"join({cells}, '')")).rstrip()

    def wait_for_ghost(self) -> str:
        return self.until(self.ghost, "ghost text")

    def wait_for_line(self, line: str) -> None:
        self.until(lambda: self.line == line, f"the line {line!r}")

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        return until(condition, what, self.terminal.screen)

    def _send(self, message: list[object]) -> None:
        self._channel.sendall(json.dumps(message).encode() + b"\n")
