"""The language server over the wire: the real process, with the real model where its text is not judged."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fimble.lsp.statistics import read_records

from .conftest import ANSWER, Editor, Start

pytestmark = pytest.mark.e2e


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition that something outside this process brings about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class TestWithTheBundledModel:
    async def test_a_suggestion_comes_and_typing_goes_on(self, start: Start) -> None:
        editor = await start()
        editor.open("def add(first, second):\n    return ▮\n\n\nprint(add(1, 2))\n")
        for char in "first + ":
            await editor.ask()
            editor.type(char)
        stats = await editor.stats()
        assert stats["requests"] == 8
        assert stats["completion_tokens"] > 0
        assert stats["cached_tokens"] > stats["prompt_tokens"] / 2

    async def test_what_it_can_do_is_announced(self, start: Start) -> None:
        editor = await start()
        capabilities = editor.initialized.capabilities
        assert capabilities.inline_completion_provider == types.InlineCompletionOptions()
        assert capabilities.completion_provider is None
        assert capabilities.text_document_sync.change == types.TextDocumentSyncKind.Incremental
        assert "fimble.accepted" in capabilities.execute_command_provider.commands
        assert capabilities.experimental["fimble"]["status"] is True

    async def test_any_file_at_all(self, start: Start) -> None:
        editor = await start()
        for number, text in enumerate(
            ["▮", "\r\n▮\r\n", "\ud83d▮", "\0▮\0", "x" * 300_000 + "▮", "😀" * 200 + "▮" + "\u2028"]
        ):
            editor.open(text, f"{number}.py")
            await editor.ask(invoked=True)
        assert editor.shown() == []


class TestSuggestions:
    async def test_an_insertion_at_the_cursor_with_a_command(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("# 😀𝒳\nx = '😀' + ▮\n")
        (item,) = await editor.ask()
        assert item.insert_text == ANSWER
        assert item.range == types.Range(types.Position(1, 11), types.Position(1, 11))
        assert item.command is not None
        assert item.command.command == "fimble.accepted"

    async def test_typing_along_needs_no_model(self, start: Start) -> None:
        editor = await start({"prefetch": False}, fake={})
        editor.open("x = ▮\n")
        assert await editor.texts() == [ANSWER]
        before = await editor.stats()
        for typed in range(1, len(ANSWER)):
            editor.type(ANSWER[typed - 1])
            assert await editor.texts() == [ANSWER[typed:]]
        after = await editor.stats()
        assert after["from_memory"] == before["from_memory"] + len(ANSWER) - 1
        assert after["completion_tokens"] == before["completion_tokens"]

    async def test_the_next_one_is_prepared_while_one_is_shown(self, start: Start) -> None:
        call = "(1, 2)"
        editor = await start(fake={"answer": call})
        editor.open("x = make▮\n")
        await editor.ask()
        while (await editor.stats())["completion_tokens"] < 2 * len(call):
            pass
        editor.type(call)
        assert await editor.texts() == [call]
        assert (await editor.stats())["from_memory"] == 1

    async def test_nothing_inside_a_word(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("prin▮ter = 1\n")
        assert await editor.texts() == []
        assert (await editor.stats())["model_runs"] == 0
        assert await editor.texts(invoked=True) == []  # its answer would join with the word's rest
        assert (await editor.stats())["model_runs"] > 0

    async def test_an_older_request_is_answered_once_and_empty(self, start: Start) -> None:
        editor = await start(fake={"token_ms": 20})
        editor.open("x = ▮\n")
        older = asyncio.create_task(editor.texts())
        await asyncio.sleep(0)
        editor.type("y")
        assert await editor.texts() == [ANSWER]
        assert await older in ([], [ANSWER])

    async def test_an_answer_to_an_older_text_fits_the_newer_one_or_is_empty(self, start: Start) -> None:
        editor = await start(fake={"token_ms": 20})
        editor.open("x = ▮\n")
        asked = asyncio.create_task(editor.ask())
        await asyncio.sleep(0)
        editor.type("com")  # what the suggestion begins with, typed before it came
        items = await asked
        assert [(item.insert_text, item.range.start.character) for item in items] == [(ANSWER[3:], 7)]

    async def test_a_cancelled_request_is_answered_as_cancelled(self, start: Start) -> None:
        editor = await start(fake={"endless": True, "token_ms": 5})
        editor.open("x = ▮\n")
        kind = types.InlineCompletionTriggerKind.Automatic
        params = types.InlineCompletionParams(
            types.InlineCompletionContext(kind),
            types.TextDocumentIdentifier(editor.uri),
            types.Position(0, 4),
        )
        request = editor.client.protocol.send_request(
            "textDocument/inlineCompletion", params, msg_id="to-be-cancelled"
        )
        await asyncio.sleep(0)
        editor.client.cancel_request(types.CancelParams("to-be-cancelled"))
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wrap_future(request)
        assert caught.value.code == -32800

    async def test_several_when_asked_by_hand(self, start: Start) -> None:
        editor = await start({"candidates": 3})
        editor.open("def add(a, b):\n    ▮\n")
        texts = await editor.texts(invoked=True)
        assert 1 <= len(texts) <= 3
        assert len(set(texts)) == len(texts)

    async def test_clients_without_inline_completion_get_a_menu_entry(self, start: Start) -> None:
        editor = await start(fake={"answer": "pute(1)\n    more"}, inline=False)
        editor.open("x = com▮\n")
        (item,) = await editor.menu()
        assert isinstance(item.text_edit, types.TextEdit)
        assert item.text_edit.new_text.startswith("compute(1)")
        assert item.text_edit.range.start.character == 4
        assert str(item.filter_text).startswith("com")


class TestAcceptance:
    async def test_is_counted_and_kept(self, start: Start, home: dict[str, str]) -> None:
        editor = await start(fake={})
        editor.open("x = ▮\n")
        (item,) = await editor.ask()
        editor.client.protocol.notify(
            "textDocument/didShowCompletion", {"item": {"command": {"arguments": ["?"]}}}
        )
        assert item.command is not None
        await editor.command(item.command.command, *(item.command.arguments or []))
        assert (await editor.stats())["accepted"] == 1
        await editor.stop()
        (record,) = read_records(Path(home["XDG_DATA_HOME"]) / "fimble" / "statistics.sqlite3")
        assert (record.language, record.length, record.accepted) == ("python", len(ANSWER), len(ANSWER))

    async def test_in_part_counts_utf16_units(self, start: Start, home: dict[str, str]) -> None:
        editor = await start(fake={"answer": "'😀' + b"})
        editor.open("x = ▮\n")
        (item,) = await editor.ask()
        sent = {"item": {"command": {"arguments": item.command.arguments}}, "acceptedLength": 4}
        editor.client.protocol.notify("textDocument/didPartiallyAcceptCompletion", sent)
        await editor.stop()
        (record,) = read_records(Path(home["XDG_DATA_HOME"]) / "fimble" / "statistics.sqlite3")
        assert record.accepted == 3

    async def test_statistics_can_be_switched_off(self, start: Start, home: dict[str, str]) -> None:
        editor = await start({"statistics": False}, fake={})
        editor.open("x = ▮\n")
        await editor.ask()
        await editor.stop()
        assert not (Path(home["XDG_DATA_HOME"]) / "fimble").exists()


class TestSwitches:
    async def check_off(self, editor: Editor) -> None:
        before = await editor.stats()
        assert await editor.texts() == []
        after = await editor.stats()
        assert after["prompt_tokens"] == before["prompt_tokens"]

    async def test_toggle(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("x = ▮\n")
        await editor.command("fimble.toggle")
        await self.check_off(editor)
        await until(lambda: editor.statuses[-1]["kind"] == "off")
        await editor.command("fimble.toggle", {"language": "python", "enabled": False})
        await editor.command("fimble.toggle", {"enabled": True})
        await self.check_off(editor)
        await editor.command("fimble.toggle", {"language": "python", "enabled": True})
        assert await editor.texts() == [ANSWER]

    async def test_snooze(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("x = ▮\n")
        await editor.command("fimble.snooze", {"minutes": 5})
        await self.check_off(editor)
        await until(lambda: editor.statuses[-1]["kind"] == "snoozed")
        await editor.command("fimble.snooze", {"minutes": 0})
        assert await editor.texts() == [ANSWER]

    @pytest.mark.parametrize("name", [".env", "id_rsa", "private/a.py", "gen/b.py"])
    async def test_files_that_are_left_alone(self, start: Start, tmp_path: Path, name: str) -> None:
        (tmp_path / ".fimbleignore").write_text("private/\n")
        editor = await start({"disabledPaths": ["gen/**"]}, fake={})
        editor.open("x = ▮\n", name)
        await self.check_off(editor)

    async def test_configuration_changes_while_it_runs(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("x = ▮\n")
        change = types.DidChangeConfigurationParams({"fimble": {"disabledLanguages": ["python"]}})
        editor.client.workspace_did_change_configuration(change)
        await self.check_off(editor)
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"fimble": {"enabled": True}})
        )
        assert await editor.texts() == [ANSWER]


class TestTrouble:
    async def test_a_missing_model_is_told_once(self, start: Start) -> None:
        editor = await start({"model": "/nowhere/model.gguf"})
        editor.open("x = ▮\n")
        for _ in range(3):
            assert await editor.texts() == []
        await until(lambda: editor.shown())
        assert len(editor.shown()) == 1
        assert "/nowhere/model.gguf" in editor.shown()[0]
        await until(lambda: editor.statuses[-1]["kind"] == "error")
        seen = len(editor.statuses)
        assert await editor.texts() == []
        assert {status["kind"] for status in editor.statuses[seen:]} <= {"error"}, editor.statuses

    async def test_a_damaged_model_does_not_take_the_server_down(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "m.gguf").write_bytes(b"GGUF" + bytes(500))
        editor = await start({"model": str(tmp_path / "m.gguf")})
        editor.open("x = ▮\n")
        assert await editor.texts() == []
        await until(lambda: editor.shown())
        assert "damaged" in editor.shown()[0]

    async def test_bad_options_are_told_and_defaults_used(self, start: Start) -> None:
        editor = await start({"threads": "many", "completion": 7}, fake={})
        editor.open("x = ▮\n")
        assert await editor.texts() == [ANSWER]
        await until(lambda: len(editor.shown()) == 2)

    async def test_a_worker_killed_in_the_middle_costs_one_suggestion(self, start: Start) -> None:
        editor = await start({"prefetch": False, "memory": False}, fake={"token_ms": 30})
        editor.open("x = ▮\n")
        asked = asyncio.create_task(editor.texts())
        await until(lambda: children(editor))
        os.kill(children(editor)[0], signal.SIGKILL)
        assert await asked == []  # what may have killed it is not asked of the next one

        async def answered() -> bool:
            editor.type("y")
            return await editor.texts() == [ANSWER]

        async with asyncio.timeout(60):  # a model that died while it started is left alone for a second
            while not await answered():
                pass

    async def test_the_worker_dies_with_the_server(self, start: Start) -> None:
        editor = await start(fake={})
        editor.open("x = ▮\n")
        await editor.ask()
        worker = children(editor)[0]
        editor.kill()
        await until(lambda: not Path(f"/proc/{worker}").exists() or zombie(worker))

    async def test_unknown_requests_and_commands_are_refused(self, start: Start) -> None:
        editor = await start(fake={})
        with pytest.raises(JsonRpcException):
            await editor.command("fimble.nonsense")
        with pytest.raises(JsonRpcException):
            await editor.client.protocol.send_request_async("textDocument/nonsense", {})
        editor.open("x = ▮\n")
        assert await editor.texts() == [ANSWER]


def children(editor: Editor) -> list[int]:
    """Process ids of the server's workers."""
    process = editor.client._server
    assert process is not None
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in listed.split()]


def zombie(process: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
