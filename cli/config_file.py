"""Writes one setting into the user's ``config.toml``; comments and all other keys stay as they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from fimble.engine.errors import SettingsError
from fimble.engine.settings import config_file


def write_setting(key: str, value: str) -> Path:
    """Set a top-level key; returns the file. It is replaced at once, so nobody reads half of it."""
    named = config_file()
    path = named.resolve()  # a link to a file that is kept elsewhere stays a link
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        document[key] = value
        _replace(path, tomlkit.dumps(document).rstrip("\n") + "\n")
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {named} cannot be changed ({error}). Correct it first."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {named} cannot be written: {error.strerror or error}."
        ) from error
    return named


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
