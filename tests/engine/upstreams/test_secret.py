"""Keys of upstreams, wherever they are kept; no message repeats one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from fimble.engine.errors import SettingsError
from fimble.engine.limits import SECRET_CHARACTERS
from fimble.engine.upstreams.secret import resolved

KEY = "sk-0123456789abcdef"
SETTING = "`upstreams.cloud`"


def refused(key: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        resolved(key, SETTING, environment or {})
    message = caught.value.message
    assert SETTING in message
    assert KEY not in message
    return message


def test_none_and_the_key_itself() -> None:
    assert resolved(None, SETTING) is None
    assert resolved(KEY, SETTING) == KEY


def test_from_the_environment() -> None:
    assert resolved("env:CLOUD_KEY", SETTING, {"CLOUD_KEY": f" {KEY}\n"}) == KEY
    assert "env:CLOUD_KEY" in refused("env:CLOUD_KEY")
    assert "env:CLOUD_KEY" in refused("env:CLOUD_KEY", {"CLOUD_KEY": ""})


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    assert resolved(f"file:{path}", SETTING) == KEY
    assert "cannot be read" in refused(f"file:{tmp_path / 'missing'}")
    assert "cannot be read" in refused(f"file:{tmp_path}")
    path.write_text("")
    assert "there is nothing in" in refused(f"file:{path}")
    path.write_text(KEY * 1000)
    assert "is no key" in refused(f"file:{path}")


def test_a_text_that_no_header_can_hold() -> None:
    for key in (KEY + "\r\nX-Other: a", KEY + "é", KEY * (SECRET_CHARACTERS // len(KEY) + 1)):
        assert "is no key" in refused(key)


class Keyring(ModuleType):
    """A keyring that has one key, or is locked."""

    locked = False

    def get_password(self, service: str, user: str) -> str | None:
        if self.locked:
            raise RuntimeError(KEY)
        return KEY if (service, user) == ("fimble", "cloud") else None


def test_from_the_systems_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Keyring("keyring")
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert resolved("keyring:fimble/cloud", SETTING) == KEY
    assert "keyring:fimble/other" in refused("keyring:fimble/other")
    keyring.locked = True
    assert "RuntimeError" in refused("keyring:fimble/cloud")


def test_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "install fimble[keyring]" in refused("keyring:fimble/cloud")
