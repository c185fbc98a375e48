"""Upstreams with certificates: those that are trusted, those that are not, and those that have expired."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from fimble.engine.errors import SettingsError, UpstreamUnavailable
from fimble.engine.types import FimRequest

from .asking import answer_of, backend_of
from .upstream import LAST, Upstream, chunked

REQUEST = FimRequest("def f(", ")\n", mode="line")
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def secured(certificate: trustme.LeafCert) -> AsyncIterator[Upstream]:
    """A server that answers over TLS."""
    made = Upstream(chunked({"delta": "a"}, LAST))
    made.gate.set()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


async def test_an_authority_of_settings_is_trusted(authority: trustme.CA, trusted: str) -> None:
    async with secured(authority.issue_cert("127.0.0.1")) as server:
        backend = backend_of(server.url, certificate=trusted)
        assert (await answer_of(backend, REQUEST)).text == "a"
        await backend.close()


async def test_nobody_else_is(authority: trustme.CA) -> None:
    async with secured(authority.issue_cert("127.0.0.1")) as server:
        await fails(server, "", "its certificate is not trusted")
        assert server.asked == []


async def test_a_certificate_of_another_machine(authority: trustme.CA, trusted: str) -> None:
    async with secured(authority.issue_cert("example.org")) as server:
        await fails(server, trusted, "its certificate is not trusted")


async def test_an_expired_one(authority: trustme.CA, trusted: str) -> None:
    async with secured(authority.issue_cert("127.0.0.1", not_after=PAST, not_before=PAST)) as server:
        await fails(server, trusted, "certificate has expired")


async def test_a_server_without_tls(trusted: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await fails(Upstream(url=url), trusted, "does not speak TLS as it should")
    server.close()


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "nonsense.pem"
    path.write_text("hello")
    for name in (path, tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match="no readable PEM file"):
            backend_of("https://127.0.0.1:1", certificate=str(name))


async def fails(server: Upstream, certificate: str, why: str) -> None:
    backend = backend_of(server.url, certificate=certificate)
    with pytest.raises(UpstreamUnavailable, match=why) as caught:
        await answer_of(backend, REQUEST)
    await backend.close()
    assert len(caught.value.message) < 300
