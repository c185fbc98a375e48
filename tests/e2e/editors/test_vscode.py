"""The extension in a real VS Code in a real browser, with the real language server behind it.

One window serves all checks, since its start costs most. Every check says which server it wants and
begins with an empty file.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from fimble.engine.models.catalogue import bundled_path
from tests.engine.fake_hub import running_hub

from .serving import serving
from .vscode.program import INLINE, Program, always
from .vscode.tools import EXTENSION, Tools, build_extension, find_tools
from .vscode.window import FOLDERS, Window, open_window
from .waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

VERSION = json.loads((EXTENSION / "package.json").read_text("utf-8"))["version"]
TYPED = "def mean(values):\n"
HEAD = "def mean(values):\n    "
ANSWER = "total = sum(values)\n    return total / len(values)"
PICTURED = '''\
class Stack:
    """Last in, first out."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        '''


@pytest.fixture(scope="module")
def tools() -> Tools:
    return find_tools()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def window(tools: Tools, folder: Path) -> Iterator[Window]:
    """The window; no ``fimble`` is on its PATH, and pip finds what fimble depends on in the wheels alone.

    It finds a package that has taken the name ``fimble`` as well, in a much newer version.
    """
    programs, foreign = folder / "programs", folder / "foreign"
    programs.mkdir()
    foreign.mkdir()
    take_the_name(foreign / "fimble-99.0-py3-none-any.whl")
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    variables = {
        "PATH": f"{tools.node.parent}:{programs}:/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": f"{tools.wheels} {foreign}",
        "PIP_NO_COMPILE": "1",
    }
    extension = build_extension(tools, folder)
    with open_window(tools, folder / "run", extension, variables) as opened:
        yield opened


def take_the_name(wheel: Path) -> None:
    """A package that is called fimble and is somebody else's."""
    about = "fimble-99.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: fimble\nVersion: 99.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go: a temporary folder, unless somebody wants to have them."""
    return Path(os.environ.get("FIMBLE_PICTURES") or tmp_path)


@pytest.fixture(scope="module")
def program(folder: Path) -> Program:
    """A server with a model that always suggests :data:`ANSWER`."""
    return Program(folder / "program", always(ANSWER))


@pytest.fixture
def ready(window: Window, program: Program) -> Window:
    """The window, empty and with that server ready."""
    window.settings(path=str(program.path))
    until(lambda: program.ready, "the server to be ready")
    window.status_is("^fimble is ready")
    window.empty()
    return window


def test_units_of_the_extension(tools: Tools) -> None:
    command = ["npm", "test", "--silent"]
    ran = subprocess.run(command, cwd=EXTENSION, env=tools.environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(re.search(r"pass (\d+)", ran.stdout)[1]) > 20, ran.stdout


def test_the_server_is_installed_where_none_is_found(window: Window) -> None:
    installed = window.storage / "server" / "bin" / "fimble"
    window.status_is("^fimble is not installed")
    window.command("Notifications: Show Notifications")  # by itself it goes after a while

    window.settings(python="/nowhere/python")
    window.answer("not installed on this machine", "Install")
    expect(window.notification("/nowhere/python, which is no Python")).to_be_visible()
    window.clear_notifications()

    window.settings()
    window.command("fimble: Install or Update the Server")
    window.answer("Installing fimble's server", "Cancel")
    expect(window.notification("The installation was cancelled")).to_be_visible()
    assert not installed.exists()
    window.answer("The installation was cancelled", "Try Again")
    window.status_is("^fimble is ready", patience_ms=240_000)
    told = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True).stdout
    assert told.split()[-1] == VERSION, "the name was looked up in an index"


def test_a_server_of_another_version_is_updated_when_the_user_wants_it(window: Window) -> None:
    (about,) = window.storage.glob("server/lib/python*/site-packages/fimble-*.dist-info")
    make_older(about, "0.0.1")
    window.settings()
    window.command("fimble: Restart the Server")
    window.answer(f"version 0.0.1, and this extension comes with {VERSION}", "Update")
    until(lambda: (about / "RECORD").exists(), "the update")
    window.status_is("^fimble is ready", patience_ms=240_000)
    assert not about.with_name("fimble-0.0.1.dist-info").exists()


def make_older(about: Path, version: str) -> None:
    """Have an installed package say that it is of this version; ``about`` is its dist-info folder."""
    older = about.rename(about.with_name(f"fimble-{version}.dist-info"))
    for name, old, new in (
        ("METADATA", f"\nVersion: {VERSION}\n", f"\nVersion: {version}\n"),
        ("RECORD", f"{about.name}/", f"{older.name}/"),
    ):
        (older / name).write_text((older / name).read_text().replace(old, new))
    said = about.parent / "fimble" / "engine" / "version.py"
    said.write_text(said.read_text().replace(VERSION, version))


@pytest.fixture(scope="module")
def bundled(window: Window, folder: Path) -> Program:
    """The server that the extension installed, if that test ran, with the model that comes along."""
    installed = window.storage / "server" / "bin" / "fimble"
    return Program(folder / "bundled", {}, installed if installed.exists() else None)


def test_a_whole_round_with_the_model_that_comes_along(window: Window, bundled: Program) -> None:
    window.settings(path=str(bundled.path))
    until(lambda: bundled.ready, "the server to be ready")
    typed = type_until_something_is_suggested(window, bundled)
    suggested = bundled.suggested
    window.ghost_is(suggested)
    window.press("Tab")
    window.saved(typed + suggested)
    until(lambda: "fimble.accepted" in bundled.commands(), "the acceptance to be told")


def test_picture(window: Window, bundled: Program, pictures: Path) -> None:
    """``FIMBLE_PICTURES=docs/images`` keeps it."""
    window.settings(title="fimble", path=str(bundled.path))
    until(lambda: bundled.ready, "the server to be ready")
    size = window.page.viewport_size
    assert size is not None
    window.page.set_viewport_size({"width": 860, "height": 420})
    window.command("View: Toggle Primary Side Bar Visibility")
    window.load(PICTURED)
    window.type("return self.")
    window.ghost.first.wait_for()
    window.status_is("^fimble is ready")
    window.page.screenshot(path=pictures / "vscode.png")
    window.command("View: Toggle Primary Side Bar Visibility")
    window.page.set_viewport_size(size)


def type_until_something_is_suggested(window: Window, program: Program) -> str:
    """A small model has no idea for some beginnings; one of these it has."""
    for typed in ("import os\nimport ", "class Stack:\n", "for name in ", "def add(first, second):\n"):
        window.empty()
        before = len(program.answers(INLINE))
        window.type(typed)
        window.command("Trigger Inline Suggestion")
        until(functools.partial(answered, program, before), "an answer to the last request")
        if program.suggested:
            return window.saved()
    raise AssertionError("no suggestion at all")


def answered(program: Program, before: int) -> bool:
    """Is there an answer to every request, and to more than there were before?"""
    answers = program.answers(INLINE)
    return len(answers) > before and None not in answers


def test_ghost_text_is_seen_and_tab_accepts_it(ready: Window, program: Program) -> None:
    ready.type(TYPED)
    ready.ghost_is(ANSWER)
    ready.press("Tab")
    ready.saved(HEAD + ANSWER)
    until(lambda: "fimble.accepted" in program.commands(), "the acceptance to be told")


def test_ctrl_right_accepts_a_word_and_alt_end_a_line(ready: Window) -> None:
    ready.type(TYPED)
    ready.ghost_is(ANSWER)
    ready.press("Control+ArrowRight")
    ready.saved(HEAD + "total")
    ready.ghost_is(ANSWER.removeprefix("total"))
    ready.press("Alt+End")
    assert ready.saved().startswith(HEAD + "total = sum(values)")


def test_escape_dismisses_and_alt_backslash_asks_again(ready: Window, program: Program) -> None:
    ready.type(TYPED)
    ready.ghost_is(ANSWER)
    ready.press("Escape")
    ready.no_ghost()
    ready.press("Alt+\\")
    ready.ghost_is(ANSWER)
    assert program.sent(INLINE)[-1]["context"]["triggerKind"] == 1


def test_typing_along_keeps_the_suggestion(ready: Window) -> None:
    ready.type(TYPED)
    ready.ghost_is(ANSWER)
    for at, char in enumerate("total = s", start=1):
        ready.type(char)
        ready.ghost_is(ANSWER[at:])
    ready.press("Tab")
    ready.saved(HEAD + ANSWER)


def test_characters_beyond_the_basic_plane_before_the_cursor(ready: Window, program: Program) -> None:
    ready.page.keyboard.insert_text('s = "😀é𝔘"; ')
    ready.ghost_is(ANSWER.partition("\n")[0])
    ready.press("Tab")
    ready.saved('s = "😀é𝔘"; ' + ANSWER.partition("\n")[0])
    units = len('s = "😀é𝔘"; '.encode("utf-16-le")) // 2
    assert {"line": 0, "character": units} in [each["position"] for each in program.sent(INLINE)]


def test_turned_off_nothing_is_asked_for(ready: Window, program: Program) -> None:
    ready.command("fimble: Turn Suggestions On or Off")
    ready.status_is("^fimble is off")
    asks_nothing(ready, program)
    ready.command("fimble: Turn Suggestions On or Off")
    ready.status_is("^fimble is ready")
    ready.empty()
    ready.press("Alt+\\")
    until(lambda: ready.ghost_text().startswith("total = sum(values)"), "a suggestion", ready.ghost_text)


def test_turned_off_for_one_language(ready: Window, program: Program) -> None:
    ready.command("fimble: Turn Suggestions On or Off for This Language")
    ready.status_is("^fimble is off Suggestions are turned off for python files")
    asks_nothing(ready, program)
    ready.command("fimble: Turn Suggestions On or Off for This Language")
    ready.status_is("^fimble is ready")


def test_turned_off_for_a_file(ready: Window, program: Program) -> None:
    ready.settings(path=str(program.path), disabledPaths=["*.py"])
    ready.status_is("^fimble is off .*disabledPaths")


def test_snoozed_and_woken(ready: Window, program: Program) -> None:
    ready.command("fimble: Snooze Suggestions")
    ready.choices("30 minutes").click()
    ready.status_is(r"^fimble is snoozed Suggestions are snoozed until \d")
    asks_nothing(ready, program)
    ready.command("fimble: End the Snooze")
    ready.status_is("^fimble is ready")


def asks_nothing(window: Window, program: Program) -> None:
    """Type and ask by hand; the editor sends what was typed and nothing else."""
    window.empty()
    asked, changes = program.asked, len(program.sent("textDocument/didChange"))
    window.type("x = 1")
    window.command("Trigger Inline Suggestion")
    window.saved("x = 1")
    until(lambda: len(program.sent("textDocument/didChange")) >= changes + 5, "the changes to be sent")
    window.no_ghost()
    assert program.asked == asked


def test_a_wrong_path_is_explained_and_mended(window: Window, program: Program) -> None:
    window.settings(path="/nowhere/fimble")
    window.status_is("has a problem The setting fimble.path is /nowhere/fimble.* Correct the setting")
    expect(window.notification("fimble.path is /nowhere/fimble")).to_be_visible()
    window.clear_notifications()
    window.settings(path=str(program.path))
    window.status_is("^fimble is ready")


def test_a_program_that_is_no_server_is_one_sentence(window: Window, program: Program) -> None:
    window.settings(path="/bin/true")
    window.status_is("has a problem The server stops again and again. .*/bin/true ended without a word")
    expect(window.notification("/bin/true ended without a word. Is it fimble?")).to_be_visible()
    expect(window.notification("EPIPE")).to_have_count(0)
    window.clear_notifications()
    window.settings(path=str(program.path))
    window.status_is("^fimble is ready")


def test_a_program_that_never_answers_keeps_no_other_waiting(
    window: Window, program: Program, folder: Path
) -> None:
    silent = folder / "silent"
    silent.write_text("#!/bin/sh\ncat > /dev/null\n")
    silent.chmod(0o755)
    window.settings(path=str(silent))
    window.status_is("^fimble is starting The server is starting")
    window.settings(path=str(program.path))
    window.status_is("^fimble is ready fake")


def test_a_server_that_keeps_stopping_is_given_up_with_its_last_words(window: Window, folder: Path) -> None:
    stopping = folder / "stopping"
    stopping.write_text('#!/bin/sh\necho start >> "$0.log"\necho "no more paper" >&2\nexit 1\n')
    stopping.chmod(0o755)
    window.settings(path=str(stopping))
    window.status_is("has a problem The server stops again and again. The last time: no more paper")
    assert Path(f"{stopping}.log").read_text().count("start") == 3
    window.clear_notifications()


def test_a_killed_server_is_back_by_itself(ready: Window, program: Program) -> None:
    starts = program.starts
    os.kill(program.server, signal.SIGKILL)
    until(lambda: program.starts > starts and program.ready, "another server")
    ready.type(TYPED)
    ready.ghost_is(ANSWER)


def test_the_status_bar_tells_that_it_starts_and_thinks(window: Window, folder: Path) -> None:
    slow = Program(folder / "slow", always("x", endless=True, token_ms=200))
    gate, waiting = folder / "gate", folder / "waiting"
    os.mkfifo(gate)
    waiting.write_text(f'#!/bin/sh\nread -r opened < {gate}\nexec {slow.path} "$@"\n')
    waiting.chmod(0o755)
    window.settings(path=str(waiting))
    window.status_is("^fimble is starting The server is starting")
    gate.write_text("open\n")
    window.status_is("^fimble is ready")
    window.empty()
    window.type("x = ")
    window.status_is("^fimble is thinking")
    window.empty()
    window.status_is("^fimble is ready")


def test_folders_of_the_workspace_are_told_and_those_that_come_and_go(
    ready: Window, program: Program
) -> None:
    wanted = ready.folders(*FOLDERS)
    assert program.folders == wanted
    wanted = ready.folders(*FOLDERS, "another")
    until(lambda: program.folders == wanted, "the new folder to be told", lambda: program.folders)
    wanted = ready.folders(*FOLDERS)
    until(lambda: program.folders == wanted, "the folder's end to be told", lambda: program.folders)


def test_settings_count_at_once_without_a_restart(ready: Window, program: Program) -> None:
    starts = program.starts
    ready.settings(path=str(program.path), model="/nowhere/model.gguf", disabledPaths=["*.txt"])
    ready.status_is("^fimble has a problem .*model.gguf")
    assert program.options["model"] == "/nowhere/model.gguf"
    assert program.options["disabledPaths"] == ["*.txt"]
    assert program.options["threads"] is None, "what the user did not set is left to the server"
    ready.settings(path=str(program.path))
    ready.status_is("^fimble is ready")
    assert program.starts == starts
    ready.clear_notifications()


def test_eagerness_is_chosen_from_a_list(ready: Window, program: Program) -> None:
    starts = program.starts
    ready.command("fimble: Choose How Eager Suggestions Are")
    ready.choices("Rarely, and nearly always right").click()
    until(lambda: program.options.get("eagerness") == "subtle", "the choice to be sent")
    assert program.starts == starts


def test_the_model_is_chosen_from_a_list(ready: Window, program: Program) -> None:
    ready.command("fimble: Choose Model")
    for choice in ("bundled", "A GGUF file…", "A fimble server…"):
        expect(ready.choices(choice)).to_be_visible()
    ready.choices("bundled").click()
    until(lambda: program.options["model"] == "bundled", "the model to be sent")
    ready.status_is("^fimble is ready fimble")


def test_a_model_that_is_not_here_is_downloaded_and_used(window: Window, folder: Path) -> None:
    with running_hub() as hub:
        source = "tensorblock/Refact-1_6B-fim-GGUF/Refact-1_6B-fim-Q4_K_M.gguf"
        hub.files[source] = bundled_path().read_bytes()
        own = {"HF_ENDPOINT": hub.address, "NO_PROXY": "*", "FIMBLE_MODELS": str(folder / "models")}
        program = Program(folder / "hub", always(ANSWER) | own)
        window.settings(path=str(program.path))
        until(lambda: program.ready, "the server to be ready")
        window.command("fimble: Choose Model")
        window.choices("refact-1.6b").click()
        until(lambda: program.options.get("model") == "refact-1.6b", "the model to be sent")
    assert (folder / "models" / source).read_bytes() == bundled_path().read_bytes()
    window.clear_notifications()


def test_the_menu_behind_the_status_bar(ready: Window, program: Program) -> None:
    starts = program.starts
    ready.item.click()
    for choice in ("Turn suggestions off", "Snooze…", "Choose the model…", "Run the doctor"):
        expect(ready.choices(choice).first).to_be_visible()
    ready.choices("Restart the server").click()
    until(lambda: program.starts > starts and program.ready, "another server")


def test_doctor_statistics_and_log_are_shown(ready: Window) -> None:
    ready.command("fimble: Run Doctor")
    ready.page_shows("Doctor", "grammars")
    ready.command("fimble: Show Statistics")
    ready.page_shows("Stats", "uggestions")
    ready.command("fimble: Show Log")
    channel = ready.page.locator("[id='workbench.panel.output'] select")
    until(lambda: channel.evaluate("list => list.selectedOptions[0].text") == "fimble", "the log")
    ready.command("View: Hide Panel")


def test_a_remote_server_gets_the_key_and_the_settings_do_not(
    ready: Window, program: Program, tmp_path: Path
) -> None:
    with serving(tmp_path, always("elsewhere")) as address:
        ready.settings(path=str(program.path), engine=address, fallback=False)
        until(lambda: program.options["engine"] == address, "the address to be sent")
        ready.command("fimble: Set Key")
        expect(ready.page.locator(".quick-input-widget")).to_contain_text(f"Key for {address}")
        ready.page.keyboard.insert_text("a secret key")
        ready.press("Enter")
        until(lambda: program.options["key"] == "a secret key", "the key to be sent")
        ready.empty()
        ready.type("x = ")
        ready.ghost_is("elsewhere")
        kept = "".join(path.read_text() for path in ready.settings_file.parents[1].glob("*/settings.json"))
        assert "secret" not in kept
    ready.settings(path=str(program.path), engine="http://127.0.0.1:1", fallback=False)
    until(lambda: program.options["engine"] == "http://127.0.0.1:1", "the other address to be sent")
    assert program.options["key"] is None, "the key of one server went to another"
    ready.settings(path=str(program.path), engine=address, fallback=False)
    until(lambda: program.options["key"] == "a secret key", "the key to be sent again")
    ready.command("fimble: Forget Key")
    until(lambda: program.options["key"] is None, "the key to be forgotten")
    ready.clear_notifications()


def test_the_page_wanted_nothing_from_elsewhere(window: Window) -> None:
    assert window.refused == []
