"""From settings to the backend that they ask for."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from .backends.base import Backend
from .backends.local import LocalBackend, LocalModel, slots_of
from .errors import SettingsError
from .models.catalogue import resolve_model
from .runtimes.memory import LEAST_CONTEXT, SEQUENCES_WANTED
from .settings import Settings
from .types import ModelInfo
from .workers.messages import WorkerOptions
from .workers.roomy import WithRoom
from .workers.transports import ProcessTransport, Transport
from .workers.worker import OnState, Worker

ANSWER_TOKENS = 512
"""Room that the context has beside a window that the user has chosen."""
SMALL_MODEL_BYTES, MOST_WORKERS, FEW_CORES = 64 << 20, 8, 2
"""Up to this size a model runs in several workers, where that is left to us, but in at most so many; and with
one thread where there are few cores."""
FAKE = "fake"
"""A model for tests, with no file: it says what ``FIMBLE_FAKE`` tells it to say."""
MakeRoom = Callable[[], Awaitable[None]]
"""Waits until there is memory for a model that is about to be loaded."""


def open_backend(
    settings: Settings, on_state: OnState, name: str = "", make_room: MakeRoom | None = None
) -> Backend:
    """The backend of a model; nothing is started or connected yet. ``name`` is what settings call it."""
    upstreams = settings.upstreams_of(name)
    if not upstreams:
        return open_local(settings, on_state, name, make_room)
    from .upstreams.opening import open_gateway

    local = settings.model_copy(update={"engine": "local"})
    return open_gateway(
        upstreams,
        settings,
        (lambda: open_local(local, on_state, name, make_room)) if settings.stands_in(name) else None,
        lambda serving: on_state("serving", str(serving)),
        "" if settings.remote else name,
    )


def open_local(
    settings: Settings, on_state: OnState, name: str = "", make_room: MakeRoom | None = None
) -> LocalBackend:
    """A model on this machine; raises :class:`ModelNotFound` for an unknown one. ``name`` is its id if it
    has a table, or if another model has a table of its file's name."""
    if settings.model == FAKE:
        id, path = FAKE, FAKE
    else:
        id, file = resolve_model(settings.model)
        path = str(file)
    if name in settings.models or id in settings.models:
        id = name or settings.model
    settings = divided(settings, path)
    workers = 1 if settings.engine == "shared" else settings.workers
    make_worker = worker_maker(settings, path, on_state, id, make_room)
    glance = partial(_glance, path, settings)
    return LocalBackend(
        LocalModel(id, path), make_worker, workers, settings.engine, slots_of(settings.sequences), glance
    )


def divided(settings: Settings, path: str) -> Settings:
    """The settings with numbers of workers and threads, where they are left to us.

    A model that is small computes so little at a time that its threads mostly wait for each other, the more
    so where other programs use the cores too. Several workers with a thread each do not wait.
    """
    cores, fitted = os.cpu_count() or 1, dict[str, int]()
    small = _is_small(path)
    if small and not settings.threads and (cores <= FEW_CORES or not settings.workers):
        fitted["threads"] = 1
    if not settings.workers:
        fitted["workers"] = workers = min(MOST_WORKERS, cores) if small else 1
        fitted["sequences"] = -(-(settings.sequences or SEQUENCES_WANTED) // workers)
    return settings.model_copy(update=fitted)


def _is_small(path: str) -> bool:
    with suppress(OSError):
        return os.stat(path).st_size <= SMALL_MODEL_BYTES
    return False


def _glance(path: str, settings: Settings) -> ModelInfo:
    from .models.glance import glance_at, glance_at_fake  # brings what reads chat templates

    context = _context(settings)
    return glance_at_fake(path, context) if path == FAKE else glance_at(path, settings.runtime, context)


def worker_maker(
    settings: Settings, model: str, on_state: OnState, id: str = "", make_room: MakeRoom | None = None
) -> Callable[[], Worker]:
    """A function that makes workers for one model file; ``id`` is for the fake ones."""
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
        memory=settings.memory,
        fake=_fake_options(id) if model == FAKE else None,
    )
    transport = _transport(settings, options, make_room)
    return lambda: Worker(transport, options, settings.idle_minutes * 60, on_state)


def _context(settings: Settings) -> int:
    """How long a sequence may be: room for the window that is set; 0: it fits the model."""
    window = settings.window_tokens
    return max(LEAST_CONTEXT, window + ANSWER_TOKENS) if window else 0


def _transport(
    settings: Settings, options: WorkerOptions, make_room: MakeRoom | None
) -> Callable[[], Transport]:
    made = _shared_transport(settings, options) if settings.engine == "shared" else _own_transport(settings)
    return made if make_room is None else lambda: WithRoom(made(), make_room)


def _shared_transport(settings: Settings, options: WorkerOptions) -> Callable[[], Transport]:
    from .shared.address import ServiceOptions
    from .shared.fallback import FallbackTransport
    from .shared.transport import SharedTransport

    own = _own_transport(settings)
    service = ServiceOptions(options, settings.workers, settings.queue, settings.idle_minutes * 60)
    return lambda: FallbackTransport(SharedTransport(service), own)


def _own_transport(settings: Settings) -> Callable[[], Transport]:
    if settings.isolation == "process":
        return ProcessTransport
    from .workers.in_thread import ThreadTransport  # brings the model's runtime into this process

    return ThreadTransport


def _fake_options(id: str) -> dict[str, object]:
    """Fields of :class:`~.runtimes.fake.FakeOptions` as a JSON object in ``FIMBLE_FAKE``; its ``models``
    has those of single models by id."""
    sent = os.environ.get("FIMBLE_FAKE", "{}")
    try:
        options: dict[str, object] = dict(json.loads(sent))
        return options | dict(options.pop("models", {}).get(id, {}))  # type: ignore[attr-defined]
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"FIMBLE_FAKE is {sent!r}, which is no JSON object.") from error
