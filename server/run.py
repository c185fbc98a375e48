"""Running the server: bind, serve, stop within a bound."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable

from fimble.engine.engine import Engine
from fimble.engine.errors import SettingsError

from .app import make_app
from .hosts import is_loopback
from .runner import Runner
from .services import open_services
from .settings import ServerSettings


async def serve(engine: Engine, settings: ServerSettings, on_ready: Callable[[str, str], None]) -> None:
    """Serve until a signal comes; ``on_ready`` gets each address, with the port that was chosen for 0, and in
    whose place the server listens there.

    The first signal stops accepting and lets answers under way finish, for as long as the settings say;
    a second one ends them at once.
    """
    tls = tls_context(settings)
    services = open_services(engine, settings, keys_needed=not is_loopback(settings.host))
    await services.keys.refresh()
    check_bind(settings.host, services.keys.any_valid)
    runner = Runner(make_app(services), settings.shutdown_seconds)
    signals = Signals()
    await runner.setup()
    try:
        port = await runner.listen(settings.host, settings.port, tls)
        scheme = f"{'https' if tls else 'http'}://{_bracketed(settings.host)}"
        on_ready(f"{scheme}:{port}", "")
        for program, usual in settings.compat:
            on_ready(f"{scheme}:{await listen_as(runner, settings.host, program, usual, tls)}", program)
        await signals.first.wait()
    finally:
        await _stop(runner, signals.second)


def check_bind(host: str, has_keys: bool) -> None:
    """Refuse to listen to other machines without keys."""
    if not has_keys and not is_loopback(host):
        raise SettingsError(
            f"Listening on {host} would let other machines in, and there are no keys yet, or their "
            "database cannot be read. Use --host 127.0.0.1, or create a key first: fimble keys create NAME"
        )


def tls_context(settings: ServerSettings) -> ssl.SSLContext | None:
    """For HTTPS, when a certificate is configured."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # without a password it would ask for one at the terminal
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or error
        raise SettingsError(
            f"The certificate {settings.tls_cert} and key {settings.tls_key} cannot be used: {reason}."
        ) from error
    return context


async def listen_as(runner: Runner, host: str, program: str, port: int, tls: ssl.SSLContext | None) -> int:
    """Listen where the clients of another program look for it."""
    try:
        return await runner.listen(host, port, tls)
    except OSError as error:
        raise SettingsError(
            f"Port {port}, where clients of {program} look, cannot be had: {error.strerror or error}. Stop "
            f"what listens there, give another port (--compat {program}:PORT), or leave it out."
        ) from error


class Signals:
    """Notes the first SIGINT or SIGTERM, and the second; a third one kills, as it does without us."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C raises KeyboardInterrupt
                self._loop.add_signal_handler(number, self._note)

    def _note(self) -> None:
        if not self.first.is_set():
            self.first.set()
            return
        self.second.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)


async def _stop(runner: Runner, at_once: asyncio.Event) -> None:
    """Finish what is under way, or cut it off when ``at_once`` is set."""
    cleanup = asyncio.create_task(runner.cleanup())
    hurry = asyncio.create_task(at_once.wait())
    await asyncio.wait({cleanup, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not cleanup.done():
        runner.cut_off()
    hurry.cancel()
    await cleanup


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
