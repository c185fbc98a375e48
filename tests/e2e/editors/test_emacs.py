"""fimble.el in a real Emacs, through eglot and the real language server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from .conftest import BUNDLED, fake
from .emacs import PLUGIN, WITH_FIMBLE, Emacs
from .processes import running
from .tools import environment, fimble, tool

pytestmark = pytest.mark.e2e

Start = Callable[..., Emacs]
CODE = "def add(a, b):\n    return a + b\n\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Emacs, with the cursor at the end and the model loaded."""
    editors: list[Emacs] = []

    def make(model: dict[str, str], **more: str) -> Emacs:
        emacs = Emacs(tmp_path, {"FIMBLE_ENGINE": "local", **model}, **more)
        editors.append(emacs)
        emacs.press("M->")
        return emacs

    yield make
    for emacs in editors:
        emacs.close()


@pytest.fixture
def suggested(start: Start) -> Emacs:
    """An Emacs that shows ``add(1, 2)`` behind ``total = ``."""
    emacs = start(fake("add(1, 2)"), text=CODE)
    emacs.wait_until_ready()
    emacs.type("total = ")
    assert emacs.wait_for_ghost() == "add(1, 2)"
    return emacs


def test_it_compiles_without_warnings(tmp_path: Path) -> None:
    copied = [str(copy(PLUGIN / name, tmp_path)) for name in ("fimble-server.el", "fimble.el")]
    strict = "(setq byte-compile-error-on-warn t)"
    command = [tool("EMACS"), "-Q", "--batch", "-L", str(tmp_path), "--eval", strict]
    command += ["-f", "batch-byte-compile", *copied]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_bundled_model_suggests_and_tab_takes_it(start: Start) -> None:
    emacs = start(BUNDLED, text=CODE)
    emacs.wait_until_ready()
    emacs.type("def subtract(a, b):\rreturn a")
    ghost = emacs.wait_for_ghost()
    assert emacs.terminal.wait_for_ghost("    return a") == ghost.split("\n")[0]
    emacs.press("Tab")
    emacs.wait_for_text(CODE + "def subtract(a, b):\n    return a" + ghost)


BATCH = """
(require 'fimble)
(setq-default tab-width 4)
(defun indents (before text)
  (with-temp-buffer
    (insert before)
    (setq fimble--offer (fimble--make-offer :text text :start (point) :tail ""))
    (null (fimble--unless-indenting 'fimble-accept))))
(defun fimble--current-state () '(:kind "ready" :engine "local" :model "tiny"))
(princ (json-serialize (vector ANSWERS)))
"""


def in_batch(tmp_path: Path, *expressions: str) -> list[object]:
    """Values of expressions in an Emacs that shows nothing and has no server."""
    (tmp_path / "batch.el").write_text(BATCH.replace("ANSWERS", " ".join(expressions)))
    command = [tool("EMACS"), "-Q", "--batch", "-L", str(PLUGIN), "-l", str(tmp_path / "batch.el")]
    ran = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=True)
    return list(json.loads(ran.stdout))


def test_tab_indents_where_the_suggestion_begins_with_a_level_of_indentation(tmp_path: Path) -> None:
    places = [("", "    return a"), ("    ", "return a"), ("", "  return a"), ("a", "    b"), ("", "\n    b")]
    told = in_batch(
        tmp_path, *(f"(if (indents {json.dumps(a)} {json.dumps(b)}) t :false)" for a, b in places)
    )
    assert told == [True, False, False, False, False]


def test_a_snooze_says_until_when_and_the_status_names_the_engine(tmp_path: Path) -> None:
    one, woken, status = in_batch(
        tmp_path, "(fimble--snooze-sentence 1)", "(fimble--snooze-sentence 0)", "(fimble--state-sentence)"
    )
    assert re.fullmatch(r"off for 1 minute, until \d\d:\d\d", str(one))
    assert woken == "on"
    assert status == "ready.  Engine: local, model: tiny"


def test_what_was_typed_before_the_server_was_there_is_asked_for(start: Start, tmp_path: Path) -> None:
    gate, late = tmp_path / "gate", tmp_path / "late"
    os.mkfifo(gate)
    late.write_text(f'#!/bin/sh\nread -r opened < {gate}\nexec {fimble()} "$@"\n')
    late.chmod(0o755)
    init = WITH_FIMBLE + f'(setq fimble-command \'("{late}" "lsp"))'
    emacs = start(fake("add(1, 2)"), init=init, text=CODE)
    emacs.type("total = ")
    emacs.until(lambda: emacs.eval("(and fimble--waiting (= fimble--waiting (point)))"), "the pause")
    gate.write_text("open\n")
    assert emacs.wait_for_ghost() == "add(1, 2)"


def test_words_and_lines_are_taken_one_by_one(start: Start) -> None:
    emacs = start(fake("né = add(a, b)\n    return né"), text=CODE)
    emacs.wait_until_ready()
    emacs.type("def sum(a, b):\r")
    assert emacs.wait_for_ghost() == "né = add(a, b)\n    return né"
    before = CODE + "def sum(a, b):\n    "
    for taken in ["né", "né =", "né = add", "né = add("]:
        emacs.press("C-Right")
        emacs.wait_for_text(before + taken)
    emacs.press("C-Down")
    emacs.wait_for_text(before + "né = add(a, b)")
    assert emacs.ghost == "\n    return né"
    emacs.press("C-Down")
    emacs.wait_for_text(before + "né = add(a, b)\n    return né")


def test_typing_what_is_suggested_shortens_it(suggested: Emacs) -> None:
    suggested.type("ad")
    suggested.until(lambda: suggested.ghost == "d(1, 2)", "a shorter ghost")
    suggested.press("Tab")
    suggested.wait_for_text(CODE + "total = add(1, 2)")


def test_typing_something_else_and_tab_at_once(suggested: Emacs) -> None:
    suggested.type("x\t;")
    suggested.until(lambda: suggested.text.endswith("x;"), "the keys")
    assert "add(1, 2)" not in suggested.text


def test_characters_outside_the_basic_plane(start: Start) -> None:
    emacs = start(fake('"🙂" * 2'), text=CODE)
    emacs.wait_until_ready()
    emacs.type('s = "🙂é" + ')
    assert emacs.wait_for_ghost() == '"🙂" * 2'
    emacs.press("Tab")
    emacs.press("C-x", "C-s")
    emacs.until(lambda: emacs.file.read_text() == CODE + 's = "🙂é" + "🙂" * 2\n', "the file")


def test_a_dismissed_suggestion_gives_its_keys_back(suggested: Emacs) -> None:
    suggested.press("C-g")
    suggested.until(lambda: not suggested.ghost, "no ghost")
    assert suggested.eval('(symbol-name (key-binding (kbd "TAB")))') == "indent-for-tab-command"
    suggested.type("1 + ")
    suggested.wait_for_ghost()


def test_moving_away_hides_it_and_undo_takes_it_back(suggested: Emacs) -> None:
    suggested.press("Tab")
    suggested.wait_for_text(CODE + "total = add(1, 2)")
    suggested.press("C-_")
    suggested.wait_for_text(CODE + "total = ")
    suggested.type(" ")
    suggested.wait_for_ghost()
    suggested.press("C-a")
    suggested.until(lambda: not suggested.ghost, "no ghost")


def test_the_server_is_told_what_was_taken(suggested: Emacs) -> None:
    suggested.press("Tab")
    stats = """(plist-get (jsonrpc-request (eglot-current-server) :workspace/executeCommand
               '(:command "fimble.stats" :arguments [])) :accepted)"""
    suggested.until(lambda: suggested.eval(stats) == 1, "the acceptance")


def test_toggle_and_status(suggested: Emacs) -> None:
    suggested.run("fimble-toggle")
    suggested.wait_for_message("fimble: off")
    suggested.until(lambda: "fimble-off" in suggested.terminal.screen(), "the mode line")
    suggested.type("1 + ")
    suggested.run("fimble-status")
    suggested.wait_for_message("fimble: off.")
    assert not suggested.ghost
    suggested.run("fimble-toggle")
    suggested.wait_for_message("fimble: on")
    suggested.type("2 + ")
    suggested.wait_for_ghost()


def test_a_missing_server_is_told_once_with_the_next_step(start: Start) -> None:
    emacs = start({}, init=WITH_FIMBLE + '(setq fimble-command \'("no-such-program"))', text=CODE)
    emacs.wait_for_message("no-such-program was not found")
    emacs.type("x = 1")
    emacs.wait_for_text(CODE + "x = 1")
    assert emacs.messages.count("pipx install fimble") == 1
    assert "fimble!" in emacs.terminal.screen()


def test_the_server_ends_with_emacs(suggested: Emacs, tmp_path: Path) -> None:
    assert running(tmp_path, "fimble", "lsp")
    suggested.press("C-x", "C-s")
    suggested.until(lambda: suggested.file.read_text().endswith("total = \n"), "the file")
    suggested.press("C-x", "C-c")
    suggested.terminal.until(lambda: not running(tmp_path, "fimble", "lsp"), "the end of the server")
