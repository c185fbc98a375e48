"""The Neovim plugin as a package: help, health, syntax, and what it costs at the start."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import BUNDLED, fake
from .nvim import PLUGIN, VARIANTS, Neovim, Variant
from .tools import environment, tool

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]
HELP = PLUGIN / "doc" / "fimble.txt"
SOURCES = sorted(PLUGIN.rglob("*.lua"))


def test_health_has_nothing_to_complain_about(start: Start, variant: Variant) -> None:
    nvim = start(variant, BUNDLED, text="x = 1\n", setup={"cmd": False})
    nvim.wait_for_server()
    nvim.api.command("checkhealth fimble")
    nvim.until(lambda: "fimble doctor" in nvim.text or "Engine" in nvim.text, "the report")
    assert "ERROR" not in nvim.text, nvim.text
    assert "OK" in nvim.text


def test_health_says_what_to_do_without_a_server(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("x"), text="x = 1\n", setup={"cmd": ["no-such-program"]})
    nvim.api.command("checkhealth fimble")
    nvim.until(lambda: "ERROR" in nvim.text, "an error")
    assert "pipx install fimble" in nvim.text


def test_help_tags(start: Start, tmp_path: Path) -> None:
    nvim = start(VARIANTS["0.12"], fake("x"))
    written = HELP.read_text()
    defined = set(re.findall(r"(?<!\S)\*([^*\s]+)\*", written))
    assert set(re.findall(r"\|(fimble[^|\s]*)\|", written)) <= defined
    nvim.api.command(f"helptags {HELP.parent}")
    try:
        nvim.api.command("help fimble")
        assert str(nvim.api.current.buffer.name) == str(HELP)
        for tag in sorted(defined):
            nvim.api.command(f"help {tag}")
    finally:
        (HELP.parent / "tags").unlink()


def test_help_shows_the_defaults(start: Start) -> None:
    """What |fimble-options| prints is what the plugin starts with."""
    nvim = start(VARIANTS["0.12"], fake("x"), setup={"cmd": False})
    code = HELP.read_text().partition("require('fimble').setup(")[2]
    printed = HELP.read_text().split("defaults:\n>lua\n")[1].split("\n<\n")[0]
    assert code
    same = nvim.lua(
        """
        local given
        local fake = setmetatable({}, { __index = { setup = function(options) given = options end } })
        local chunk = assert(loadstring(...))
        setfenv(chunk, { require = function() return fake end })
        chunk()
        return vim.deep_equal(given, require('fimble.config').defaults)
        """,
        printed,
    )
    assert same is True


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PLUGIN)))
def test_sources_are_small_and_compile(source: Path, tmp_path: Path) -> None:
    env = environment(tmp_path, VIMRUNTIME=tool("NVIM_RUNTIME"))
    check = tmp_path / "check.lua"
    check.write_text(f"assert(loadfile({str(source)!r}))")
    done = subprocess.run(
        [tool("NVIM"), "-l", str(check)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = source.read_text().splitlines()
    assert len(lines) <= 250
    assert max(map(len, lines)) <= 110
    assert not any("\t" in line for line in lines)


def test_nothing_is_loaded_before_the_first_file(tmp_path: Path) -> None:
    env = environment(tmp_path, VIMRUNTIME=tool("NVIM_RUNTIME"))
    probe = (
        "lua for name in pairs(package.loaded) do "
        "if name:match('^fimble') or name == 'vim.lsp' then print(name) end end"
    )
    command = [tool("NVIM"), "--clean", "--headless", "--cmd", f"set rtp^={PLUGIN}", "-c", probe, "-c", "qa!"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "fimble" not in done.stderr, done.stderr
