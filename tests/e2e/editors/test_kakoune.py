"""The script for Kakoune in a real Kakoune, with a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import fake
from .serving import PATIENT, serving
from .terminal import Terminal
from .tools import EDITORS, environment, tool

pytestmark = pytest.mark.e2e

CODE = "def add(a, b):\n    return a + b\n\n"
KAKRC = "source {folder}/fimble.kak\nset-option global fimble_url {url}\nfimble-enable\n"
Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Kakoune in ``work.py``, in insert mode on a new last line."""
    terminals: list[Terminal] = []

    def make(url: str, file: str = "work.py") -> Terminal:
        (tmp_path / file).write_text(CODE)
        (tmp_path / "kakrc").write_text(KAKRC.format(folder=EDITORS / "kakoune", url=url))
        kak = Path(tool("KAKOUNE"))
        env = environment(tmp_path, KAKOUNE_RUNTIME=tool("KAKOUNE_RUNTIME"), **PATIENT)
        env["PATH"] = f"{kak.parent}:{env['PATH']}"
        command = [str(kak), "-n", "-e", f"source {tmp_path}/kakrc", file]
        terminals.append(Terminal(command, env, tmp_path))
        terminals[-1].wait_for("return a + b")
        terminals[-1].type("geo")
        return terminals[-1]

    yield make
    for terminal in terminals:
        terminal.close()


def test_tab_takes_what_is_shown(start: Start, tmp_path: Path) -> None:
    with serving(tmp_path / "server", fake('"🙂{" * 2')) as url:
        kakoune = start(url)
        kakoune.type('s = "🙂é" + ')
        kakoune.wait_for('s = "🙂é" + "🙂{" * 2')
        kakoune.press("Tab")
        kakoune.press("Escape")
        # Escape and `:` at once would be Alt-:
        kakoune.until(lambda: " insert " not in kakoune.screen(), "normal mode")
        kakoune.type(":write\r")
        written = CODE + 's = "🙂é" + "🙂{" * 2\n'
        kakoune.until(lambda: (tmp_path / "work.py").read_text() == written, "the file")


def test_a_missing_server_is_told_with_the_next_step(start: Start) -> None:
    kakoune = start("http://127.0.0.1:9")
    kakoune.type("total = ")
    kakoune.wait_for("cannot be reached")


def test_a_private_file_is_told_and_goes_nowhere(start: Start, tmp_path: Path) -> None:
    with serving(tmp_path / "server", fake("secret")) as url:
        kakoune = start(url, ".env")
        kakoune.type("KEY = ")
        kakoune.wait_for("looks like a file with secrets")


@pytest.mark.parametrize(
    ("above", "answer", "after_tab"), [("if add:\r", "    give()", "\t"), ("", "give()", "give()")]
)
def test_tab_indents_where_the_suggestion_begins_with_a_level_of_indentation(
    start: Start, tmp_path: Path, above: str, answer: str, after_tab: str
) -> None:
    with serving(tmp_path / "server", fake(answer)) as url:
        kakoune = start(url)
        kakoune.type(f"{above}x")
        kakoune.press("BSpace")
        kakoune.wait_for(answer)
        kakoune.press("Tab")
        kakoune.press("Escape")
        kakoune.until(lambda: " insert " not in kakoune.screen(), "normal mode")
        kakoune.type(":write\r")
        written = f"{CODE}{above}{after_tab}\n".replace("\r", "\n")
        kakoune.until(lambda: (tmp_path / "work.py").read_text() == written, "the file")
