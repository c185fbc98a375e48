"""Code stays where it belongs, and secrets stay home: a whole session in each editor that shows grey text.

A server on this machine is asked, while every variable for proxies names one that keeps what it is sent.
Afterwards no log, database, cache or temporary file of the editor, of fimble or of the server holds a line of
the session, the proxy has heard none, and the server has heard none of the private ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .conftest import fake
from .emacs import PLUGIN as EMACS_PLUGIN
from .listening import Listener, listening
from .nvim import PLUGIN as NEOVIM_PLUGIN
from .serving import serving
from .terminal import Terminal
from .tools import EDITORS, environment, fimble, tool
from .vim import PLUGIN as VIM_PLUGIN
from .waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Scene:
    """The folders, and texts that occur nowhere else."""

    home: Path
    environment: dict[str, str]
    server: Listener
    code: str = field(default_factory=lambda: f"code_{uuid.uuid4().hex}")
    more: str = field(default_factory=lambda: f"more_{uuid.uuid4().hex}")
    secret: str = field(default_factory=lambda: f"secret_{uuid.uuid4().hex}")
    private: str = field(default_factory=lambda: f"private_{uuid.uuid4().hex}")

    @property
    def project(self) -> Path:
        return self.home / "project"

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def wait_until_asked(self, marker: str, seen: Callable[[], object]) -> None:
        until(lambda: marker.encode() in self.server.heard, "the server to be asked", seen)


@pytest.fixture
def proxy() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def scene(tmp_path: Path, proxy: Listener) -> Iterator[Scene]:
    home = tmp_path / "home"
    names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    proxies = dict.fromkeys(names, proxy.address)
    with serving(tmp_path / "server", {**fake("x"), **proxies}) as address:
        host = urlsplit(address)
        assert host.hostname
        assert host.port
        with listening((host.hostname, host.port)) as relay:
            options = {"FIMBLE_ENGINE": relay.address, "FIMBLE_FALLBACK": "false", **proxies}
            found = Scene(home, environment(home, **options), relay)
            for name in ("work.py", "private.py", ".env"):
                found.write(found.project / name, "first = 1\n")
            found.write(found.project / ".fimbleignore", "private.py\n")
            yield found


@dataclass(frozen=True)
class Editor:
    """How an editor is started on work.py, and what is typed to get along in it."""

    command: Callable[[Scene], list[str]]
    insert: str
    inserting: str
    open: str
    quit: str
    ready: str = "first = 1"


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


ESCAPE = "\x1b"
LIKE_VI = {"insert": "Go", "inserting": "-- INSERT --", "open": f"{ESCAPE}:edit! %s\r", "quit": ":qall!\r"}
EDITORS_BY_NAME = {
    "neovim": Editor(neovim, **LIKE_VI),
    "neovim-alone": Editor(neovim_alone, **LIKE_VI, ready="attached"),
    "vim": Editor(vim, **LIKE_VI),
    "kakoune": Editor(kakoune, "geo", " insert ", f"{ESCAPE}:edit! %s\r", ":kill!\r"),
    "emacs": Editor(
        emacs, f"{ESCAPE}>\r", "", "\x18\x06\x01\x0b%s\r", f"{ESCAPE}xkill-emacs\r", "Connected!"
    ),
}


@pytest.mark.parametrize("name", EDITORS_BY_NAME)
def test_a_session_leaves_nothing_behind(scene: Scene, proxy: Listener, tmp_path: Path, name: str) -> None:
    editor = EDITORS_BY_NAME[name]
    command = [*editor.command(scene), str(scene.project / "work.py")]
    terminal = Terminal(command, scene.environment, scene.home)
    try:
        terminal.wait_for(editor.ready)
        write(terminal, editor, f"{scene.code} = ")
        scene.wait_until_asked(scene.code, terminal.screen)
        for file, marker in ((".env", scene.secret), ("private.py", scene.private)):
            visit(terminal, editor, scene.project / file)
            write(terminal, editor, f"{marker} = ")
        visit(terminal, editor, scene.project / "work.py")
        write(terminal, editor, f"{scene.more} = ")
        scene.wait_until_asked(scene.more, terminal.screen)
        leave(terminal, editor)
        terminal.type(editor.quit)
        terminal.until(lambda: terminal.ended, "the end of the editor")
    finally:
        terminal.close()
    assert_nothing_left(scene, proxy, tmp_path)


def write(terminal: Terminal, editor: Editor, text: str) -> None:
    terminal.type(editor.insert)
    terminal.wait_for(editor.inserting)
    terminal.type(text)
    terminal.wait_for(text.strip())


def visit(terminal: Terminal, editor: Editor, path: Path) -> None:
    leave(terminal, editor)
    terminal.type(editor.open.removeprefix(ESCAPE) % path)
    terminal.wait_for("first = 1")
    terminal.wait_for(path.name)


def leave(terminal: Terminal, editor: Editor) -> None:
    """Into normal mode, for editors that have one."""
    if editor.inserting:
        terminal.press("Escape")
        terminal.until(lambda: editor.inserting not in terminal.screen(), "normal mode")


def assert_nothing_left(scene: Scene, proxy: Listener, folder: Path) -> None:
    markers = [marker.encode() for marker in (scene.code, scene.more, scene.secret, scene.private)]
    for path in folder.rglob("*"):
        if path.is_file() and scene.project not in path.parents:
            content = path.read_bytes()
            assert not [marker for marker in markers if marker in content], f"{path} holds code"
    assert not [marker for marker in markers if marker in proxy.heard], "a proxy was sent code"
    assert scene.secret.encode() not in scene.server.heard, "a file of secrets was sent"
    assert scene.private.encode() not in scene.server.heard, "an ignored file was sent"
