"""llama.vim asks ``/infill``: in Vim and in Neovim, where its grey text and its keys are made in two ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.clients import client
from tests.e2e.editors.listening import Listener

from .conftest import CODE, TYPED
from .llama_vim import EDITORS, Editor
from .servers import Server

pytestmark = pytest.mark.e2e

Start = Callable[[str, str], Editor]


@pytest.fixture(params=EDITORS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts the editor with a server's address and key, at the end of a file."""
    running: list[Editor] = []

    def make(address: str, key: str) -> Editor:
        plugin = client("llama.vim", tmp_path / "plugins")
        running.append(EDITORS[request.param](tmp_path, plugin, address, key, CODE))
        return running[-1]

    yield make
    for editor in running:
        editor.close()


def test_tab_takes_the_grey_text(start: Start, server: Server) -> None:
    editor = start(server.url, server.key)
    editor.type("Go" + TYPED)
    hint = editor.until(editor.hint, "grey text")
    assert hint == (server.answer or hint)
    assert re.match(r" *\| c: \d+, .* \| p: \d+ \(", editor.info())
    editor.tab()
    editor.until(lambda: "\n".join(editor.lines) == CODE + TYPED + hint, "acceptance")


def test_grey_text_follows_what_is_typed(start: Start, server: Server) -> None:
    editor = start(server.url, server.key)
    editor.type("Go" + TYPED)
    hint = editor.until(editor.hint, "grey text")
    editor.type(hint[0])
    editor.until(lambda: editor.hint() == hint[1:], "the rest of it")
    editor.type("\nresult = add(")
    hint = editor.until(lambda: editor.hint() if editor.line == "result = add(" else "", "other grey text")
    editor.tab()
    editor.until(lambda: "result = add(" + hint in "\n".join(editor.lines), "acceptance")


def test_pieces_of_other_files_are_sent_ahead_and_along(
    relay: Listener, start: Start, server: Server
) -> None:
    """It has them read while nobody types."""
    editor = start(relay.address, server.key)
    editor.command("edit other.py")
    editor.until(lambda: re.search(rb'"n_predict": ?0\b', relay.heard), "a request that asks for no text")
    editor.until(lambda: not editor.asking(), "its end")
    editor.type("i" + TYPED)
    editor.until(editor.hint, "grey text")
    assert " r: 1/16," in editor.info()
    assert not re.findall(r"\bE\d+:", editor.messages())


def test_a_key_that_is_refused_shows_nothing_and_breaks_nothing(
    relay: Listener, start: Start, server: Server
) -> None:
    editor = start(relay.address, "wrong")
    editor.type("Go" + TYPED)
    editor.until(lambda: b"Bearer wrong" in relay.heard, "a request")
    editor.until(lambda: not editor.asking(), "its end")
    assert editor.hint() == ""
    assert editor.line == TYPED
    assert not re.findall(r"\bE\d+:", editor.messages())
    editor.command(f"let g:llama_config.api_key = '{server.key}'")
    editor.type("1\nresult = add(")
    editor.until(editor.hint, "grey text with the right key")


def test_the_server_goes_away_and_comes_back(start: Start, server: Server) -> None:
    editor = start(server.url, server.key)
    editor.type("Go" + TYPED)
    editor.until(editor.hint, "grey text")
    with server.away():
        editor.type("1\nresult = ")
        editor.until(lambda: "FIM job failed" in editor.messages(), "a failure")
        editor.until(lambda: not editor.asking(), "the end of asking")
        assert editor.hint() == ""
    editor.type("add(")
    hint = editor.until(editor.hint, "grey text again")
    editor.tab()
    editor.until(lambda: editor.line == "result = add(" + hint, "acceptance")


def test_the_model_that_comes_along(start: Start, bundled: Server) -> None:
    editor = start(bundled.url, bundled.key)
    editor.type("Godef subtract(a, b):\n    return a")
    hint = editor.until(editor.hint, "grey text")
    assert re.fullmatch(" [-+] b", hint)
    editor.tab()
    editor.until(lambda: "\n".join(editor.lines).endswith("    return a" + hint), "acceptance")
