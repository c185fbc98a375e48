"""Drives a real Emacs: keys through a terminal, questions over a connection that Emacs opens."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .terminal import Terminal
from .tools import EDITORS, environment, fimble, tool
from .waiting import PATIENCE_SECONDS, until

T = TypeVar("T")
PLUGIN = EDITORS / "emacs"

INIT = """\
;;; -*- lexical-binding: t -*-
(setq inhibit-startup-screen t make-backup-files nil create-lockfiles nil auto-save-default nil
      native-comp-jit-compilation nil ring-bell-function #'ignore)
(setq-default indent-tabs-mode nil)
(menu-bar-mode -1)
(add-to-list 'load-path (getenv "PLUGIN"))

(defun test-answer (connection asked)
  (with-current-buffer (window-buffer)
    (let ((answer (condition-case failure (eval (read asked) t) (error (error-message-string failure)))))
      (process-send-string connection (concat (json-serialize answer) "\\n")))))
(make-network-process :name "test" :host "127.0.0.1" :service (string-to-number (getenv "PORT"))
                      :coding 'utf-8 :noquery t :filter #'test-answer)
"""

WITH_FIMBLE = """
(require 'fimble)
(setq fimble-command (list (getenv "FIMBLE") "lsp"))
(add-hook 'prog-mode-hook #'fimble-mode)
"""
"""What users write, with the command's place."""

GHOST = """
(if (and (bound-and-true-p fimble--shown) fimble--overlay)
    (substring-no-properties (overlay-get fimble--overlay 'after-string))
  "")
"""
MESSAGES = '(with-current-buffer "*Messages*" (buffer-substring-no-properties 1 (point-max)))'


class Emacs:
    """One running Emacs that visits a file. ``init`` is added to what connects it."""

    def __init__(
        self,
        home: Path,
        model: Mapping[str, str],
        init: str = WITH_FIMBLE,
        file: str = "work.py",
        text: str = "",
        rows: int = 18,
    ) -> None:
        self.home, self.file = home, home / file
        self.file.write_text(text)
        (home / "init.el").write_text(INIT + init)
        listener = socket.create_server(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
        env = environment(home, PLUGIN=str(PLUGIN), FIMBLE=fimble(), PORT=port, **model)
        command = [tool("EMACS"), "-Q", "-nw", "-l", str(home / "init.el"), str(self.file)]
        self.terminal = Terminal(command, env, home, rows=rows)
        listener.settimeout(PATIENCE_SECONDS)
        self._channel, _ = listener.accept()
        listener.close()
        self._replies = self._channel.makefile("rb")
        self.until(lambda: self.eval("(buffer-name)") == file, "the file")

    def close(self) -> None:
        self._replies.close()
        self._channel.close()
        self.terminal.close()

    def eval(self, expression: str) -> Any:
        """The value of an expression that JSON can tell, in the buffer on the screen."""
        self._channel.sendall(" ".join(expression.split("\n")).encode() + b"\n")
        return json.loads(self._replies.readline())

    def run(self, command: str) -> None:
        """``M-x``."""
        self.press("M-x")
        self.type(command)
        self.press("Enter")

    def type(self, text: str) -> None:
        self.terminal.type(text)

    def press(self, *keys: str) -> None:
        self.terminal.press(*keys)

    @property
    def text(self) -> str:
        return str(self.eval("(buffer-substring-no-properties (point-min) (point-max))"))

    @property
    def messages(self) -> str:
        return str(self.eval(MESSAGES))

    @property
    def ghost(self) -> str:
        return str(self.eval(GHOST))

    def wait_until_ready(self) -> None:
        self.until(
            lambda: self.eval("(plist-get (fimble--current-state) :kind)") == "ready",
            "the server to be ready",
        )

    def wait_for_ghost(self) -> str:
        return self.until(lambda: self.ghost, "ghost text")

    def wait_for_text(self, text: str) -> None:
        self.until(lambda: self.text == text, f"the text {text!r} instead of {self.text!r}")

    def wait_for_message(self, part: str) -> None:
        self.until(lambda: part in self.messages, f"the message {part!r}")

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        return until(condition, what, lambda: f"{self.terminal.screen()}\n{self.messages}")
