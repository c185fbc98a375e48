"""What goes wrong and what the user reads then: one notice with the next step, and the statusline."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fimble.engine.models.catalogue import bundled_path

from .conftest import fake
from .nvim import VARIANTS, Neovim
from .serving import serving
from .tools import environment, fimble

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]
STATUS = "return require('fimble').status()"
ERROR = "local state = require('fimble.status').get() return state.kind == 'error' and state or nil"
MESSAGE = "return require('fimble.status').get().message"


def trouble(start: Start, options: dict[str, Any]) -> str:
    """The one notice that such options cause, however much is typed."""
    setup = {"options": {"engine": "local", **options}}
    nvim = start(VARIANTS["0.12"], {}, setup=setup, text="x = 1\n")
    nvim.wait_for_server()
    nvim.type("Goy = ")
    nvim.until(lambda: nvim.lua(STATUS) == "fimble !", "the statusline")
    nvim.type("<CR>z = ")
    nvim.until(lambda: all(nvim.wire.answers("textDocument/inlineCompletion")), "an answer to each request")
    nvim.until(lambda: nvim.line == "z = ", "typing")
    told = nvim.until(lambda: nvim.told, "a notice")
    assert len(told) == 1
    assert told[0].startswith("fimble: ")
    # every request tries again, so that for moments the state is another one
    state = nvim.until(lambda: nvim.lua(ERROR), "the state")
    assert state["message"]
    assert state["action"]
    return told[0]


def test_a_model_that_is_missing(start: Start, tmp_path: Path) -> None:
    told = trouble(start, {"model": str(tmp_path / "missing.gguf")})
    assert "missing.gguf" in told


def test_a_damaged_model(start: Start, tmp_path: Path) -> None:
    model = tmp_path / "half.gguf"
    whole = bundled_path().read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    assert "half.gguf" in trouble(start, {"model": str(model)})


def test_a_model_without_fim_tokens(start: Start, tmp_path: Path) -> None:
    model = tmp_path / "chat.gguf"
    model.write_bytes(bundled_path().read_bytes().replace(b"fim", b"xyz").replace(b"suffix", b"xyzxyz"))
    assert "fill-in-the-middle" in trouble(start, {"model": str(model)})


def test_a_server_that_cannot_be_reached(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        told = trouble(start, {"engine": address, "fallback": False})
    assert told == (
        f"fimble: The server {address} cannot be reached: connection refused. "
        "Check that it runs, and its address in `engine`."
    )


def test_a_key_that_is_refused(start: Start, tmp_path: Path) -> None:
    home = tmp_path / "server"
    home.mkdir()
    keys = [fimble(), "keys", "create", "somebody"]
    subprocess.run(keys, env=environment(home), check=True, capture_output=True)
    with serving(home, fake("x")) as address:
        told = trouble(start, {"engine": address, "key": "wrong", "fallback": False})
    assert told.startswith(f"fimble: The server {address} refused the key; check `key` in the settings.")


def test_files_with_secrets_are_not_read(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("secret"), file=".env.sh", text="KEY=1\n")
    nvim.wait_for_server()
    nvim.until(lambda: nvim.lua(STATUS) == "fimble off", "the statusline")
    assert "looks like a file with secrets" in nvim.lua(MESSAGE)
    nvim.type("GoPASSWORD=")
    nvim.wire.wait_for("textDocument/inlineCompletion")
    nvim.until(lambda: all(nvim.wire.answers("textDocument/inlineCompletion")), "an answer to each request")
    assert nvim.ghost() is None
    nvim.type("<Esc>:write | edit more.py<CR>ix = ")
    nvim.wait_for_ghost()
