"""Typing in a real Neovim: how long from a key until suggested text is on the screen."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.editors.nvim import GHOST, VARIANTS, Neovim, Variant
from tests.e2e.editors.tools import fimble

from .effort import effort
from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show

KEYS, KEYS_BETWEEN_PAUSES = 60, 5
LONGEST_PAUSE_SECONDS = 1.5
DEBOUNCE_MS = 30.0
"""How long the plugin waits after a key before it asks."""

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
COLUMNS = ("pauses", "with text", "at once", "p50 ms", "p95 ms", "asked p50", "asked p95")


def main() -> None:
    try:
        latencies = [each for passage in passages(effort(KEYS, 10)) for each in _watch(passage)]
    except pytest.skip.Exception as missing:
        note(f"Neovim is left out: {missing}.")
        return
    title = f"Typing in Neovim, 120 ms a key, a pause after every {KEYS_BETWEEN_PAUSES} keys, bundled model"
    show(title, COLUMNS, [row_of(latencies)])
    note(f"From a key to the redraw that shows text, the plugin's own wait of {DEBOUNCE_MS:.0f} ms included.")
    note("The longest are the first in each passage: the model has not read its text before.")
    note("“At once”: the key went on with the text that was shown. “Asked”: all others.")


def row_of(latencies: list[float | None]) -> list[object]:
    """Of milliseconds from the last key before each pause to the text, None where none came."""
    seen = [each for each in latencies if each is not None]
    asked = [each for each in seen if each >= DEBOUNCE_MS]
    count = max(1, len(latencies))
    return [
        str(len(latencies)),
        f"{len(seen) / count:.0%}",
        f"{(len(seen) - len(asked)) / count:.0%}",
        *(percentile(each, share) for each in (seen, asked) for share in (0.5, 0.95)),
    ]


def _watch(passage: Passage) -> list[float | None]:
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        return list(_type(Path(folder), VARIANTS["0.12"], passage))


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
