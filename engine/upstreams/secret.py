"""Where the key of an upstream is kept: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER``, or the key
itself. No message repeats a key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from ..errors import SettingsError
from ..limits import SECRET_CHARACTERS
from ..regular import open_regular


def resolved(key: str | None, setting: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The key itself; ``setting`` is where it is written. Raises :class:`~..errors.SettingsError`."""
    if key is None:
        return None
    kind, _, place = key.partition(":")
    if kind == "env":
        found = (os.environ if environment is None else environment).get(place)
    elif kind == "file":
        found = _from_file(place, setting)
    elif kind == "keyring":
        found = _from_keyring(place, setting)
    else:
        return _sound(key, setting)
    if not found:
        raise SettingsError(f"`key` of {setting}: there is nothing in {kind}:{place}. Put the key there.")
    return _sound(found.strip(), setting)


def _from_file(place: str, setting: str) -> str:
    path = Path(place).expanduser()
    try:
        with open(open_regular(path), "rb") as file:
            return file.read(SECRET_CHARACTERS + 1).decode("utf-8", "replace")
    except OSError as error:
        raise SettingsError(
            f"`key` of {setting}: {path} cannot be read: {error.strerror or error}."
        ) from error


def _from_keyring(place: str, setting: str) -> str | None:
    service, _, user = place.partition("/")
    try:
        found: str | None = import_module("keyring").get_password(service, user)
    except ImportError as error:
        raise SettingsError(
            f"`key` of {setting}: install fimble[keyring] to take keys from the system's keyring."
        ) from error
    except Exception as error:  # each of the systems' keyrings has errors of its own
        raise SettingsError(
            f"`key` of {setting}: the system's keyring cannot be read ({type(error).__name__})."
        ) from error
    return found


def _sound(key: str, setting: str) -> str:
    """The key, if it can stand in a header."""
    if len(key) > SECRET_CHARACTERS or not key.isascii() or not key.isprintable():
        raise SettingsError(
            f"`key` of {setting} is no key: it is too long, or has characters that no key has."
        )
    return key
