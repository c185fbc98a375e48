"""Code stays where it belongs, and secrets stay home: a whole session in each editor.

A server on this machine is asked, while every variable for proxies names one that keeps what it is sent.
Afterwards no log, database, cache or temporary file of the editor, of fimble or of the server holds a line of
the session, the proxy has heard none, and the server has heard none of the private ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .emacs import PLUGIN as EMACS_PLUGIN
from .nvim import PLUGIN as NEOVIM_PLUGIN
from .scene import FIRST_LINE, Scene, staged
from .terminal import Terminal
from .tools import EDITORS, fimble, tool
from .vim import PLUGIN as VIM_PLUGIN
from .vscode.tools import build_extension, find_tools
from .vscode.window import Window, open_window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path) as found:
        yield found


@dataclass(frozen=True)
class Editor:
    """How an editor is started on work.py, and what is typed to get along in it."""

    command: Callable[[Scene], list[str]]
    insert: str
    inserting: str
    open: str
    quit: str
    ready: str = FIRST_LINE
    line: str = "{} = "
    waits: bool = False
    """Whether the server must be there before one types, since the editor does not ask later."""


def neovim(scene: Scene) -> list[str]:
    return _neovim(scene, "")


def neovim_alone(scene: Scene) -> list[str]:
    """Without the plugin: the server's description, and Neovim's own client."""
    attached = "vim.api.nvim_create_autocmd('LspAttach', { command = 'set statusline=attached:%f' })"
    return _neovim(scene, f"{attached} vim.lsp.enable('fimble') vim.lsp.inline_completion.enable()")


def _neovim(scene: Scene, alone: str) -> list[str]:
    lua = f"vim.o.swapfile = false vim.opt.rtp:prepend({str(NEOVIM_PLUGIN)!r}) {alone}"
    if alone:
        lua = "vim.g.loaded_fimble = true " + lua
    config = scene.write(scene.home / "init.lua", lua)
    scene.environment["VIMRUNTIME"] = tool("NVIM_RUNTIME")
    return [tool("NVIM"), "-u", str(config), "-i", "NONE"]


def vim(scene: Scene) -> list[str]:
    config = f"set nocompatible noswapfile\nset runtimepath^={VIM_PLUGIN}\nfiletype plugin on\n"
    return [tool("VIM"), "-u", str(scene.write(scene.home / "vimrc", config)), "-i", "NONE"]


def kakoune(scene: Scene) -> list[str]:
    program = Path(tool("KAKOUNE"))
    scene.environment["PATH"] = f"{program.parent}:{scene.environment['PATH']}"
    scene.environment["KAKOUNE_RUNTIME"] = tool("KAKOUNE_RUNTIME")
    address = scene.environment["FIMBLE_ENGINE"]
    config = f"source {EDITORS}/kakoune/fimble.kak\nset-option global fimble_url {address}\nfimble-enable\n"
    return [str(program), "-n", "-e", f"source {scene.write(scene.home / 'kakrc', config)}"]


def emacs(scene: Scene) -> list[str]:
    config = f"""
    (setq make-backup-files nil create-lockfiles nil auto-save-default nil auto-save-list-file-prefix nil)
    (add-to-list 'load-path "{EMACS_PLUGIN}")
    (require 'fimble)
    (setq fimble-command '("{fimble()}" "lsp"))
    (add-hook 'find-file-hook #'fimble-mode)
    """
    return [tool("EMACS"), "-Q", "-nw", "-l", str(scene.write(scene.home / "init.el", config))]


def helix(scene: Scene) -> list[str]:
    scene.environment["HELIX_RUNTIME"] = tool("HELIX_RUNTIME")
    languages = (EDITORS / "helix" / "languages.toml").read_text()
    scene.write(scene.home / ".config" / "helix" / "languages.toml", languages)
    return [tool("HELIX")]


ESCAPE = "\x1b"
LIKE_VI = {"insert": "Go", "inserting": "-- INSERT --", "open": f"{ESCAPE}:edit! %s\r", "quit": ":qall!\r"}
EDITORS_BY_NAME = {
    "neovim": Editor(neovim, **LIKE_VI),
    "neovim-alone": Editor(neovim_alone, **LIKE_VI, ready="attached"),
    "vim": Editor(vim, **LIKE_VI),
    "kakoune": Editor(kakoune, "geo", " insert ", f"{ESCAPE}:edit! %s\r", ":kill!\r"),
    "helix": Editor(
        helix, "geo", " INS ", f"{ESCAPE}:open %s\r", ":quit-all!\r", line="first = {}", waits=True
    ),
    "emacs": Editor(
        emacs, f"{ESCAPE}>\r", "", "\x18\x06\x01\x0b%s\r", f"{ESCAPE}xkill-emacs\r", "Connected!"
    ),
}


@pytest.mark.parametrize("name", EDITORS_BY_NAME)
def test_a_session_leaves_nothing_behind(scene: Scene, name: str) -> None:
    editor = EDITORS_BY_NAME[name]
    command = [*editor.command(scene), str(scene.project / "work.py")]
    terminal = Terminal(command, scene.environment, scene.home)
    try:
        terminal.wait_for(editor.ready)
        if editor.waits:
            scene.wait_until_heard(terminal.screen)
        write(terminal, editor, scene.code)
        scene.wait_until_asked(scene.code, terminal.screen)
        for file, marker in ((".env", scene.secret), ("private.py", scene.private)):
            visit(terminal, editor, scene.project / file)
            write(terminal, editor, marker)
        visit(terminal, editor, scene.project / "work.py")
        write(terminal, editor, scene.more)
        scene.wait_until_asked(scene.more, terminal.screen)
        leave(terminal, editor)
        terminal.type(editor.quit)
        terminal.until(lambda: terminal.ended, "the end of the editor")
    finally:
        terminal.close()
    scene.assert_nothing_left()


def write(terminal: Terminal, editor: Editor, marker: str) -> None:
    terminal.type(editor.insert)
    terminal.wait_for(editor.inserting)
    terminal.type(editor.line.format(marker))
    terminal.wait_for(marker)


def visit(terminal: Terminal, editor: Editor, path: Path) -> None:
    leave(terminal, editor)
    terminal.type(editor.open.removeprefix(ESCAPE) % path)
    terminal.wait_for(FIRST_LINE)
    terminal.wait_for(path.name)


def leave(terminal: Terminal, editor: Editor) -> None:
    """Into normal mode, for editors that have one."""
    if editor.inserting:
        terminal.press("Escape")
        terminal.until(lambda: editor.inserting not in terminal.screen(), "normal mode")


NO_COPIES = {"files.hotExit": "off", "workbench.localHistory.enabled": False}
"""VS Code's own copies of what is edited."""


def test_a_session_in_vs_code_leaves_nothing_behind(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tools = find_tools()
    extension = build_extension(tools, tmp_path_factory.mktemp("extension"))
    scene.environment["PATH"] = f"{tools.node.parent}:{scene.environment['PATH']}"
    with open_window(tools, scene.home, extension, scene.environment, **NO_COPIES) as window:
        window.settings(path=fimble())
        window.status_is("^fimble is ready")
        write_in_vs_code(window, "work.py", scene.code)
        scene.wait_until_asked(scene.code, window.ghost_text)
        for file, marker in ((".env", scene.secret), ("private.py", scene.private)):
            write_in_vs_code(window, file, marker)
        write_in_vs_code(window, "work.py", scene.more)
        scene.wait_until_asked(scene.more, window.ghost_text)
        window.press("Control+s")
        expect(window.page.locator(".tab.active.dirty")).to_have_count(0)
    scene.assert_nothing_left()


def write_in_vs_code(window: Window, file: str, marker: str) -> None:
    window.press("Control+s")  # what is saved has no copy elsewhere
    window.open(file)
    window.press("Control+End", "Enter")
    window.type(f"{marker} = ")
    expect(window.page.locator(".editor-instance .view-lines")).to_contain_text(marker)
