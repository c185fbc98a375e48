"""Figures for Prometheus, each application with a registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fimble.engine.serving import CacheUse, UpstreamState
from fimble.engine.types import ModelInfo, Timings, Usage

from .upstream_figures import UpstreamFigures

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """``workers`` is how many the engine has here, ``waiting`` tells how many requests wait in it, and
    ``upstreams`` what is known of those that it asks."""

    def __init__(
        self,
        workers: int,
        waiting: Callable[[], int],
        upstreams: Callable[[], Sequence[UpstreamState]],
    ) -> None:
        self.registry = registry = CollectorRegistry()
        self.under_way = 0
        self.requests = Counter(
            "fimble_requests", "Requests by status; 499: the client went away", ["endpoint", "status"],
            registry=registry,
        )  # fmt: skip
        self.errors = Counter("fimble_errors", "Errors by code", ["endpoint", "code"], registry=registry)
        self.latency = Histogram(
            "fimble_stage_seconds", "Time by stage: queue, prompt, generate, total", ["stage", "model"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.duration = Histogram(
            "fimble_request_seconds", "Time from a request's head to the end of its answer", ["endpoint"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.tokens = Counter(
            "fimble_tokens", "Tokens: prompt (all), cached (of the prompt), completion", ["kind", "model"],
            registry=registry,
        )  # fmt: skip
        self.remembered = Counter(
            "fimble_remembered_answers", "Answers from memory: the model was not asked", ["model"],
            registry=registry,
        )  # fmt: skip
        self._share = Gauge(
            "fimble_cache_hit_share", "Share of prompt tokens found in the cache, since the start",
            registry=registry,
        )  # fmt: skip
        self._seen = self._cached = 0
        self._share.set_function(lambda: self._cached / self._seen if self._seen else 0.0)
        running = Gauge("fimble_engine_requests", "Requests in the engine", registry=registry)
        running.set_function(lambda: self.under_way)
        queue = Gauge("fimble_queue_length", "Requests that wait for their turn", registry=registry)
        queue.set_function(waiting)
        Gauge("fimble_workers", "Workers of the local engine", registry=registry).set(workers)
        self._cache = Gauge(
            "fimble_cache_tokens", "A model's cache: tokens that it holds, and that it has room for",
            ["kind", "model"], registry=registry,
        )  # fmt: skip
        self._sequences = Gauge(
            "fimble_cache_sequences",
            "Places in code that a model keeps at hand",
            ["model"],
            registry=registry,
        )

        registry.register(UpstreamFigures(upstreams))

    def observe_caches(self, caches: Mapping[str, CacheUse]) -> None:
        """The caches of the models that are loaded now, by model."""
        self._cache.clear()
        self._sequences.clear()
        for model, use in caches.items():
            self._cache.labels("held", model).set(use.held)
            self._cache.labels("room", model).set(use.room)
            self._sequences.labels(model).set(use.sequences)

    @contextmanager
    def in_engine(self) -> Iterator[None]:
        """Counts one request as being in the engine."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def observe(self, model: ModelInfo, usage: Usage, timings: Timings) -> None:
        """One answer of the engine."""
        for stage in ("queue", "prompt", "generate", "total"):
            self.latency.labels(stage, model.id).observe(getattr(timings, f"{stage}_ms") / 1000)
        self.tokens.labels("prompt", model.id).inc(usage.prompt_tokens)
        self.tokens.labels("cached", model.id).inc(usage.cached_tokens)
        self.tokens.labels("completion", model.id).inc(usage.completion_tokens)
        self._seen += usage.prompt_tokens
        self._cached += usage.cached_tokens

    def page(self) -> bytes:
        return generate_latest(self.registry)
