"""minuet-ai.nvim asks ``/v1/completions`` and ``/v1/fim/completions`` and reads their streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clients import client
from tests.e2e.editors.listening import Listener

from .conftest import CODE, TYPED
from .minuet import PRESETS, Minuet, StartMinuet
from .servers import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(params=PRESETS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartMinuet]:
    """Starts Neovim with a server's address and key, at the end of a file."""
    running: list[Minuet] = []

    def make(address: str, key: str) -> Minuet:
        plugin = client("minuet-ai.nvim", tmp_path / "plugins")
        running.append(Minuet(tmp_path, plugin, request.param, address, key, CODE))
        return running[-1]

    yield make
    for nvim in running:
        nvim.close()


def test_tab_takes_the_virtual_text(start: StartMinuet, server: Server) -> None:
    nvim = start(server.url, server.key)
    nvim.type("Go" + TYPED)
    hint = nvim.until(nvim.hint, "virtual text")
    assert hint == (server.answer or hint)
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.text == CODE + TYPED + hint, "acceptance")
    assert nvim.told == []


def test_virtual_text_follows_what_is_typed(start: StartMinuet, server: Server) -> None:
    nvim = start(server.url, server.key)
    nvim.type("Go" + TYPED)
    hint = nvim.until(nvim.hint, "virtual text")
    nvim.type(hint[0])
    nvim.until(lambda: nvim.hint() == hint[1:], "the rest of it")
    nvim.type("<CR>result = add(")
    hint = nvim.until(lambda: nvim.hint() if nvim.line == "result = add(" else "", "other virtual text")
    nvim.type("<Tab>")
    nvim.until(lambda: "result = add(" + hint in nvim.text, "acceptance")


def test_a_key_that_is_refused_is_told_and_breaks_nothing(
    relay: Listener, start: StartMinuet, server: Server
) -> None:
    nvim = start(relay.address, "wrong")
    nvim.type("Go" + TYPED)
    nvim.until(lambda: nvim.finished, "the end of a request")
    assert b"Bearer wrong" in relay.heard
    assert nvim.hint() == ""
    assert nvim.line == TYPED
    assert any("returns error" in told for told in nvim.told)
    nvim.use_key(server.key)
    nvim.type("1<CR>result = add(")
    nvim.until(nvim.hint, "virtual text with the right key")


def test_the_server_goes_away_and_comes_back(start: StartMinuet, server: Server) -> None:
    nvim = start(server.url, server.key)
    nvim.type("Go" + TYPED)
    nvim.until(nvim.hint, "virtual text")
    with server.away():
        nvim.type("1<CR>result = ")
        nvim.until(lambda: any("exit code 7" in told for told in nvim.told), "a failure")
        assert nvim.hint() == ""
    nvim.type("add(")
    hint = nvim.until(nvim.hint, "virtual text again")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "result = add(" + hint, "acceptance")


def test_the_model_that_comes_along(start: StartMinuet, bundled: Server) -> None:
    nvim = start(bundled.url, bundled.key)
    nvim.type("Godef subtract(a, b):<CR>    return a")
    hint = nvim.until(nvim.hint, "virtual text")
    assert re.fullmatch(" [-+] b", hint)
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.text.endswith("    return a" + hint), "acceptance")
