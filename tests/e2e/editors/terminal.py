"""A program in a real terminal of its own, driven and looked at through tmux."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from .tools import tool
from .waiting import until

T = TypeVar("T")
SETTINGS = """
set -g default-terminal screen-256color
set -s escape-time 0
set -g status off
"""


class Terminal:
    """One window without tmux's own decorations. Close it at the end."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        columns: int = 80,
        rows: int = 18,
    ) -> None:
        settings = folder / "tmux.conf"
        settings.write_text(SETTINGS)
        self._tmux = [tool("TMUX_PROGRAM"), "-S", str(folder / "tmux.sock"), "-f", str(settings)]
        words = [f"{name}={value}" for name, value in env.items() if name != "TERM"]
        size = ["-x", str(columns), "-y", str(rows), "-c", str(folder)]
        self._run("new-session", "-d", *size, "env", "-i", "TERM=screen-256color", *words, *command)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def type(self, text: str) -> None:
        if text.endswith(";"):  # tmux would take it as its own
            text = text[:-1] + r"\;"
        self._run("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Tab, Enter, Escape, Right, C-Right, M-l …"""
        self._run("send-keys", *keys)

    @property
    def ended(self) -> bool:
        """Whether the program has ended, and with it its window."""
        asked = subprocess.run([*self._tmux, "list-sessions"], capture_output=True, check=False)
        return asked.returncode != 0

    def screen(self, colours: bool = False) -> str:
        return self._run("capture-pane", "-p", *(["-e", "-N"] if colours else []))

    def cursor(self) -> tuple[int, int]:
        """Column and row from 0."""
        column, row = self._run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    def behind_cursor(self, typed: str) -> str:
        """What the cursor's line shows from the cursor on, once ``typed`` stands before it."""
        column, row = self.cursor()
        line = self.screen().split("\n")[row]
        return line[column:].rstrip() if line[:column].endswith(typed) else ""

    def wait_for(self, text: str) -> None:
        self.until(lambda: text in self.screen(), repr(text))

    def wait_for_ghost(self, typed: str) -> str:
        """For a cursor at a line's end, behind what was typed: what is shown there."""
        return self.until(lambda: self.behind_cursor(typed), "ghost text")

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        return until(condition, what, self.screen)

    def _run(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True).stdout
