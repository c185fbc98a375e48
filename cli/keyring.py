"""What the commands of :mod:`.keys` do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fimble.engine.errors import SettingsError
from fimble.server.settings import server_settings
from fimble.server.store import keys as store
from fimble.server.store.database import Database
from fimble.server.store.keys import Allowance, Key, NewKey

Result = TypeVar("Result")
NAME_LENGTH, MODELS_LENGTH, HIGHEST_LIMIT = 128, 2048, 1_000_000_000
_SPAN = re.compile(r"(\d+)([hdwy])")
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def create(
    database: str | None,
    name: str,
    expires: str | None,
    scopes: str,
    models: str,
    limits: tuple[int | None, ...],
) -> str:
    """A new key's text. ``limits`` in the order of :class:`Allowance`."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise SettingsError(f"A key's name has 1 to {NAME_LENGTH} characters.")
    if len(models) > MODELS_LENGTH:
        raise SettingsError(f"--models: at most {MODELS_LENGTH} characters fit.")
    if any(limit is not None and limit > HIGHEST_LIMIT for limit in limits):
        raise SettingsError(f"A key's limits are at most {HIGHEST_LIMIT}.")
    new = NewKey(
        name=name,
        scopes=store.known_scopes(_list(scopes)),
        models=tuple(_list(models)),
        allowance=Allowance(*limits),
        expires=None if expires is None else when(expires, time.time()),
    )
    return _in_database(database, store.create_key, new, time.time())


def show(database: str | None, as_json: bool) -> None:
    found = _in_database(database, store.list_keys)
    if as_json:
        print(json.dumps([_described(key) for key in found]))
    else:
        _print_table(found)


def revoke(database: str | None, name: str) -> str:
    key = _in_database(database, store.revoke_key, name, time.time())
    return f"{key.name} ({key.id}) is revoked."


def rotate(database: str | None, name: str) -> str:
    return _in_database(database, store.rotate_key, name)


def when(text: str, now: float) -> float:
    """A span from now (``30d``) or a date to come as seconds since 1970. Raises :class:`SettingsError`."""
    try:
        if span := _SPAN.fullmatch(text):
            end = datetime.fromtimestamp(now + int(span[1]) * _SECONDS[span[2]], UTC)
        else:
            end = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsError(
            f"--expires {text!r}: give a span such as 30d or a date as 2027-01-31."
        ) from error
    if end.timestamp() <= now:
        raise SettingsError(f"--expires {text!r}: that is over already.")
    return end.timestamp()


def _list(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _in_database(address: str | None, work: Callable[..., Result], *arguments: Any) -> Result:
    database = Database(server_settings({"database": address}).database_url)
    database.create()
    with database.open() as connection:
        return work(connection, *arguments)


def _described(key: Key) -> dict[str, Any]:
    limits = {name: getattr(key.allowance, name) for name in Allowance.__slots__}
    return {
        "id": key.id,
        "name": key.name,
        "state": _state(key),
        "scopes": sorted(key.scopes),
        "models": sorted(key.models),
        **limits,
        "created": _date(key.created),
        "expires": key.expires and _date(key.expires),
    }


def _state(key: Key) -> str:
    if key.revoked is not None:
        return "revoked"
    return "active" if key.valid(time.time()) else "expired"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _print_table(found: list[Key]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("id", "name", "state", "may", "limits", "expires"):
        table.add_column(name, no_wrap=name in ("id", "state"), min_width=8, overflow="fold")
    for key in found:
        each = _described(key)
        limits = [f"{each[name]} {name.replace('_', ' ')}" for name in Allowance.__slots__ if each[name]]
        models = f", with {' '.join(each['models'])}" if key.models else ""
        may = ", ".join(each["scopes"]) + models
        table.add_row(key.id, key.name, each["state"], may, "\n".join(limits), each["expires"] or "never")
    Console().print(table)
