"""Which files are left alone: by name, by ignore files, through links. The disk is asked seldom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.engine.limits import IGNORE_FILE_BYTES, IGNORE_FILE_LINES, IGNORE_LINE_CHARACTERS, VERDICTS_KEPT
from fimble.engine.privacy.ignore_files import FRESH_SECONDS, IGNORE_FILE
from fimble.engine.privacy.rules import PrivacyRules


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rules(warnings: list[str], clock: Clock) -> PrivacyRules:
    return PrivacyRules(warnings.append, clock)


def ignore(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / IGNORE_FILE).write_text(text)
    return folder / IGNORE_FILE


class TestIgnoreFiles:
    def test_of_the_folder_and_of_all_that_it_lies_in(self, rules: PrivacyRules, tmp_path: Path) -> None:
        outer = ignore(tmp_path, "generated/\n")
        inner = ignore(tmp_path / "src", "*.sql\n")
        assert str(outer) in str(rules.reason(tmp_path / "src" / "generated" / "a.py"))
        assert str(inner) in str(rules.reason(tmp_path / "src" / "db" / "dump.sql"))
        assert rules.reason(tmp_path / "dump.sql") is None
        assert rules.reason(tmp_path / "src" / "a.py") is None

    def test_none_takes_back_what_another_names(self, rules: PrivacyRules, tmp_path: Path) -> None:
        ignore(tmp_path, "*.sql\n")
        ignore(tmp_path / "cloned", "!*\n")
        assert rules.reason(tmp_path / "cloned" / "dump.sql")

    def test_names_relative_to_the_working_folder(
        self, rules: PrivacyRules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ignore(tmp_path, "private.py\n")
        monkeypatch.chdir(tmp_path)
        assert rules.reason(Path("private.py"))
        assert rules.reason(Path("src/../private.py"))

    def test_a_wrong_line_is_told_and_the_others_work(
        self, rules: PrivacyRules, tmp_path: Path, warnings: list[str]
    ) -> None:
        file = ignore(tmp_path, f"private/\n!\n[z-a]\n{'x' * (IGNORE_LINE_CHARACTERS + 1)}\n*.sql\n")
        assert rules.reason(tmp_path / "private" / "a.py")
        assert rules.reason(tmp_path / "a.sql")
        assert rules.reason(tmp_path / "a.py") is None
        assert [warning.split(" of ")[0] for warning in warnings] == ["Line 2", "Line 3", "Line 4"]
        assert all(str(file) in warning for warning in warnings)

    def test_a_byte_order_mark_and_other_line_ends(self, rules: PrivacyRules, tmp_path: Path) -> None:
        (tmp_path / IGNORE_FILE).write_bytes(b"\xef\xbb\xbfa.py\r\nb.py\rc.py")
        assert all(rules.reason(tmp_path / name) for name in ("a.py", "b.py", "c.py"))

    @pytest.mark.parametrize(
        "text", ["#" * (IGNORE_FILE_BYTES + 1), "\n" * (IGNORE_FILE_LINES + 1)], ids=["bytes", "lines"]
    )
    def test_one_that_is_too_large_hides_all_that_is_below(
        self, rules: PrivacyRules, tmp_path: Path, text: str
    ) -> None:
        ignore(tmp_path, text)
        assert "cannot be used (it " in str(rules.reason(tmp_path / "src" / "a.py"))

    def test_what_is_no_file_hides_all_that_is_below_and_holds_nothing_up(
        self, rules: PrivacyRules, tmp_path: Path
    ) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b" / IGNORE_FILE).mkdir(parents=True)
        os.mkfifo(tmp_path / "a" / IGNORE_FILE)
        for folder in "ab":
            assert "cannot be used" in str(rules.reason(tmp_path / folder / "x.py"))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_one_that_may_not_be_read_hides_all_that_is_below(
        self, rules: PrivacyRules, tmp_path: Path
    ) -> None:
        ignore(tmp_path, "a.py\n").chmod(0)
        assert "permission denied" in str(rules.reason(tmp_path / "b.py"))


class TestLinks:
    def test_a_link_to_a_secret_is_one(self, rules: PrivacyRules, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("TOKEN=1")
        (tmp_path / "settings.txt").symlink_to(tmp_path / ".env")
        assert ".env looks like a file with secrets" in str(rules.reason(tmp_path / "settings.txt"))

    def test_a_link_out_of_an_ignored_folder_is_ignored(self, rules: PrivacyRules, tmp_path: Path) -> None:
        ignore(tmp_path / "work", "private/\n")
        (tmp_path / "work" / "private").mkdir()
        (tmp_path / "elsewhere").symlink_to(tmp_path / "work" / "private")
        assert rules.reason(tmp_path / "elsewhere" / "a.py")

    def test_a_link_with_an_ignored_name_is_ignored(self, rules: PrivacyRules, tmp_path: Path) -> None:
        ignore(tmp_path, "private.py\n")
        (tmp_path / "a.py").touch()
        (tmp_path / "private.py").symlink_to(tmp_path / "a.py")
        assert rules.reason(tmp_path / "private.py")
        assert rules.reason(tmp_path / "a.py") is None

    def test_links_in_a_circle_and_names_that_cannot_be(self, rules: PrivacyRules, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        rules.reason(tmp_path / "a")
        assert rules.reason(Path("/x/a\0b.py"))
        rules.reason(tmp_path / ("x" * 5000) / "a.py")


class TestLookups:
    def test_changes_are_seen_after_a_moment(self, rules: PrivacyRules, clock: Clock, tmp_path: Path) -> None:
        file = ignore(tmp_path, "a.py\n")
        assert rules.reason(tmp_path / "a.py")
        file.unlink()
        clock.now += FRESH_SECONDS
        assert rules.reason(tmp_path / "a.py") is None
        ignore(tmp_path, "[b.py\na.*\n")
        clock.now += FRESH_SECONDS
        assert rules.reason(tmp_path / "a.py")

    def test_the_disk_is_asked_once_in_a_moment(
        self, rules: PrivacyRules, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        stat = Path.stat

        def counted(path: Path, **options: bool) -> os.stat_result:
            asked.append(path.name)
            return stat(path, **options)

        ignore(tmp_path, "private/\n")
        monkeypatch.setattr(Path, "stat", counted)
        for _ in range(100):
            for name in ("a.py", "b.py", "c.py"):
                rules.reason(tmp_path / "src" / name)
        assert asked.count(IGNORE_FILE) == len((tmp_path / "src" / "a.py").parents)

    def test_unchanged_files_are_not_read_again(
        self, rules: PrivacyRules, clock: Clock, tmp_path: Path, warnings: list[str]
    ) -> None:
        ignore(tmp_path, "!\n")
        for _ in range(5):
            rules.reason(tmp_path / "a.py")
            clock.now += FRESH_SECONDS
        assert len(warnings) == 1

    def test_memory_is_bounded(self, rules: PrivacyRules) -> None:
        for number in range(VERDICTS_KEPT + 10):
            rules.reason(Path(f"/nowhere/{number}/a.py"))
        assert len(rules._verdicts) <= VERDICTS_KEPT
