"""``fimble complete`` and the rest of the command: places, errors, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from fimble.cli.commands import app
from fimble.cli.complete import parse_place, split_at
from fimble.cli.main import main
from fimble.cli.source import MOST_BYTES
from fimble.engine.errors import InvalidRequest, PrivateFile

pytestmark = pytest.mark.usefixtures("fake")


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


class TestPlaces:
    def test_lines_and_columns_count_from_one(self) -> None:
        assert split_at("ab\ncd", 2, 1) == ("ab\n", "cd")
        assert split_at("ab\ncd", 2, 3) == ("ab\ncd", "")
        assert split_at("", 1, 1) == ("", "")

    def test_columns_are_characters(self) -> None:
        assert split_at("😀é\r\nx", 1, 2) == ("😀", "é\r\nx")
        assert split_at("😀é\r\nx", 1, 3) == ("😀é", "\r\nx")

    @pytest.mark.parametrize(
        ("line", "column", "reason"), [(3, 1, "only 2 lines"), (1, 4, "ends at column 3")]
    )
    def test_past_the_end(self, line: int, column: int, reason: str) -> None:
        with pytest.raises(InvalidRequest, match=reason):
            split_at("ab\ncd", line, column)

    @given(st.text(st.sampled_from("ab\r\n😀"), max_size=30), st.integers(1, 9), st.integers(1, 9))
    def test_nothing_is_lost(self, text: str, line: int, column: int) -> None:
        try:
            prefix, suffix = split_at(text, line, column)
        except InvalidRequest:
            return
        assert prefix + suffix == text

    def test_names_may_have_colons(self) -> None:
        assert parse_place("C:\\a.py:3:4") == ("C:\\a.py", 3, 4)
        assert parse_place("-:1:1") == ("-", 1, 1)
        for wrong in ("a.py", "a.py:1", "a.py:0:1", "a.py:x:1"):
            with pytest.raises(InvalidRequest, match="FILE:LINE:COLUMN"):
                parse_place(wrong)


class TestComplete:
    def test_prints_only_the_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("f(a, \n")
        done = run("complete", f"{tmp_path}/a.py:1:6")
        assert (done.exit_code, done.stdout) == (0, "b, c")

    def test_reads_standard_input(self) -> None:
        assert run("complete", "-:1:3", "--language", "python", stdin="f(").stdout == "b, c"

    def test_json(self) -> None:
        found = json.loads(run("complete", "-:1:3", "--json", stdin="f(").stdout)
        assert (found["text"], found["finish_reason"], found["model"]) == ("b, c", "stop", "fake")
        assert found["usage"]["completion_tokens"] > 0

    def test_an_eagerness_that_there_is_not_is_one_sentence(self) -> None:
        assert run("complete", "-:1:3", "--eagerness", "eager", stdin="f(").exit_code == 0
        done = run("complete", "-:1:3", "--eagerness", "bold", stdin="f(")
        assert isinstance(done.exception, InvalidRequest)
        assert "Use subtle, balanced or eager" in done.exception.message

    @pytest.mark.parametrize(
        ("place", "reason"),
        [("nowhere.py:1:1", "Cannot read"), ("-:5:1", "only 1 lines"), ("-", "FILE:LINE:COLUMN")],
    )
    def test_errors_are_one_sentence(self, place: str, reason: str) -> None:
        done = run("complete", place, stdin="x")
        assert done.exit_code == 1
        assert isinstance(done.exception, InvalidRequest)
        assert reason in done.exception.message

    def test_private_files_are_not_read(self, tmp_path: Path) -> None:
        (tmp_path / ".fimbleignore").write_text("!\nours.py\n")
        for name, reason in ((".env", "looks like a file with secrets"), ("ours.py", ".fimbleignore")):
            (tmp_path / name).write_text("f(")
            done = run("complete", f"{tmp_path / name}:1:3")
            assert done.exit_code == 1
            assert isinstance(done.exception, PrivateFile)
            assert reason in done.exception.message
            assert isinstance(run("demo", str(tmp_path / name)).exception, PrivateFile)
        (tmp_path / "a.py").write_text("f(")
        done = run("complete", f"{tmp_path}/a.py:1:3")
        assert (done.exit_code, done.stdout) == (0, "b, c")
        assert f"Line 1 of {tmp_path / '.fimbleignore'}" in done.stderr

    def test_text_that_is_not_saved_comes_from_stdin_and_the_files_rules_hold(self, tmp_path: Path) -> None:
        place = f"{tmp_path}/new.py:1:3"
        assert run("complete", "--stdin", place, stdin="f(").stdout == "b, c"
        (tmp_path / ".fimbleignore").write_text("new.py\n")
        assert isinstance(run("complete", "--stdin", place, stdin="f(").exception, PrivateFile)
        assert isinstance(run("complete", "--stdin", ".env:1:1", stdin="KEY=").exception, PrivateFile)

    def test_a_bad_setting_is_named_and_its_default_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FIMBLE_THREADS", "many")
        done = run("complete", "-:1:3", stdin="f(")
        assert (done.exit_code, done.stdout) == (0, "b, c")
        assert "`threads` is 'many' in the environment" in done.stderr

    @pytest.mark.parametrize("tokens", ["-5", "0", "8001", "many"])
    def test_token_limits_that_cannot_be(self, tokens: str) -> None:
        done = run("complete", "-:1:3", "--max-tokens", tokens, stdin="f(")
        assert done.exit_code == 2
        assert "--max-tokens" in done.stderr

    def test_a_language_that_is_not_known_is_told(self) -> None:
        done = run("complete", "-:1:3", "--language", "klingon", stdin="f(")
        assert (done.exit_code, done.stdout) == (0, "b, c")
        assert "'klingon'" in done.stderr

    def test_large_files_and_files_without_text(self, tmp_path: Path) -> None:
        with (tmp_path / "a.py").open("wb") as file:
            file.truncate(MOST_BYTES + 1)
        (tmp_path / "b.py").write_bytes(b"\xff\xfe")
        for name, reason in (("a.py", "larger than"), ("b.py", "not UTF-8")):
            assert reason in str(run("complete", f"{tmp_path / name}:1:1").exception)


def test_the_command_itself_prints_the_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fimble", "complete", "nowhere.py:1:1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("fimble: Cannot read nowhere.py")


class TestDoctor:
    def test_a_sound_installation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FIMBLE_MODEL", "bundled")
        done = run("doctor", "--json")
        checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
        assert done.exit_code == 0
        assert checks["model"]["result"] == checks["FIM tokens"]["result"] == "ok"
        assert "prefix 3" in checks["FIM tokens"]["detail"]
        assert checks["speed"]["detail"].startswith("first answer")

    def test_a_missing_model_says_what_to_do(self) -> None:
        done = run("doctor", "--model", "/nowhere.gguf", "--json")
        (model,) = [c for c in json.loads(done.stdout)["checks"] if c["name"] == "model"]
        assert done.exit_code == 1
        assert model["result"] == "error"
        assert "bundled" in model["advice"]

    def test_a_server_that_is_away(self) -> None:
        done = run("doctor", "--engine", "http://127.0.0.1:9", "--json")
        checks = json.loads(done.stdout)["checks"]
        assert done.exit_code == 1
        assert "127.0.0.1:9" in checks[-1]["detail"] + checks[-1]["advice"]

    def test_a_wrong_option_is_blamed_itself(self) -> None:
        done = run("doctor", "--engine", "ftp://x", "--json")
        (check,) = [c for c in json.loads(done.stdout)["checks"] if c["name"] == "settings"]
        assert check["result"] == "warning"
        assert "`engine` is 'ftp://x' in the options" in check["detail"]
        assert ".toml" not in check["detail"] + check["advice"]

    def test_for_people(self) -> None:
        assert "✗" in run("doctor", "--model", "/nowhere.gguf").output


def test_the_demo_of_a_file_that_is_not_there() -> None:
    done = run("demo", "nosuch.py")
    assert isinstance(done.exception, InvalidRequest)
    assert done.exception.message == "Cannot read nosuch.py: No such file or directory."


def test_help_and_version() -> None:
    assert "language server" in run("--help").output
    assert run("--version").output.startswith("fimble ")


def test_rules_choose_unless_a_model_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config, file = tmp_path / "config.toml", tmp_path / "a.py"
    file.write_text("x = f(")
    config.write_text("[models.other]\nmodel = 'fake'\n[[rules]]\nmodel = 'other'\nlanguages = ['python']\n")
    monkeypatch.setenv("FIMBLE_CONFIG", str(config))
    monkeypatch.setenv("FIMBLE_FAKE", '{"answer": "mine", "models": {"other": {"answer": "ruled"}}}')
    assert json.loads(run("complete", f"{file}:1:7", "--json").output)["model"] == "other"
    named = json.loads(run("complete", f"{file}:1:7", "--json", "-m", "fake").output)
    assert (named["model"], named["text"]) == ("fake", "mine")
