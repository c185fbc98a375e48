"""Keys: made, listed, revoked, rotated. A key itself is never kept, only its SHA-256.

A key reads ``fim_ID_SECRET``. ID finds the row, and the hash of the whole is compared with the row's in
constant time. The secret has 256 random bits, so that a slow hash would protect nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fimble.engine.errors import FimbleError

from .tables import KEYS

Scope = Literal["complete", "chat", "usage", "admin", "raw"]
"""``raw``: its prompts may hold control tokens."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
USUAL_SCOPES: tuple[Scope, ...] = ("complete", "chat", "usage")
PREFIX = "fim"


class KeyProblem(FimbleError):
    """A key cannot be made or found; the message says why."""

    code = "key_problem"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may use; None is without a bound. ``max_tokens`` is for one answer."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrent: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is made from. No ``models`` means all of them."""

    name: str
    scopes: tuple[Scope, ...] = USUAL_SCOPES
    models: tuple[str, ...] = ()
    allowance: Allowance = field(default_factory=Allowance)
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the database knows it."""

    id: str
    name: str
    hash: str = field(repr=False)
    scopes: frozenset[str]
    models: frozenset[str]
    allowance: Allowance
    created: float
    expires: float | None
    revoked: float | None

    def valid(self, now: float) -> bool:
        return self.revoked is None and (self.expires is None or now < self.expires)

    def matches(self, text: str) -> bool:
        """Whether ``text`` is this key; takes the same time for every wrong one."""
        return hmac.compare_digest(self.hash, digest(text))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def id_of(text: str) -> str:
    """The public part of a key, or "" for what is none."""
    parts = text.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else ""


def create_key(connection: Connection, new: NewKey, now: float) -> str:
    """Make a key and return it: the only time that it is seen. Raises :class:`KeyProblem`."""
    identity = secrets.token_hex(6)
    text = _text(identity)
    row = {
        "id": identity,
        "name": new.name,
        "hash": digest(text),
        "scopes": " ".join(new.scopes),
        "models": " ".join(new.models),
        **{name: getattr(new.allowance, name) for name in Allowance.__slots__},
        "created": now,
        "expires": new.expires,
    }
    try:
        connection.execute(insert(KEYS).values(row))
    except IntegrityError as error:
        raise KeyProblem(
            f"There is a key {new.name!r} already. Choose another name, or rotate or revoke that one."
        ) from error
    return text


def list_keys(connection: Connection) -> list[Key]:
    """All keys, the oldest first, revoked ones too."""
    rows = connection.execute(select(KEYS).order_by(KEYS.c.created)).mappings()
    return [_key(row) for row in rows]


def revoke_key(connection: Connection, name: str, now: float) -> Key:
    """Revoke the active key with this name or id. Raises :class:`KeyProblem`."""
    key = _active(connection, name)
    connection.execute(update(KEYS).where(KEYS.c.id == key.id).values(revoked=now))
    return key


def rotate_key(connection: Connection, name: str) -> str:
    """Give the active key with this name or id a new secret: the old one stops working."""
    key = _active(connection, name)
    text = _text(key.id)
    connection.execute(update(KEYS).where(KEYS.c.id == key.id).values(hash=digest(text)))
    return text


def _text(identity: str) -> str:
    return f"{PREFIX}_{identity}_{secrets.token_urlsafe(32)}"


def _active(connection: Connection, name: str) -> Key:
    found = [key for key in list_keys(connection) if key.revoked is None and name in (key.name, key.id)]
    if not found:
        raise KeyProblem(f"There is no active key {name!r}. See: fimble keys list")
    return found[0]


def _key(row: RowMapping) -> Key:
    values: dict[str, Any] = dict(row)
    allowance = Allowance(**{name: values.pop(name) for name in Allowance.__slots__})
    return Key(
        **values | {"scopes": _words(values["scopes"]), "models": _words(values["models"])},
        allowance=allowance,
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def known_scopes(names: Iterable[str]) -> tuple[Scope, ...]:
    """Scopes by name; raises :class:`KeyProblem` for one that there is not."""
    wanted = set(names)
    if unknown := wanted.difference(SCOPES):
        raise KeyProblem(f"There is no scope {sorted(unknown)[0]!r}. Choose from: {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if scope in wanted)
