"""The server's life under Neovim: switches, failures, restarts, and what the user is told."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fimble.engine.models.catalogue import bundled_path
from tests.engine.fake_hub import running_hub

from .conftest import fake
from .nvim import INIT, PLUGIN, VARIANTS, Neovim, Variant

pytestmark = pytest.mark.e2e

Start = Callable[..., Neovim]
CODE = "def add(a, b):\n    return a + b\n"


def server_processes(nvim: Neovim) -> list[int]:
    """Ids of running servers: children of our tap, which is Neovim's child."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = status.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(nvim.wire.log).encode() in words:
            found.append(int(status.parent.name))
    return found


def ours(nvim: Neovim) -> list[str]:
    """Our own notices: Neovim has some as well, which know no next step."""
    return [told for told in nvim.told if told.startswith("fimble:")]


def suggest_something(nvim: Neovim) -> None:
    nvim.type("<Esc>Gototal = ")
    nvim.wait_for_ghost()


def test_nothing_is_said_to_the_server_while_switched_off(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    suggest_something(nvim)
    nvim.api.command("Fimble toggle")
    nvim.until(lambda: not server_processes(nvim), "the end of the server")
    said = len(nvim.wire.messages("editor"))
    nvim.type("1<CR>x = 2<Esc>:edit other.py<CR>ix = ")
    nvim.until(lambda: nvim.line == "x = ", "typing")
    assert nvim.lua("return require('fimble').status()") == "fimble off"
    assert len(nvim.wire.messages("editor")) == said
    nvim.api.command("Fimble toggle")
    nvim.wait_for_server()
    suggest_something(nvim)


def test_a_buffer_that_is_switched_off_is_closed_for_the_server(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    suggest_something(nvim)
    nvim.api.command("Fimble toggle buffer")
    nvim.wire.wait_for("textDocument/didClose")
    nvim.until(lambda: nvim.ghost() is None, "no ghost")
    said = len(nvim.wire.messages("editor"))
    nvim.type("1<CR>x = ")
    nvim.until(lambda: nvim.line == "x = ", "typing")
    assert len(nvim.wire.messages("editor")) == said
    nvim.api.command("Fimble toggle buffer")
    suggest_something(nvim)


def test_excluded_file_types_are_never_opened(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("x"), text=CODE, setup={"filetypes": {"markdown": False}})
    nvim.wait_for_server()
    nvim.type(":edit notes.md<CR>iSome words")
    nvim.until(lambda: nvim.line == "Some words", "typing")
    nvim.type("<Esc>:edit more.py<CR>ix = ")
    nvim.wire.wait_for("textDocument/didOpen", 2)
    opened = [params["textDocument"]["languageId"] for params in nvim.wire.sent("textDocument/didOpen")]
    assert opened == ["python", "python"]
    nvim.api.command("edit notes.md")
    assert "excludes" in nvim.lua("return require('fimble.status').get().message")
    nvim.api.command("Fimble toggle filetype")
    nvim.wire.wait_for("textDocument/didOpen", 3)


REASON = "return require('fimble.status').get().message"


def test_the_cause_is_the_switch_that_was_used_last(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble toggle buffer")
    assert "in this buffer" in nvim.lua(REASON)
    nvim.api.command("Fimble toggle buffer")
    nvim.api.command("Fimble toggle filetype")
    assert '`filetypes` excludes "python"' in nvim.lua(REASON)
    nvim.api.command("Fimble toggle buffer")  # this one, in spite of its type
    suggest_something(nvim)


def test_a_buffer_without_a_type_is_off_and_says_why(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("enew!")
    assert nvim.lua("return require('fimble').status()") == "fimble off"
    assert "no file type" in nvim.lua(REASON)
    nvim.api.command("set filetype=python")
    suggest_something(nvim)


def test_a_snooze_says_until_when(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble snooze 1")
    told = nvim.until(lambda: nvim.told, "the answer")
    assert re.fullmatch(r"fimble: off for 1 minute, until \d\d:\d\d", told[0])
    assert re.search(r"until \d\d:\d\d", nvim.lua(REASON))


def test_the_status_names_the_engine_and_its_model(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.lua(
        "vim.lsp.get_clients({ name = 'fimble' })[1].handlers['fimble/status'](nil, ...)",
        {"kind": "ready", "engine": "local, while https://team.example is away", "model": "tiny"},
    )
    nvim.api.command("Fimble")
    told = nvim.until(lambda: nvim.told, "the status")[0]
    assert "engine: local, while https://team.example is away" in told
    assert "model: tiny" in told
    nvim.api.command("checkhealth fimble")
    nvim.until(lambda: "https://team.example is away" in nvim.text, "the report")


def test_snoozing(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble snooze 0.02")
    assert nvim.lua("return require('fimble').status()") == "fimble zz"
    nvim.until(lambda: not server_processes(nvim), "the end of the server")
    nvim.until(lambda: nvim.lua("return require('fimble.switches').snooze_timer == nil"), "its end")
    nvim.wait_for_server()
    suggest_something(nvim)
    assert any(re.search(r"off for 0.02 minutes, until \d\d:\d\d", told) for told in nvim.told)


def test_a_missing_server_is_one_notice_with_the_next_step(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("x"), text=CODE, setup={"cmd": ["no-such-program", "lsp"]})
    nvim.type(":edit other.py<CR>ix = ")
    told = nvim.until(lambda: nvim.told, "a notice")
    assert len(told) == 1
    assert "no-such-program" in told[0]
    assert "pipx install fimble" in told[0]
    assert nvim.lua("return require('fimble').status()") == "fimble !"


def kill_servers(nvim: Neovim) -> None:
    for process in server_processes(nvim):
        os.kill(process, signal.SIGKILL)


def test_a_server_that_dies_comes_back_by_itself(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    first = nvim.server()
    kill_servers(nvim)
    nvim.until(lambda: nvim.server() != first, "the end of the first server")
    nvim.type("Goedited = True<Esc>")  # Neovim stops to track a buffer that is edited without a server
    nvim.until(lambda: nvim.line == "edited = True", "typing")
    nvim.wait_for_server()
    suggest_something(nvim)
    assert ours(nvim) == []


def test_a_server_that_keeps_dying_is_one_notice_and_can_be_restarted(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.lua("vim.defer_fn = function(run) vim.schedule(run) end")  # no pauses before the next try
    for _ in range(4):
        nvim.wait_for_server()
        last = nvim.server()
        kill_servers(nvim)
        nvim.until(lambda last=last: nvim.server() != last, "its end")  # type: ignore[misc]
    told = nvim.until(lambda: ours(nvim), "a notice")
    assert len(told) == 1
    assert "keeps stopping (signal" in told[0] or "keeps stopping (exit code" in told[0]
    assert ":Fimble restart" in told[0]
    assert nvim.lua("return require('fimble').status()") == "fimble !"
    nvim.api.command("Fimble restart")
    nvim.wait_for_server()
    suggest_something(nvim)


def test_a_program_that_is_no_server_is_not_tried_again(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("x"), text=CODE, setup={"cmd": ["false"]})
    told = nvim.until(lambda: ours(nvim), "a notice")
    assert len(told) == 1
    assert "does not start (exit code 1)" in told[0]
    assert ":checkhealth fimble" in told[0]


def test_restarting(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    first = nvim.server()
    nvim.api.command("Fimble restart")
    nvim.until(lambda: nvim.server() not in (None, first), "another server")
    suggest_something(nvim)
    assert len(server_processes(nvim)) == 1


def test_restarting_ends_a_snooze(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble snooze 100")
    nvim.until(lambda: not server_processes(nvim), "the end of the server")
    nvim.api.command("Fimble restart")
    nvim.wait_for_server()
    suggest_something(nvim)


def test_options_change_while_the_server_runs(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    suggest_something(nvim)
    server = nvim.server()
    set_up(nvim, {"disabledLanguages": ["python"]})
    nvim.until(lambda: nvim.lua("return require('fimble').status()") == "fimble off", "no suggestions")
    assert "python" in nvim.lua("return require('fimble.status').get().message")
    set_up(nvim, {"disabledLanguages": []})
    nvim.until(lambda: nvim.lua("return require('fimble').status()") == "fimble", "suggestions")
    suggest_something(nvim)
    assert nvim.server() == server


def set_up(nvim: Neovim, options: dict[str, object]) -> None:
    """Call ``setup()`` again with other options for the server."""
    nvim.lua("require('fimble').setup({ options = ... })", options)


def test_loaded_after_files_were_opened(start: Start) -> None:
    """As plugin managers do that wait for an event or a command."""
    late = INIT.replace("vim.opt.rtp:prepend(vim.env.PLUGIN)", "").partition("if vim.env.SETUP")[0]
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), init=late, text=CODE)
    nvim.lua("vim.opt.rtp:prepend(vim.env.PLUGIN) vim.cmd.runtime('plugin/fimble.lua')")
    nvim.wait_for_server()
    suggest_something(nvim)


def test_another_model(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble model bundled")
    nvim.wire.wait_for("workspace/executeCommand")
    nvim.until(lambda: any("bundled" in told for told in nvim.told), "the answer")


PICK = """
vim.ui.select = function(offered, options, choose)
  for _, each in ipairs(offered) do
    if options.format_item(each):find('^refact%-1.6b %(download, ') then return choose(each) end
  end
end
"""


def test_a_model_that_is_not_here_is_downloaded_and_used(start: Start) -> None:
    with running_hub() as hub:
        hub.files["tensorblock/Refact-1_6B-fim-GGUF/Refact-1_6B-fim-Q4_K_M.gguf"] = (
            bundled_path().read_bytes()
        )
        asks = {"HF_ENDPOINT": hub.address, "NO_PROXY": "*"}
        nvim = start(VARIANTS["0.12"], fake("add(1, 2)") | asks, text=CODE)
        nvim.wait_for_server()
        nvim.lua(PICK)
        nvim.api.command("Fimble model")
        nvim.until(lambda: any("the model is refact-1.6b" in told for told in nvim.told), "the answer")
    assert any("downloading refact-1.6b" in told for told in nvim.told)
    [pulled] = nvim.home.rglob("Refact-1_6B-fim-Q4_K_M.gguf")
    assert pulled.read_bytes() == bundled_path().read_bytes()


def test_a_download_that_fails_is_told(start: Start) -> None:
    asks = {"HF_ENDPOINT": "http://127.0.0.1:9", "NO_PROXY": "*"}  # the discard port, which nobody serves
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)") | asks, text=CODE)
    nvim.wait_for_server()
    nvim.lua(PICK)
    nvim.api.command("Fimble model")
    nvim.until(lambda: any("Check the network" in told for told in nvim.told), "what went wrong")


def test_what_commands_say(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    suggest_something(nvim)
    nvim.api.command("Fimble")
    nvim.until(lambda: any(told.startswith("fimble: ready") for told in nvim.told), "the status")
    nvim.api.command("Fimble stats")
    nvim.until(lambda: len(nvim.told) == 2, "the statistics")
    nvim.api.command("Fimble nonsense")
    nvim.until(lambda: any("there is no :Fimble nonsense" in told for told in nvim.told), "a notice")
    nvim.api.command("Fimble log")
    nvim.until(lambda: str(nvim.api.current.buffer.name).endswith("lsp.log"), "the log")
    words = nvim.lua("return vim.fn.getcompletion('Fimble ', 'cmdline')")
    assert set(words) == {"eagerness", "log", "model", "restart", "snooze", "stats", "status", "toggle"}
    assert nvim.lua("return vim.fn.getcompletion('Fimble toggle ', 'cmdline')") == ["buffer", "filetype"]


def test_eagerness_is_changed_without_a_restart(start: Start) -> None:
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    nvim.api.command("Fimble eagerness bold")
    nvim.until(lambda: any("takes one of subtle, balanced, eager" in told for told in nvim.told), "a notice")
    nvim.api.command("Fimble eagerness subtle")

    def chosen() -> list[object]:
        sent = nvim.wire.sent("workspace/didChangeConfiguration")
        return [each["settings"]["fimble"].get("eagerness") for each in sent]

    nvim.until(lambda: "subtle" in chosen(), "the choice to be sent")
    suggest_something(nvim)
    assert len(nvim.wire.sent("initialize")) == 1


def test_shown_suggestions_and_the_focus_are_told(start: Start, variant: Variant) -> None:
    nvim = start(variant, fake("add(1, 2)"), text=CODE)
    nvim.wait_for_server()
    suggest_something(nvim)
    shown = nvim.wire.wait_for("textDocument/didShowCompletion")
    assert shown[0]["item"]["command"]["command"] == "fimble.accepted"
    focused = nvim.wire.wait_for("textDocument/didFocus")
    assert focused[0]["textDocument"]["uri"].endswith("work.py")


def test_options_that_do_not_exist_are_named(start: Start) -> None:
    nvim = start(
        VARIANTS["0.12"], fake("x"), setup={"debounce": 3, "keys": {"acept": "<Tab>"}, "auto": "yes"}
    )
    told = nvim.until(lambda: nvim.told if len(nvim.told) == 3 else None, "notices")
    assert any("`debounce`" in each for each in told)
    assert any("`keys.acept`" in each for each in told)
    assert any("`auto` should be a boolean" in each for each in told)


def test_without_setup_and_with_a_vim_variable(start: Start) -> None:
    init = INIT.partition("if vim.env.SETUP")[0] + "vim.g.fimble = { filetypes = { ['*'] = false } }"
    nvim = start(VARIANTS["0.12"], fake("x"), init=init, text=CODE)
    message = nvim.until(lambda: nvim.lua("return require('fimble.status').get().message"), "a reason")
    assert "excludes" in message


def test_the_configuration_alone_enabled_by_hand(start: Start, tmp_path: Path) -> None:
    """``lsp/fimble.lua`` copied into the user's folder, without the plugin: Neovim does the rest."""
    folder = tmp_path / "site" / "lsp"
    folder.mkdir(parents=True)
    (folder / "fimble.lua").write_text((PLUGIN / "lsp" / "fimble.lua").read_text())
    init = f"""
    vim.opt.rtp:prepend('{folder.parent}')
    vim.lsp.enable('fimble')
    vim.lsp.inline_completion.enable()
    """
    nvim = start(VARIANTS["0.12"], fake("add(1, 2)"), init=init, text=CODE)
    watching = "return #vim.api.nvim_get_autocmds({ event = 'CursorMovedI', buffer = 0 })"
    nvim.until(lambda: nvim.lua(watching), "Neovim's client in the buffer")
    nvim.type("Gototal = ")
    ghost = nvim.until(lambda: nvim.ghost(), "ghost text")
    assert ghost.text == "add(1, 2)"
