"""The server's settings: where they come from, what wins, what is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from fimble.cli.commands import app
from fimble.engine.errors import SettingsError
from fimble.engine.settings import load_settings
from fimble.server.run import check_bind, listen_as, tls_context
from fimble.server.runner import Runner
from fimble.server.settings import ServerSettings, server_settings
from fimble.server.store.database import Database

from .conftest import Start


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("FIMBLE_CONFIG", str(path))
    return path


def test_flags_win_over_the_environment_and_that_over_the_file(config: Path) -> None:
    config.write_text('[server]\nport = 1\nhost = "::1"\nusage_days = 7\n')
    found = server_settings({"port": 3, "host": None}, {"FIMBLE_SERVER_PORT": "2", "FIMBLE_SERVER_HOST": "a"})
    assert (found.port, found.host, found.usage_days) == (3, "a", 7)


def test_the_servers_table_is_no_setting_of_the_engine(config: Path) -> None:
    config.write_text("workers = 2\n[server]\nport = 1\n")
    settings, problems = load_settings(environment={})
    assert (settings.workers, problems) == (2, [])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[server]\nport = 70000", "port"),
        ("[server]\nprot = 1", "prot"),
        ('[server]\ntls_cert = "a.pem"', "tls_key"),
        ("server = 1", "table"),
        ("[server", "cannot be used"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(config: Path, text: str, word: str) -> None:
    config.write_text(text)
    with pytest.raises(SettingsError, match=word):
        server_settings({}, {})


@pytest.mark.parametrize("address", ["nonsense", "oracle://x", "sqlite"])
def test_a_database_that_is_no_address(address: str) -> None:
    with pytest.raises(SettingsError, match="database"):
        Database(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_needs_no_keys(host: str) -> None:
    check_bind(host, has_keys=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.com", ""])
def test_other_machines_need_keys(host: str) -> None:
    check_bind(host, has_keys=True)
    with pytest.raises(SettingsError, match="fimble keys create"):
        check_bind(host, has_keys=False)


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    assert tls_context(ServerSettings()) is None
    with pytest.raises(SettingsError, match=r"a\.pem"):
        tls_context(ServerSettings(tls_cert=tmp_path / "a.pem", tls_key=tmp_path / "b.pem"))


def test_every_setting_is_a_flag_and_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    for name, field in ServerSettings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in shown
        assert field.description


def test_programs_are_named_with_or_without_a_port(config: Path) -> None:
    found = server_settings({"compat": "llama, tabby:0,ollama"}, {})
    assert found.compat == (("llama", 8012), ("tabby", 0), ("ollama", 11434))
    config.write_text("[server]\ncompat = 'llama'\n")
    assert server_settings({}, {}).compat == (("llama", 8012),)
    config.write_text("[server]\ncompat = ['llama', 'ollama:1']\n")
    assert server_settings({}, {}).compat == (("llama", 8012), ("ollama", 1))


@pytest.mark.parametrize("value", ["copilot", "llama:x", "llama:70000", "llama tabby"])
def test_a_program_that_is_not_known_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="compat"):
        server_settings({"compat": value}, {})


async def test_it_listens_in_anothers_place_too(start: Start) -> None:
    api = await start(compat="llama:0")
    assert (await api.post("/v1/completions", {"prompt": "x", "model": "theirs"})).json["model"] == "fake"
    assert (await api.get("/v1/models/theirs")).status == 404
    strict = await start()
    assert (await strict.post("/v1/completions", {"prompt": "x", "model": "theirs"})).status == 404


async def test_a_place_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        runner = Runner(web.Application(), 1)
        await runner.setup()
        try:
            with pytest.raises(SettingsError, match="clients of ollama look, cannot be had"):
                await listen_as(runner, "127.0.0.1", "ollama", taken.getsockname()[1], None)
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "address",
    ["postgresql://u:s3cret@host:port/db", "s3cret", "s3cret://u:p@h", "postgresql://u:s3cret@[::1/db"],
)
def test_no_message_repeats_what_may_be_a_password(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(address)
    assert "s3cret" not in caught.value.message
    assert "sqlite:////path/to/server.db" in caught.value.message
