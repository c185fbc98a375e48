"""llama.vscode in the real VS Code: one window on a file, whose settings name a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.clients import CLIENTS
from tests.e2e.editors.tools import tool
from tests.e2e.editors.vscode.tools import find_tools
from tests.e2e.editors.vscode.window import Window, open_window
from tests.e2e.editors.waiting import until

FILE = "example.js"
"""It is started by files of some languages; Python is not one of them."""


class LlamaWindow:
    """What the tests do with the window."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def point_at(self, address: str, key: str, **more: Any) -> None:
        """Make this server the one that is asked; begin again with an empty file."""
        wanted = {"endpoint": address, "api_key": key, **more}
        named = {f"llama-vscode.{name}": value for name, value in wanted.items()}
        title = " ".join(map(str, wanted.values()))
        self.window.settings_file.write_text(json.dumps({"window.title": title, **named}))
        expect(self.window.page).to_have_title(title)
        self.window.empty()

    def put(self, text: str) -> None:
        """Type all of it at once, so that the plugin asks once: it tells every failure."""
        self.window.page.keyboard.insert_text(text)

    def type_for_ghost(self, line: str) -> str:
        """Type a line that is not there yet and wait for grey text behind it."""
        self.window.type(line)
        shown = self.window.page.locator(".editor-instance .view-line", has_text=line)

        def ghost() -> str:
            text = self.window.ghost_text().partition("\n")[0]
            lines = [each.replace("\xa0", " ").strip() for each in shown.all_inner_texts()]
            return text if line + text in lines else ""

        return until(ghost, "grey text", lambda: (shown.all_inner_texts(), self.window.ghost_text()))

    @property
    def status(self) -> Locator:
        """What it says in the status bar."""
        return self.window.page.locator(".statusbar-item", has_text="llama")

    def told(self, text: str) -> None:
        """Wait for a message to the user."""
        expect(self.window.notification(text)).to_be_visible()


@contextmanager
def llama_window(folder: Path) -> Iterator[LlamaWindow]:
    """VS Code with the extension, as it is after its first words of welcome."""
    if not (CLIENTS / "llama.vscode.tar.gz").exists():
        pytest.skip("its source is not there; FIMBLE_CLIENTS names the folder of clients")
    extension = Path(tool("LLAMA_VSCODE"))
    tools = find_tools()
    workspace = folder / "run" / "workspace"
    workspace.mkdir(parents=True)
    (workspace / FILE).write_text("")
    quiet = {"llama-vscode.ask_install_llamacpp": False, "editor.autoClosingBrackets": "never"}
    path = {"PATH": f"{tools.node.parent}:/usr/bin:/bin"}
    with open_window(tools, folder / "run", extension, path, **quiet) as window:
        window.open(FILE)
        window.file = workspace / FILE
        expect(window.page.locator(".tab.active")).to_contain_text("Information")
        window.page.locator(".tab", has_text=FILE).click()
        expect(window.page.locator(".tab.active")).to_contain_text(FILE)
        yield LlamaWindow(window)
