"""The database of keys and usage: SQLite in one file, or PostgreSQL by URL.

Calls are short and synchronous; the server makes them in a thread, never on the path of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from fimble.engine.errors import FimbleError, SettingsError

from .tables import SCHEMA

Result = TypeVar("Result")
BUSY_SECONDS = 2
"""How long to wait for another process's lock, or for a connection, before giving up."""


NO_ADDRESS = (  # repeats nothing of the address, which may hold a password
    "The server setting `database` cannot be used. Give an address such as sqlite:////path/to/server.db or "
    "postgresql://user:password@host/name (which needs fimble[postgres])."
)


class DatabaseUnavailable(FimbleError):
    """The database cannot be opened, or is locked."""

    code = "database_unavailable"


class Database:
    """Connections are opened for each use and closed after it: a file that was replaced, or a server
    that was restarted, is seen at the next use. Safe to use from several threads and processes."""

    def __init__(self, address: str, create: bool = False) -> None:
        """Nothing is opened yet; raises :class:`SettingsError` for an ``address`` that is no usable URL.
        With ``create`` the first use makes the tables that are missing, and the next where that failed."""
        self._create_first = create
        try:
            url = make_url(address)
            self._engine = _engine(url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
            raise SettingsError(NO_ADDRESS) from error
        self.dialect = self._engine.dialect.name
        self.path = Path(url.database) if self.dialect == "sqlite" and url.database else None

    @property
    def exists(self) -> bool:
        """Whether there is anything to open; of a PostgreSQL server that is assumed. An empty file is left
        behind where there was no space to make the tables."""
        try:
            return self.path is None or self.path.stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # what cannot be looked at may hold keys

    def create(self) -> None:
        """Make the tables that are missing. Two processes may do it at the same time."""
        with self._translated():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.path.touch(mode=0o600)
            try:
                self._create()
            except SQLAlchemyError:
                self._create()

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """A transaction, committed at the end. Raises :class:`DatabaseUnavailable`."""
        if self._create_first:
            self.create()
            self._create_first = False
        if not self.exists:
            raise DatabaseUnavailable(f"There is no database {self.path}.")
        with self._translated(), self._engine.begin() as connection:
            yield connection

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """``work(connection, *arguments)`` in a thread, within one transaction."""

        def within() -> Result:
            with self.open() as connection:
                return work(connection, *arguments)

        return await asyncio.to_thread(within)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            lines = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
            name = f"The database {self.path}" if self.path else "The database"
            raise DatabaseUnavailable(f"{name} cannot be used: {lines[0]}.") from error

    def _create(self) -> None:
        if self.dialect == "sqlite":
            with self._engine.connect() as connection:  # readers and the writer do not wait for each other
                connection.execute(text("PRAGMA journal_mode=WAL"))
        SCHEMA.create_all(self._engine)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": BUSY_SECONDS})
