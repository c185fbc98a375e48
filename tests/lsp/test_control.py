"""Switches, status, statistics, retention: the parts of a session by themselves."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from fimble.lsp.context.exclusion import Exclusion
from fimble.lsp.control import Control, Off
from fimble.lsp.documents import Documents
from fimble.lsp.positions import utf16_length_to_characters
from fimble.lsp.retention import kept_characters
from fimble.lsp.statistics import Statistics, read_records
from fimble.lsp.status import THINKING_AFTER_SECONDS, Status


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestControl:
    def test_snoozing_ends_by_itself(self) -> None:
        clock = Clock()
        control = Control(Exclusion([]), clock)
        control.snooze(5)
        off = control.reason("file:///a.py", "python")
        assert off == Off("snoozed", "Suggestions are back in 5 min.")
        clock.now += 301
        assert control.reason("file:///a.py", "python") is None

    def test_toggling_ends_a_snooze(self) -> None:
        control = Control(Exclusion([]), Clock())
        control.snooze(5)
        control.toggle(enabled=True)
        assert control.enabled

    def test_languages_toggle_by_themselves(self) -> None:
        control = Control(Exclusion([]))
        assert control.toggle("c") is False
        assert control.reason("file:///a.c", "c")
        assert control.reason("file:///a.py", "python") is None
        assert control.toggle("c") is True

    def test_paths_are_patterns_below_the_workspace(self, tmp_path: Path) -> None:
        control = Control(Exclusion([tmp_path]))
        control.configure(True, [], ["build/", "*.gen.ts"])
        assert control.reason((tmp_path / "build" / "x.py").as_uri(), "python")
        assert control.reason((tmp_path / "a.gen.ts").as_uri(), "typescript")
        assert control.reason((tmp_path / "a.ts").as_uri(), "typescript") is None


class TestStatus:
    def make(self) -> tuple[Status, list[dict[str, Any]]]:
        sent: list[dict[str, Any]] = []
        return Status(lambda method, params: sent.append(params)), sent

    def test_only_changes_are_sent(self) -> None:
        status, sent = self.make()
        status.model("loading", "Loading m")
        status.model("loading", "Loading m")
        status.model("ready", "m")
        assert [each["kind"] for each in sent] == ["loading", "ready"]

    def test_being_off_hides_the_rest(self) -> None:
        status, sent = self.make()
        status.switched(Off("off", "because"))
        status.model("ready", "m")
        assert sent == [{"kind": "off", "message": "because"}]
        status.switched(None)
        assert sent[-1]["kind"] == "ready"

    async def test_thinking_is_told_only_when_it_takes_a_while(self) -> None:
        status, sent = self.make()
        status.model("ready", "m")
        with status.thinking():
            pass
        with status.thinking():
            async with asyncio.timeout(20 * THINKING_AFTER_SECONDS):
                while sent[-1]["kind"] != "thinking":  # noqa: ASYNC110
                    await asyncio.sleep(0)
        assert [each["kind"] for each in sent] == ["ready", "thinking", "ready"]


class TestStatistics:
    async def test_what_is_written_is_read_back(self, tmp_path: Path) -> None:
        path = tmp_path / "sub" / "s.sqlite3"
        statistics = Statistics(path)
        statistics.add("a", "python", "model", 12.5, 20)
        statistics.add("b", "go", "memory", 0.5, 7)
        statistics.accepted("a", 5)
        statistics.accepted("a")
        statistics.retained("a", 18)
        statistics.shown("b")
        await statistics.close()
        first, second = read_records(path)
        assert (first.accepted, first.retained, first.shown) == (20, 18, True)
        assert (second.accepted, second.retained, second.shown, second.source) == (0, None, True, "memory")

    async def test_switched_off_nothing_is_written(self, tmp_path: Path) -> None:
        statistics = Statistics(tmp_path / "s.sqlite3")
        statistics.enabled = False
        statistics.add("a", "python", "model", 1, 1)
        assert statistics.accepted("a") == 0
        await statistics.close()
        assert not (tmp_path / "s.sqlite3").exists()

    async def test_an_unusable_file_costs_only_the_statistics(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sqlite3"
        path.write_text("this is no database, and longer than a header" * 50)
        statistics = Statistics(path)
        statistics.add("a", "python", "model", 1, 1)
        await statistics.close()
        assert read_records(path) == []

    async def test_an_older_table_with_other_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sqlite3"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE suggestions (id, at)")
        database.close()
        statistics = Statistics(path)
        statistics.add("a", "python", "model", 1, 1)
        await statistics.close()
        assert read_records(path) == []


def test_what_is_kept_of_an_accepted_text() -> None:
    assert kept_characters("total = sum(items)", "x\ntotal = sum(items)\ny") == 18
    assert 8 <= kept_characters("total = sum(items)", "total = max(values)") < 18
    assert kept_characters("abc", "") == 0


def test_lengths_in_utf16_units() -> None:
    assert utf16_length_to_characters("'😀' + b", 4) == 3
    assert utf16_length_to_characters("abc", 99) == 3


def test_documents_are_kept_in_the_order_of_opening() -> None:
    documents = Documents()
    for name in "cab":
        documents.open(name, "python", 1, "")
    documents.close("a")
    assert [document.uri for document in documents] == ["c", "b"]
