"""Helix with the configuration that is shipped: suggestions are entries of its completion menu."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import BUNDLED, fake
from .terminal import Terminal
from .tools import EDITORS, environment, fimble, tool
from .waiting import until
from .wire import Wire

pytestmark = pytest.mark.e2e

CODE = "def add(a, b):\n    return a + b\n\n"
PATIENT = "[editor]\ncompletion-timeout = 5\n"
"""Helix's own pause before it asks, and no more."""


class Helix:
    """One running Helix, in insert mode on a new last line, with the model loaded."""

    def __init__(self, home: Path, model: dict[str, str]) -> None:
        self.file, self.wire = home / "work.py", Wire(home / "wire.jsonl")
        self.file.write_text(CODE)
        settings = home / ".config" / "helix"
        settings.mkdir(parents=True)
        (settings / "config.toml").write_text(PATIENT)
        (settings / "languages.toml").write_text((EDITORS / "helix" / "languages.toml").read_text())
        env = environment(home, HELIX_RUNTIME=tool("HELIX_RUNTIME"), FIMBLE_ENGINE="local", **model)
        env["PATH"] = f"{self._command(home)}:{env['PATH']}"
        self.terminal = Terminal([tool("HELIX"), str(self.file)], env, home)
        until(self._ready, "the server to be ready", self.terminal.screen)
        self.terminal.type("ge")
        self.terminal.type("o")

    def _command(self, home: Path) -> Path:
        """A folder with a ``fimble`` that notes what is said."""
        folder = home / "bin"
        folder.mkdir()
        words = shlex.join(self.wire.command(fimble()))
        (folder / "fimble").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (folder / "fimble").chmod(0o755)
        return folder

    def _ready(self) -> bool:
        sent = [m["params"] for m in self.wire.messages("server") if m.get("method") == "fimble/status"]
        return bool(sent) and sent[-1]["kind"] == "ready"

    def take_first_entry(self) -> None:
        self.terminal.press("Tab", "Enter")

    def save(self) -> None:
        self.terminal.press("Escape")
        self.terminal.wait_for(" NOR ")  # Escape and `:` at once would be Alt-:
        self.terminal.type(":write\r")

    @property
    def saved(self) -> str:
        try:
            return self.file.read_text()
        except FileNotFoundError:  # Helix moves the old file away before it writes the new one
            return ""


@pytest.fixture
def helix(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Helix]:
    editor = Helix(tmp_path, request.param)
    yield editor
    editor.terminal.close()


@pytest.mark.parametrize("helix", [fake('(1, "🙂")')], indirect=True)
def test_the_menu_has_the_suggestion(helix: Helix) -> None:
    helix.terminal.type('s = "🙂é" + add')
    helix.terminal.wait_for('add(1, "🙂")')
    helix.take_first_entry()
    helix.save()
    written = CODE + 's = "🙂é" + add(1, "🙂")\n'
    helix.terminal.until(lambda: helix.saved == written, "the file")


@pytest.mark.parametrize("helix", [BUNDLED], indirect=True)
def test_the_bundled_model_suggests(helix: Helix) -> None:
    typed = "def subtract(a, b):\n    return a"
    helix.terminal.type("def subtract(a, b):\r    return a")
    helix.terminal.until(lambda: helix.terminal.screen().count("return a") == 2, "what was typed")
    helix.terminal.wait_for("snippet")
    helix.take_first_entry()
    helix.save()
    more = re.compile(re.escape(CODE + typed) + r".+\n", re.DOTALL)
    helix.terminal.until(lambda: more.fullmatch(helix.saved), "the file with more than was typed")
