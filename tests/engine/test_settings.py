"""Settings from three layers; a bad value is told and never fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.errors import ModelNotFound, SettingsError
from fimble.engine.models.catalogue import resolve_model
from fimble.engine.settings import Settings, load_settings, require_settings


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("FIMBLE_CONFIG", str(path))
    return path


def test_defaults_work_without_any_file(config: Path) -> None:
    settings, problems = load_settings(environment={})
    assert settings == Settings()
    assert problems == []


def test_flags_win_over_environment_over_file(config: Path) -> None:
    config.write_text('model = "file.gguf"\nthreads = 1\nqueue = 5\n')
    environment = {"FIMBLE_THREADS": "2", "FIMBLE_QUEUE": "6", "FIMBLE_UNRELATED": "x"}
    settings, problems = load_settings({"queue": 7, "workers": None}, environment)
    assert (settings.model, settings.threads, settings.queue, settings.workers) == ("file.gguf", 2, 7, 1)
    assert problems == []


def test_a_caller_s_defaults_are_below_everything_else(config: Path) -> None:
    assert load_settings({}, {}, {"engine": "shared"})[0].engine == "shared"
    assert load_settings({}, {"FIMBLE_ENGINE": "local"}, {"engine": "shared"})[0].engine == "local"


def test_a_bad_value_names_key_source_and_default(config: Path) -> None:
    settings, problems = load_settings(environment={"FIMBLE_THREADS": "many", "FIMBLE_QUEUE": "3"})
    assert (settings.threads, settings.queue) == (0, 3)
    assert len(problems) == 1
    assert "`threads` is 'many' in the environment" in problems[0]
    assert "default 0" in problems[0]


def test_a_typing_error_in_a_key_gets_a_suggestion(config: Path) -> None:
    config.write_text("thread = 3\n")
    _, problems = load_settings(environment={})
    assert problems == [f"Unknown setting `thread` in {config}; did you mean `threads`?"]


def test_an_engine_is_local_or_an_address(config: Path) -> None:
    assert load_settings({"engine": "https://team:8741/"}, {})[0].engine == "https://team:8741"
    settings, problems = load_settings({"engine": "teamserver"}, {})
    assert settings.engine == "local"
    assert "http://" in problems[0]


def test_a_broken_file_leaves_the_defaults(config: Path) -> None:
    config.write_text("model = [")
    settings, problems = load_settings(environment={})
    assert settings == Settings()
    assert str(config) in problems[0]


def test_commands_stop_at_the_first_problem(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_QUEUE", "0")
    with pytest.raises(SettingsError, match="queue"):
        require_settings()


def test_a_key_is_not_shown_in_a_representation() -> None:
    assert "secret" not in repr(Settings(key="secret"))


def test_model_names() -> None:
    name, path = resolve_model("bundled")
    assert path.exists()
    assert name == path.stem
    assert resolve_model("~/m/qwen.gguf") == ("qwen", Path("~/m/qwen.gguf").expanduser())
    with pytest.raises(ModelNotFound, match="GGUF"):
        resolve_model("gpt-9")


class TestAddresses:
    """Messages name what is wrong, and repeat nothing that may be a password."""

    @pytest.mark.parametrize(
        "address",
        ["http://", "ftp://team", "http://team:port", "https://team:99999", "https://ann:hunter2@team",
         "https://hunter2@team", "https://team/?key=hunter2", "https://team/#hunter2", "ftp://ann:hunter2@team",
         "http://[hunter2@team"],
    )  # fmt: skip
    def test_an_address_that_cannot_be_used(self, config: Path, address: str) -> None:
        settings, [problem] = load_settings({"engine": address}, {})
        assert settings.engine == "local"
        assert problem.startswith("`engine` is ")
        assert "in the options" in problem
        assert "hunter2" not in problem

    def test_addresses_that_can(self, config: Path) -> None:
        for address in ("http://127.0.0.1:8741", "https://team.example/fimble", "http://[::1]:8741"):
            assert load_settings({"engine": address}, {}) == (Settings(engine=address), [])

    def test_a_key_is_never_repeated(self, config: Path) -> None:
        config.write_text("key = 12345678\n")
        _, [problem] = load_settings({}, {})
        assert "`key`" in problem
        assert "12345678" not in problem

    def test_long_values_are_cut(self, config: Path) -> None:
        _, [problem] = load_settings({"isolation": "x" * 10_000}, {})
        assert len(problem) < 400
