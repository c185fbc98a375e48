"""llama.vscode asks ``/infill`` for three suggestions at once. One window serves all tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.editors.listening import Listener
from tests.e2e.editors.waiting import until

from .llama_vscode import LlamaWindow, llama_window
from .servers import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]


def loop(name: str) -> str:
    """The beginning of a line that nobody has asked about yet: the plugin remembers what it was told."""
    return f"for (let {name} = 0; {name} < items"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaWindow]:
    with llama_window(tmp_path_factory.mktemp("vscode")) as opened:
        yield opened


def test_tab_takes_the_grey_text(llama: LlamaWindow, server: Server, relay: Listener) -> None:
    llama.point_at(relay.address, server.key)
    shown = llama.type_for_ghost(loop("a"))
    llama.window.press("Tab")
    until(lambda: llama.window.saved().startswith(loop("a") + shown), "acceptance")
    assert b'"n_cmpl":3' in relay.heard


def test_grey_text_follows_what_is_typed(llama: LlamaWindow, server: Server) -> None:
    llama.point_at(server.url, server.key)
    shown = llama.type_for_ghost(loop("b"))
    llama.window.type(shown[0])
    until(lambda: llama.window.ghost_text().startswith(shown[1:]), "the rest of it")
    llama.window.press("Escape", "Enter")
    llama.type_for_ghost(loop("c"))


def test_figures_in_the_status_bar(llama: LlamaWindow, server: Server) -> None:
    """It has none for three suggestions, whoever answers."""
    llama.point_at(server.url, server.key, max_parallel_completions=1)
    llama.type_for_ghost(loop("d"))
    figures = re.compile(r"c: \d+ / \d+, .* p: \d+ \(\d+\.\d+ ms, .* g: \d+ \(\d")
    expect(llama.status).to_contain_text(figures)


def test_a_key_that_is_refused_is_told(llama: LlamaWindow, server: Server) -> None:
    llama.point_at(server.url, "wrong")
    llama.put(loop("e"))
    llama.told("Request failed with status code 401")
    llama.window.saved(loop("e"))
    llama.window.no_ghost()
    llama.window.clear_notifications()
    llama.point_at(server.url, server.key)
    llama.type_for_ghost(loop("f"))


def test_the_server_goes_away_and_comes_back(llama: LlamaWindow, server: Server) -> None:
    llama.point_at(server.url, server.key)
    with server.away():
        llama.put(loop("g"))
        llama.told("ECONNREFUSED")
        llama.window.saved(loop("g"))
    llama.window.clear_notifications()
    llama.window.press("Enter")
    llama.type_for_ghost(loop("h"))


def test_the_model_that_comes_along(llama: LlamaWindow, bundled: Server) -> None:
    llama.point_at(bundled.url, bundled.key)
    llama.put("for (let i = 0; i < items.length; i++) {\n")
    shown = llama.type_for_ghost("total += items")
    llama.window.press("Tab")
    until(lambda: "total += items" + shown in llama.window.saved(), "acceptance")
