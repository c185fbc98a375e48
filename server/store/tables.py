"""The tables. Times are UTC, in seconds since 1970; days are ISO dates, in UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table

SCHEMA = MetaData()

KEYS = Table(
    "fimble_keys",
    SCHEMA,
    Column("id", String(16), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", String(128), nullable=False),
    Column("models", String(2048), nullable=False),
    Column("requests_per_minute", Integer),
    Column("tokens_per_minute", Integer),
    Column("tokens_per_day", BigInteger),
    Column("concurrent", Integer),
    Column("max_tokens", Integer),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
)
Index(
    "fimble_keys_active_name",
    KEYS.c.name,
    unique=True,
    sqlite_where=KEYS.c.revoked.is_(None),
    postgresql_where=KEYS.c.revoked.is_(None),
)

USAGE = Table(
    "fimble_usage",
    SCHEMA,
    Column("key", String(16), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("model", String(256), primary_key=True),
    Column("endpoint", String(64), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("shown", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
)

LATENCY = Table(
    "fimble_latency",
    SCHEMA,
    Column("key", String(16), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("model", String(256), primary_key=True),
    Column("endpoint", String(64), primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("requests", BigInteger, nullable=False),
)
