"""A real VS Code in a real browser: started, typed into, looked at."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

from playwright.sync_api import Locator, Page, Route, expect, sync_playwright

from ..waiting import until
from .tools import Tools

PATIENCE_MS = 30_000
START_MS = 120_000
"""How long the editor's page may take to load: it is some hundred files."""
QUIET_SETTINGS = {
    "editor.inlineSuggest.enabled": True,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.minimap.enabled": False,
    "editor.cursorBlinking": "solid",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.activityBar.location": "hidden",
    "workbench.layoutControl.enabled": False,
    "breadcrumbs.enabled": False,
    "telemetry.telemetryLevel": "off",
    "security.workspace.trust.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "chat.disableAIFeatures": True,
    "files.autoSave": "off",
    "workbench.editor.useModal": "off",
}
BROWSER = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GHOST = ".ghost-text-decoration, .suggest-preview-text .view-line"
FOLDERS = ("workspace", "library")
expect.set_options(timeout=PATIENCE_MS)


class Window:
    """One VS Code window on a workspace of two folders with one file, which is typed into."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        self._user = folder / "user"
        self.file = folder / "workspace" / "example.py"
        self.refused: list[str] = []
        self._titles = itertools.count()

    @property
    def workspace(self) -> Path:
        """The file that lists the workspace's folders; the editor sees it change."""
        return self._folder / "example.code-workspace"

    def folders(self, *names: str) -> list[str]:
        """Make these the workspace's folders; returns their addresses."""
        paths = [self._folder / name for name in names]
        for path in paths:
            path.mkdir(exist_ok=True)
        self.workspace.write_text(json.dumps({"folders": [{"path": str(path)} for path in paths]}))
        return [path.as_uri() for path in paths]

    @property
    def storage(self) -> Path:
        """The extension's own folder."""
        return self._user / "User" / "globalStorage" / "fimble.fimble"

    @property
    def settings_file(self) -> Path:
        """Settings of the machine that the extension runs on; the editor sees it change."""
        return self._user / "Machine" / "settings.json"

    def settings(self, title: str = "", **wanted: Any) -> None:
        """Make these all of fimble's settings on this machine, and wait until the editor has seen them."""
        title = title or f"settings {next(self._titles)}"
        on = {"enabled": True, "disabledLanguages": []}  # whatever a test before has left behind
        named = {f"fimble.{name}": value for name, value in {**on, **wanted}.items()}
        self.settings_file.write_text(json.dumps({"window.title": title, **named}))
        expect(self.page).to_have_title(title)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=40)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def empty(self) -> None:
        """Begin again with an empty file."""
        self.page.locator(".editor-instance .view-lines").click()
        self.press("Escape", "Control+a", "Delete")
        self.saved("")

    def load(self, text: str) -> None:
        """Put this into the file, and the cursor at its end."""
        self.page.locator(".editor-instance .view-lines").click()
        self.press("Escape")
        self.file.write_text(text)
        self.command("File: Revert File")
        last = str(len(text.split("\n")))
        until(lambda: self._line_at_end() == last, "the file to be shown", self._text)

    def _text(self) -> str:
        return self.page.locator(".editor-instance .view-lines").inner_text()

    def _line_at_end(self) -> str | None:
        self.press("Control+End")
        return self.page.locator(".line-numbers.active-line-number").text_content()

    def saved(self, text: str | None = None) -> str:
        """Save, wait until the file holds ``text`` (or whatever the editor shows), and return it."""
        self.press("Control+s")
        if text is not None:
            until(lambda: self.file.read_text() == text, f"{text!r} in the file", self.file.read_text)
        expect(self.page.locator(".tab.active.dirty")).to_have_count(0)
        return self.file.read_text()

    @property
    def ghost(self) -> Locator:
        """Pieces of the suggestion: in the cursor's line, and the lines that follow."""
        return self.page.locator(GHOST)

    def ghost_is(self, text: str) -> None:
        """Wait until this suggestion is seen."""
        until(lambda: self.ghost_text() == text, f"the suggestion {text!r}", self.ghost_text)

    def ghost_text(self) -> str:
        first = "".join(self.page.locator(".ghost-text-decoration").all_inner_texts())
        others = self.page.locator(".suggest-preview-text .view-line").all_inner_texts()
        return "\n".join([first, *others]).replace("\xa0", " ").rstrip("\n")

    def no_ghost(self) -> None:
        expect(self.ghost).to_have_count(0)

    def command(self, title: str) -> None:
        """Run a command from the palette."""
        self.press("F1")
        self.page.keyboard.insert_text(title)
        name = re.compile(rf"^{re.escape(title)}(,|$)")  # a key may follow
        self.page.locator(".quick-input-list").get_by_role("option", name=name).click()

    def open(self, file: str) -> None:
        """Go to a file of the workspace by its name, in the side bar."""
        name = re.compile(f"^{re.escape(file)}")
        self.page.locator(".explorer-folders-view").get_by_role("treeitem", name=name).dblclick()
        expect(self.page.locator(".tab.active")).to_contain_text(file)
        self.page.locator(".editor-instance .view-lines").click()

    def choices(self, text: str) -> Locator:
        """Entries of the list that is open."""
        return self.page.locator(".quick-input-list .monaco-list-row", has_text=text)

    def notification(self, text: str) -> Locator:
        return self.page.locator(".notification-list-item", has_text=text).last

    def answer(self, notification: str, button: str) -> None:
        """Wait for a message and press one of its buttons."""
        found = self.notification(notification)
        found.hover()
        found.get_by_role("button", name=button).click()

    def clear_notifications(self) -> None:
        self.command("Notifications: Clear All Notifications")
        expect(self.page.locator(".notification-list-item")).to_have_count(0)

    def page_shows(self, title: str, text: str) -> None:
        """Wait for a page of the extension's with a text in it, and close it."""
        expect(self.page.locator(".tab.active")).to_contain_text(title)
        expect(self.page.locator(".editor-instance .view-lines")).to_contain_text(text)
        self.command("View: Close Editor")
        expect(self.page.locator(".tab.active")).to_contain_text(self.file.name)

    @property
    def item(self) -> Locator:
        """The item in the status bar."""
        return self.page.locator(".statusbar-item[id='fimble.fimble.fimble']")

    def status_is(self, pattern: str, patience_ms: float = PATIENCE_MS) -> None:
        """Wait until the item says so when it is read out."""
        expect(self.item).to_have_attribute("aria-label", re.compile(pattern), timeout=patience_ms)


@contextlib.contextmanager
def open_window(
    tools: Tools, folder: Path, extension: Path, environment: dict[str, str], **settings: Any
) -> Iterator[Window]:
    """Start VS Code with the extension, in a browser. All that it writes goes below ``folder``."""
    for part in ("user/User", "user/Machine", "workspace", "home"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "workspace" / "example.py").write_text("")
    (folder / "user" / "User" / "settings.json").write_text(json.dumps({**QUIET_SETTINGS, **settings}))
    code = [str(tools.node), str(tools.code), "--user-data-dir", str(folder / "user")]
    code += ["--extensions-dir", str(folder / "extensions"), "--config", str(folder / "config.yaml")]
    home = str(folder / "home")
    env = {"HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", **environment}
    installed = subprocess.run(
        [*code, "--install-extension", str(extension)], env=env, capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    with _served(code, folder, env) as port, _browser(tools, folder) as page:
        window = Window(page, folder)
        _stay_local(page, window.refused)
        window.folders(*FOLDERS)
        payload = json.dumps([["openFile", f"vscode-remote://127.0.0.1:{port}{window.file}"]])
        address = f"http://127.0.0.1:{port}/?workspace={window.workspace}&payload={quote(payload)}"
        page.goto(address, timeout=START_MS)
        page.locator(".editor-instance .view-lines").first.click(timeout=START_MS)
        yield window


@contextlib.contextmanager
def _served(code: list[str], folder: Path, environment: dict[str, str]) -> Iterator[int]:
    port = _free_port()
    address = ["--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
    quiet = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    with (folder / "code.log").open("wb") as log:
        server = subprocess.Popen([*code, *address, *quiet], env=environment, stdout=log, stderr=log)
        try:
            until(lambda: _listens(port), "VS Code's server")
            yield port
        finally:
            server.terminate()
            server.wait(20)


@contextlib.contextmanager
def _browser(tools: Tools, folder: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=tools.chromium,
            headless=True,
            viewport={"width": 1000, "height": 560},
            device_scale_factor=2 if os.environ.get("FIMBLE_PICTURES") else 1,
            args=list(BROWSER),
        )
        try:
            yield context.pages[0] if context.pages else context.new_page()
        finally:
            context.close()


def _stay_local(page: Page, refused: list[str]) -> None:
    """Let the page talk to this machine alone, and note what else it wanted."""

    def decide(route: Route) -> None:
        url = route.request.url
        if url.startswith(("data:", "blob:")) or urlparse(url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            refused.append(url)
            route.abort()

    page.context.route("**", decide)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
