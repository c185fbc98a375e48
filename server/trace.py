"""What is noted of each request: one log line, metrics, usage. Sizes and times, never text."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

from .call import Call
from .endpoint import AnyEndpoint
from .services import Services
from .store.usage import Counts, bucket_of

log = logging.getLogger(__name__)
OWN_ID = re.compile(r"[\w.:/=+-]{1,64}", re.ASCII)
UNKNOWN = "unknown"


@dataclass(slots=True)
class Trace:
    """``path`` is an endpoint's or page's, not what was asked for. ``headers`` are given to the response
    when it is sent; ``code`` is the error's."""

    id: str
    path: str = UNKNOWN
    began: float = field(default_factory=time.monotonic)
    endpoint: AnyEndpoint | None = None
    call: Call | None = None
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)


TRACE = web.RequestKey("trace", Trace)


def begin(request: web.Request) -> Trace:
    """A trace with the client's own request id, if that is a plain one."""
    sent = request.headers.get("x-request-id", "")
    trace = request[TRACE] = Trace(sent if OWN_ID.fullmatch(sent) else uuid.uuid4().hex)
    trace.headers |= {"x-request-id": trace.id, "Server": "fimble"}
    return trace


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal handler: every response gets its request's headers, streams and errors too."""
    if TRACE in request:
        response.headers.update(request[TRACE].headers)


def note(services: Services, method: str, trace: Trace, status: int) -> None:
    """Write down how a request ended."""
    seconds = time.monotonic() - trace.began
    path = trace.path
    services.metrics.requests.labels(path, str(status)).inc()
    services.metrics.duration.labels(path).observe(seconds)
    if trace.code:
        services.metrics.errors.labels(path, trace.code).inc()
    call = trace.call
    spent = call.spent if call else None
    log.info(
        "%s %s %s %s %s %.1f ms, %s tokens",
        trace.id, method, path, status, trace.code or "ok", seconds * 1000, spent.tokens if spent else 0,
    )  # fmt: skip
    if call and spent and trace.endpoint and trace.endpoint.counted:
        counts = Counts(
            requests=1,
            errors=int(bool(trace.code)),
            prompt_tokens=spent.prompt_tokens,
            cached_tokens=spent.cached_tokens,
            completion_tokens=spent.completion_tokens,
            latency=Counter() if trace.code else Counter([bucket_of(seconds * 1000)]),
        )
        services.usage.add(call.user, spent.model, path, counts)
