"""Switches, status, statistics, retention: the parts of a session by themselves."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fimble.engine.tokens import Certainty
from fimble.engine.types import Completion
from fimble.lsp.context.exclusion import Exclusion
from fimble.lsp.documents import Documents
from fimble.lsp.options import read_options
from fimble.lsp.origins import Origin, origin_of
from fimble.lsp.positions import index_of
from fimble.lsp.retention import kept_characters
from fimble.lsp.statistics import Record, Statistics, read_records
from fimble.lsp.status import THINKING_AFTER_SECONDS, Status
from fimble.lsp.switches import Off, Switches


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 15, 35, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class TestSwitches:
    def test_snoozing_tells_until_when_and_ends_by_itself(self) -> None:
        clock = Clock()
        switches = Switches(Exclusion([]), clock)
        switches.snooze(5)
        off = switches.reason("file:///a.py", "python")
        assert off == Off("snoozed", "Suggestions are snoozed until 15:40.", "2026-03-04T15:40:00+00:00")
        clock.now += timedelta(seconds=301)
        assert switches.reason("file:///a.py", "python") is None

    def test_a_long_snooze_names_the_day(self) -> None:
        switches = Switches(Exclusion([]), Clock())
        switches.snooze(24 * 60)
        off = switches.reason("file:///a.py", "python")
        assert off is not None
        assert off.message == "Suggestions are snoozed until 2026-03-05 15:35."

    def test_a_clock_that_is_set_back_ends_a_snooze(self) -> None:
        clock = Clock()
        switches = Switches(Exclusion([]), clock)
        switches.snooze(5)
        clock.now -= timedelta(days=1)
        assert switches.reason("file:///a.py", "python") is None

    def test_toggling_ends_a_snooze(self) -> None:
        switches = Switches(Exclusion([]), Clock())
        switches.snooze(5)
        switches.toggle(enabled=True)
        assert switches.enabled

    def test_languages_toggle_by_themselves(self) -> None:
        switches = Switches(Exclusion([]))
        assert switches.toggle("c") is False
        assert switches.reason("file:///a.c", "c")
        assert switches.reason("file:///a.py", "python") is None
        assert switches.toggle("c") is True

    def test_paths_are_patterns_below_the_workspace(self, tmp_path: Path) -> None:
        switches = Switches(Exclusion([tmp_path]))
        switches.configure(True, [], read_options({"disabledPaths": ["build/", "*.gen.ts"]})[0].path_patterns)
        assert switches.reason((tmp_path / "build" / "x.py").as_uri(), "python")
        assert switches.reason((tmp_path / "a.gen.ts").as_uri(), "typescript")
        assert switches.reason((tmp_path / "a.ts").as_uri(), "typescript") is None


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

    async def test_a_file_of_the_first_version_is_read_and_goes_on(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sqlite3"
        with sqlite3.connect(path) as database:
            database.execute(
                "CREATE TABLE suggestions (id, at, language, source, latency_ms, length, shown, accepted, "
                "retained, PRIMARY KEY (id, at))"
            )
            database.execute("INSERT INTO suggestions VALUES ('old', 1, 'go', 'model', 2.5, 9, 1, 9, NULL)")
        database.close()
        old = Record("old", 1, "go", "model", 2.5, 9, True, 9)
        assert read_records(path) == [old]
        for _ in range(2):
            statistics = Statistics(path)
            statistics.add("a", "python", "model", 1, 10, Origin(0.75, 4, "project"))
            await statistics.close()
        first, *others = read_records(path)
        assert first == old
        told = [(each.confidence, each.remembered, each.scope) for each in others]
        assert told == [(0.75, 4, "project")] * 2


class TestOrigin:
    def made(self, *certainties: tuple[int, float, float, str | None]) -> Origin:
        """Of a text of ten characters, from offset, the model's and the memory's probability, and scope."""
        told = tuple(
            Certainty(b"", at, 0.5, model, 0, memory, scope=scope) for at, model, memory, scope in certainties
        )
        return origin_of(Completion("0123456789", "stop", certainties=told, confidence=0.5))

    def test_counts_what_memory_thought_likelier(self) -> None:
        told = self.made(
            (0, 0.9, 0, None), (3, 0.1, 0.8, "file"), (5, 0.2, 0.9, "project"), (9, 0.9, 0.5, "file")
        )
        assert told == Origin(0.5, 6, "project")

    def test_tokens_behind_the_text_that_is_left_do_not_count(self) -> None:
        assert self.made((0, 0.1, 0.8, "file"), (10, 0.1, 0.8, "project")) == Origin(0.5, 10, "file")

    def test_without_certainties_nothing_is_known(self) -> None:
        assert self.made() == Origin(0.5)


def test_what_is_kept_of_an_accepted_text() -> None:
    assert kept_characters("total = sum(items)", "x\ntotal = sum(items)\ny") == 18
    assert 8 <= kept_characters("total = sum(items)", "total = max(values)") < 18
    assert kept_characters("abc", "") == 0


def test_lengths_in_utf16_units() -> None:
    assert index_of("'😀' + b", 4, "utf-16") == 3
    assert index_of("abc", 99, "utf-16") == 3


def test_documents_are_kept_in_the_order_of_opening() -> None:
    documents = Documents()
    for name in "cab":
        documents.open(name, "python", "")
    documents.close("a")
    assert [document.uri for document in documents] == ["c", "b"]
