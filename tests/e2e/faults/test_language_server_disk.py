"""A language server that can keep nothing: no home, a home that cannot be written, corrupt settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.lsp.conftest import ANSWER, Editor, Start

from .disks import make_read_only

pytestmark = pytest.mark.e2e
FOLDERS = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")


async def start_below(start: Start, folder: str, **more: str) -> Editor:
    """A language server that would keep everything below ``folder``, and share its engine there."""
    environment = {"FIMBLE_ENGINE": "shared"} | dict.fromkeys(FOLDERS, folder) | more
    editor = await start(fake={}, **environment)
    editor.open("x = ▮\n")
    return editor


async def all_is_well(editor: Editor) -> None:
    """Suggestions come and are accepted, and the end is an orderly one. Nobody is told of anything but that
    the project cannot be remembered, once."""
    (item,) = await editor.ask()
    assert item.insert_text == ANSWER
    assert item.command is not None
    await editor.command(item.command.command, *(item.command.arguments or []))
    assert (await editor.stats())["accepted"] == 1
    told = editor.shown()
    assert all(" is not remembered: " in each or " is too full to remember " in each for each in told)
    assert len(told) <= 1
    await editor.stop()


async def test_a_home_that_cannot_be_written_costs_statistics_and_sharing(
    start: Start, small_disk: Path
) -> None:
    (small_disk / "fimble").mkdir()
    (small_disk / "fimble" / "config.toml").write_text("threads = 1\n")
    make_read_only(small_disk)
    await all_is_well(await start_below(start, str(small_disk)))


async def test_statistics_that_cannot_be_written_any_more(start: Start, small_disk: Path) -> None:
    first = await start_below(start, str(small_disk), FIMBLE_ENGINE="local")
    await all_is_well(first)
    kept = (small_disk / "fimble" / "statistics.sqlite3").read_bytes()
    make_read_only(small_disk)
    second = await start_below(start, str(small_disk), FIMBLE_ENGINE="local")
    await all_is_well(second)
    assert (small_disk / "fimble" / "statistics.sqlite3").read_bytes() == kept


async def test_corrupt_statistics_do_no_harm(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "fimble" / "statistics.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"this is no database. " * 500)
    await all_is_well(await start_below(start, str(tmp_path), FIMBLE_ENGINE="local"))


@pytest.mark.parametrize("place", ["/proc/no/home", ""])
async def test_no_home_is_no_reason_not_to_suggest(start: Start, place: str) -> None:
    await all_is_well(await start_below(start, "/proc/no/folder", HOME=place))


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"[server", b"threads = 'many'", b"thread = 3", b"queue = []"]
)
async def test_corrupt_settings_are_told_and_defaults_used(start: Start, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(data)
    editor = await start(fake={}, FIMBLE_CONFIG=str(tmp_path / "config.toml"))
    editor.open("x = ▮\n")
    assert await editor.texts() == [ANSWER]
    (told,) = editor.shown()
    assert str(tmp_path / "config.toml") in told
