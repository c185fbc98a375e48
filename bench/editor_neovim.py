"""Typing in a real Neovim: how long from a key until suggested text is on the screen."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.editors.nvim import GHOST, VARIANTS, Neovim, Variant
from tests.e2e.editors.tools import fimble

from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show

KEYS, KEYS_BETWEEN_PAUSES = 60, 5
LONGEST_PAUSE_SECONDS = 1.5
CLIENTS = {"0.12": ("Neovim", 200.0), "0.12-own": ("plugin", 30.0)}
"""By variant: who draws, and how many milliseconds it waits after a key before it asks."""

WATCH = f"""
local ghost = function() {GHOST} end
vim.on_key(function()
  Keyed, Seen = vim.uv.hrtime(), nil
end)
vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('bench'), {{
  on_end = function() -- a redraw is done
    if Keyed and not Seen and ghost() ~= vim.NIL and require('fimble.suggest').shown() then
      Seen = vim.uv.hrtime()
    end
  end,
}})
"""
LATENCY = "return Seen and (Seen - Keyed) / 1e6 or nil"
COLUMNS = ("drawn by", "pauses", "with text", "at once", "p50 ms", "p95 ms", "asked p50", "asked p95")


@dataclass
class Watched:
    """Milliseconds from the last key before each pause to the text, None where none came."""

    client: str
    debounce: float
    latencies: list[float | None] = field(default_factory=list)

    def row(self) -> list[object]:
        seen = [each for each in self.latencies if each is not None]
        asked = [each for each in seen if each >= self.debounce]
        count = max(1, len(self.latencies))
        return [
            self.client,
            str(len(self.latencies)),
            f"{len(seen) / count:.0%}",
            f"{(len(seen) - len(asked)) / count:.0%}",
            *(percentile(each, share) for each in (seen, asked) for share in (0.5, 0.95)),
        ]


def main() -> None:
    try:
        rows = [_watch(name).row() for name in CLIENTS]
    except pytest.skip.Exception as missing:
        note(f"Neovim is left out: {missing}.")
        return
    title = f"Typing in Neovim, 120 ms a key, a pause after every {KEYS_BETWEEN_PAUSES} keys, bundled model"
    show(title, COLUMNS, rows)
    note("From a key to the redraw that shows text, the client's own wait of 200 or 30 ms included.")
    note("The longest are the first in each passage: the model has not read its text before.")
    note("“At once”: the key went on with the text that was shown. “Asked”: all others.")


def _watch(variant: str) -> Watched:
    watched = Watched(*CLIENTS[variant])
    for passage in passages(KEYS):
        with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
            watched.latencies += _type(Path(folder), VARIANTS[variant], passage)
    return watched


def _type(home: Path, variant: Variant, passage: Passage) -> Iterator[float | None]:
    model = {"FIMBLE_MODEL": "bundled", "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]}
    setup = {"cmd": [fimble(), "lsp"], "options": {"statistics": False}}
    text = passage.before + passage.after
    with closing(Neovim(home, variant, model, setup, file=passage.name, text=text)) as nvim:
        nvim.api.ui_attach(100, 40)  # without a screen nothing is drawn
        nvim.wait_for_server()
        nvim.until(lambda: nvim.lua("return require('fimble').status()") == "fimble", "the model")
        nvim.api.current.window.cursor = (passage.before.count("\n") + 1, 0)
        nvim.lua(WATCH)
        nvim.type("i")
        for number, key in enumerate(passage.typed, 1):
            nvim.type(key.replace("<", "<lt>"))
            time.sleep(KEY_SECONDS)
            if number % KEYS_BETWEEN_PAUSES == 0:
                yield _wait(nvim)


def _wait(nvim: Neovim) -> float | None:
    end = time.monotonic() + LONGEST_PAUSE_SECONDS
    while time.monotonic() < end:
        if (latency := nvim.lua(LATENCY)) is not None:
            return float(latency)
        time.sleep(0.02)
    return None


if __name__ == "__main__":
    main()
