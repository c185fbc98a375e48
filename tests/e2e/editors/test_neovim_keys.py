"""Keys in Neovim: what has nothing to do falls through to what the key was before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import fake
from .nvim import INIT, VARIANTS, Neovim

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]

GLOBAL = "vim.keymap.set('i', '<Tab>', {})"
BUFFER = "vim.keymap.set('i', '<Tab>', {}, {{ buffer = true }})"
EARLIER = {
    "text": "'(tab)'",
    "function": "function() vim.api.nvim_put({ '(tab)' }, 'c', true, true) end",
    "expression": "function() return '(tab)' end, { expr = true }",
}


@pytest.mark.parametrize("earlier", EARLIER)
@pytest.mark.parametrize("when", ["before", "after"])
def test_tab_falls_through_to_an_earlier_mapping(start: Start, earlier: str, when: str) -> None:
    """Before: in init.lua. After: by a plugin that is loaded while suggestions run."""
    mapping = f"vim.keymap.set('i', '<Tab>', {EARLIER[earlier]})"
    init = INIT + mapping if when == "before" else INIT
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), setup={}, init=init, text="\n")
    nvim.wait_for_server()
    nvim.until(lambda: "Fimble" in str(nvim.api.command_output("verbose imap <Tab>")).title(), "our mapping")
    if when == "after":
        nvim.lua(mapping)
    nvim.type("i<Tab>")
    nvim.until(lambda: nvim.line == "(tab)", "the earlier mapping")
    nvim.type(" + ")
    ghost = nvim.wait_for_ghost()
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "(tab) + " + ghost.text, "acceptance")


def test_tab_falls_through_to_a_mapping_of_the_buffer(start: Start) -> None:
    init = (
        INIT
        + """
    vim.api.nvim_create_autocmd('FileType', { callback = function(event)
      vim.keymap.set('i', '<Tab>', '(tab)', { buffer = event.buf })
    end })"""
    )
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), setup={}, init=init, text="\n")
    nvim.wait_for_server()
    nvim.until(lambda: nvim.lua("return vim.fn.maparg('<Tab>', 'i', false, true).desc"), "our mapping")
    nvim.type("i<Tab>")
    nvim.until(lambda: nvim.line == "(tab)", "the buffer's mapping")
    nvim.lua("require('fimble').toggle(false, 0)")
    nvim.until(lambda: nvim.lua("return vim.fn.maparg('<Tab>', 'i')") == "(tab)", "the mapping given back")


def test_tab_is_the_completion_menus_while_it_has_a_selection(start: Start) -> None:
    init = INIT + "vim.keymap.set('i', '<Tab>', '<C-n>')"
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), setup={}, init=init, text="alpha alpine\n")
    nvim.wait_for_server()
    nvim.type("Goal<C-n>")
    nvim.until(lambda: nvim.lua("return vim.fn.pumvisible()") == 1, "the menu")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "alpine", "the menu's next entry")


def test_keys_of_your_own(start: Start) -> None:
    setup = {"keys": {"accept": "<C-y>", "dismiss": False}}
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), setup=setup, text="\n")
    nvim.wait_for_server()
    nvim.type("ix = ")
    nvim.wait_for_ghost()
    assert nvim.lua("return vim.fn.maparg('<C-]>', 'i')") == ""
    nvim.type("<C-y>")
    nvim.until(lambda: nvim.line == "x = add(1, 2)", "acceptance")


def test_plug_mappings(start: Start) -> None:
    init = INIT + "vim.keymap.set('i', '<F2>', '<Plug>(fimble-accept-word)')"
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), setup={}, init=init, text="\n")
    nvim.wait_for_server()
    nvim.type("ix = ")
    nvim.wait_for_ghost()
    nvim.type("<F2>")
    nvim.until(lambda: nvim.line == "x = add", "a word")


@pytest.mark.parametrize(
    ("answer", "typed", "after_tab"),
    [
        ("    return a", "", "    "),  # a level of indentation: Tab types it
        ("return a", "    ", "    return a"),
        ("return a", "", "return a"),
        ("  return a", "", "  return a"),  # less than a level
    ],
)
def test_tab_indents_where_the_suggestion_begins_with_a_level_of_indentation(
    start: Start, answer: str, typed: str, after_tab: str
) -> None:
    init = INIT + "vim.o.shiftwidth = 4 vim.o.softtabstop = 4 vim.o.expandtab = true"
    nvim = start(VARIANTS["0.12"], fake(answer), setup={}, init=init, text="if a:\n")
    nvim.wait_for_server()
    nvim.type("Go" + typed)
    assert nvim.wait_for_ghost().text == answer
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == after_tab, "the key")
