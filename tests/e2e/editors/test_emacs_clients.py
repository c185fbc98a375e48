"""Emacs' own clients, set up as docs/editors.md says, with the real language server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import fake
from .emacs import Emacs
from .tools import tool

pytestmark = pytest.mark.e2e

CODE = "def add(a, b):\n    return a + b\n\n"

LSP_MODE = """
(dolist (folder (directory-files (getenv "LSP_MODE") t "^[a-z]")) (add-to-list 'load-path folder))
(setq lsp-session-file (expand-file-name "session" (getenv "HOME"))
      lsp-auto-guess-root t lsp-enable-snippet nil lsp-client-packages nil lsp-enable-file-watchers nil
      lsp-lens-enable nil lsp-headerline-breadcrumb-enable nil lsp-enable-folding nil
      lsp-semantic-tokens-enable nil lsp-completion-provider :none)
(require 'lsp-completion)
(require 'lsp-diagnostics)
(require 'lsp-modeline)
(require 'fimble-lsp-mode)
(setq fimble-lsp-command (list (getenv "FIMBLE") "lsp"))
(lsp-workspace-folders-add (getenv "HOME"))
(add-hook 'prog-mode-hook #'lsp)
"""
"""lsp-mode lies there unpacked and not installed, so its parts are required one by one."""

LSP_MODE_STATE = """
(if (seq-some (lambda (each) (eq (lsp--workspace-status each) 'initialized)) (lsp-workspaces))
    (gethash "kind" (lsp-request "workspace/executeCommand" '(:command "fimble.status" :arguments [])))
  "")
"""

EGLOT = """
(require 'eglot)
(add-to-list 'eglot-server-programs `(python-mode ,(getenv "FIMBLE") "lsp"))
(add-hook 'python-mode-hook #'eglot-ensure)
"""

EGLOT_STATE = """
(if (eglot-current-server)
    (plist-get (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                                '(:command "fimble.status" :arguments [])) :kind)
  "")
"""


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Emacs]:
    def make(answer: str, init: str, **more: str) -> Emacs:
        emacs = Emacs(tmp_path, {"FIMBLE_ENGINE": "local", **fake(answer), **more}, init=init, text=CODE)
        request.addfinalizer(emacs.close)
        emacs.press("M->")
        return emacs

    return make


def test_lsp_mode_shows_suggestions_inline(start: Callable[..., Emacs]) -> None:
    emacs = start("add(1, 2)", LSP_MODE, LSP_MODE=tool("EMACS_LSP_MODE"))
    emacs.until(lambda: emacs.eval(LSP_MODE_STATE) == "ready", "the server to be ready")
    emacs.type("total = ")
    emacs.terminal.wait_for("total = add(1, 2)")
    emacs.press("Tab")
    emacs.wait_for_text(CODE + "total = add(1, 2)")


def test_eglot_alone_offers_the_suggestion_as_a_completion(start: Callable[..., Emacs]) -> None:
    emacs = start("d(1, 2)", EGLOT)
    emacs.until(lambda: emacs.eval(EGLOT_STATE) == "ready", "the server to be ready")
    emacs.type("total = ad")
    emacs.press("C-M-i")
    emacs.wait_for_text(CODE + "total = add(1, 2)")
