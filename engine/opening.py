"""From settings to the backend that they ask for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from .backends.base import Backend
from .backends.local import LocalBackend, LocalModel
from .errors import SettingsError
from .models.catalogue import resolve_model
from .runtimes.memory import LEAST_CONTEXT, SEQUENCES_WANTED
from .settings import Settings
from .workers.messages import WorkerOptions
from .workers.transports import ProcessTransport, Transport
from .workers.worker import OnState, Worker

ANSWER_TOKENS = 512
"""Room that the context has beside a window that the user has chosen."""
FAKE = "fake"
"""A model for tests, with no file: it says what ``FIMBLE_FAKE`` tells it to say."""


def open_backend(settings: Settings, on_state: OnState) -> Backend:
    """The configured backend; nothing is started or connected yet."""
    if settings.engine in ("local", "shared"):
        return open_local(settings, on_state)
    return _open_remote(settings, on_state)


def _open_remote(settings: Settings, on_state: OnState) -> Backend:
    from .remote.backend import RemoteBackend
    from .remote.fallback import FallbackBackend
    from .remote.health import Health

    timeout = settings.timeout_ms / 1000
    health = Health(timeout)
    remote = RemoteBackend(settings.engine, settings.key, timeout, health.heard)
    if not settings.fallback:
        return remote
    local = settings.model_copy(update={"engine": "local"})
    return FallbackBackend(
        remote,
        lambda: open_local(local, on_state),
        health,
        lambda serving: on_state("serving", str(serving)),
    )


def open_local(settings: Settings, on_state: OnState) -> LocalBackend:
    """The model of the settings on this machine; raises :class:`ModelNotFound` for an unknown name."""
    if settings.model == FAKE:
        name, path = FAKE, FAKE
    else:
        name, file = resolve_model(settings.model)
        path = str(file)
    workers = 1 if settings.engine == "shared" else settings.workers
    make_worker = worker_maker(settings, path, on_state)
    return LocalBackend(LocalModel(name, path), make_worker, workers, settings.engine, slots_of(settings))


def slots_of(settings: Settings) -> int:
    """How many requests of a kind one worker is given at a time: with suggestions and answers that take a
    while, each has a place in the model's cache."""
    return max(1, (settings.sequences or SEQUENCES_WANTED) // 2)


def worker_maker(settings: Settings, model: str, on_state: OnState) -> Callable[[], Worker]:
    """A function that makes workers for one model file."""
    options = WorkerOptions(
        model=model,
        threads=settings.thread_count,
        context_length=_context(settings),
        batch=settings.batch,
        window=settings.window_tokens,
        runtime="fake" if model == FAKE else settings.runtime,
        sequences=settings.sequences,
        cache_tokens=settings.cache_tokens,
        gpu_layers=settings.gpu_layers,
        fake=_fake_options() if model == FAKE else None,
    )
    transport = _transport(settings, options)
    return lambda: Worker(transport, options, settings.idle_minutes * 60, on_state)


def _context(settings: Settings) -> int:
    """How long a sequence may be: room for the window that is set; 0: it fits the model."""
    window = settings.window_tokens
    return max(LEAST_CONTEXT, window + ANSWER_TOKENS) if window else 0


def _transport(settings: Settings, options: WorkerOptions) -> Callable[[], Transport]:
    own = _own_transport(settings)
    if settings.engine != "shared":
        return own
    from .shared.address import ServiceOptions
    from .shared.fallback import FallbackTransport
    from .shared.transport import SharedTransport

    service = ServiceOptions(options, settings.workers, settings.queue, settings.idle_minutes * 60)
    return lambda: FallbackTransport(SharedTransport(service), own)


def _own_transport(settings: Settings) -> Callable[[], Transport]:
    if settings.isolation == "process":
        return ProcessTransport
    from .workers.in_thread import ThreadTransport  # brings the model's runtime into this process

    return ThreadTransport


def _fake_options() -> dict[str, object]:
    """Fields of :class:`~.runtimes.fake.FakeOptions` as a JSON object in ``FIMBLE_FAKE``."""
    sent = os.environ.get("FIMBLE_FAKE", "{}")
    try:
        options: dict[str, object] = dict(json.loads(sent))
    except (ValueError, TypeError) as error:
        raise SettingsError(f"FIMBLE_FAKE is {sent!r}, which is no JSON object.") from error
    return options
